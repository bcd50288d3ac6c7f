#include "core/data/image_header.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace panicle {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kMaxFileBytes = (std::uint64_t{1} << 31) - 1;  // what OpenCV can address
constexpr std::uint64_t kTailBytes = 4096;  // where the end of a JPEG or PNG is looked for

struct Format {
  std::string_view signature;
  HeaderFacts (*read)(ByteSource&);
};

constexpr std::array kFormats{
    Format{"\xFF\xD8\xFF"sv, readJpegHeader}, Format{"\x89PNG\r\n\x1A\n"sv, readPngHeader},
    Format{"RIFF"sv, readWebpHeader},         Format{"BM"sv, readBmpHeader},
    Format{"II*\0"sv, readTiffHeader},        Format{"MM\0*"sv, readTiffHeader},
};

struct OtherKind {
  std::size_t offset;
  std::string_view signature;
  const char* what;
};

// What is often found under an image's name.
constexpr std::array kOtherKinds{
    OtherKind{0, "GIF8"sv, "a GIF; convert it to PNG"},
    OtherKind{4, "ftypheic"sv, "a HEIC photo; convert it to JPEG"},
    OtherKind{4, "ftypheix"sv, "a HEIC photo; convert it to JPEG"},
    OtherKind{4, "ftypmif1"sv, "a HEIF photo; convert it to JPEG"},
    OtherKind{4, "ftypavif"sv, "an AVIF image; convert it to JPEG"},
    OtherKind{0, "II+\0"sv, "a BigTIFF; convert it to TIFF"},
    OtherKind{0, "MM\0+"sv, "a BigTIFF; convert it to TIFF"},
    OtherKind{0, "version https://git-lfs"sv, "a Git LFS pointer; fetch the file itself with `git lfs pull`"},
    OtherKind{0, "<!DOCTYPE"sv, "a web page; the download went wrong"},
    OtherKind{0, "<html"sv, "a web page; the download went wrong"},
    OtherKind{0, "%PDF"sv, "a PDF"},
    OtherKind{0, "PK\3\4"sv, "a ZIP archive"},
};

std::string notAnImage(std::string_view start) {
  for (const auto& kind : kOtherKinds) {
    if (start.size() > kind.offset && start.substr(kind.offset).starts_with(kind.signature)) {
      return std::string("is not an image that Panicle reads but ") + kind.what;
    }
  }
  return "is not an image (JPEG, PNG, WebP, BMP or TIFF)";
}

}  // namespace

void require(ByteSource& source, std::uint64_t offset, std::span<std::uint8_t> out) {
  if (!source.read(offset, out)) throw Error("is truncated: the file ends inside its header");
}

std::uint32_t requireBig(ByteSource& source, std::uint64_t offset, std::size_t size) {
  std::array<std::uint8_t, 4> bytes{};
  require(source, offset, std::span(bytes).first(size));
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  return value;
}

std::uint32_t requireLittle(ByteSource& source, std::uint64_t offset, std::size_t size) {
  std::array<std::uint8_t, 4> bytes{};
  require(source, offset, std::span(bytes).first(size));
  std::uint32_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8 | bytes[i - 1];
  return value;
}

HeaderFacts readHeader(ByteSource& source) {
  if (source.size() == 0) throw Error("is empty (0 bytes)");
  if (source.size() > kMaxFileBytes) throw Error("is larger than 2 GiB; make a smaller copy");
  std::array<std::uint8_t, 32> start{};
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(start.size(), source.size()));
  require(source, 0, std::span(start).first(count));
  const std::string_view text(reinterpret_cast<const char*>(start.data()), count);
  for (const auto& format : kFormats) {
    if (!text.starts_with(format.signature)) continue;
    HeaderFacts facts = format.read(source);
    if (facts.header.width < 1 || facts.header.height < 1)
      throw Error("is damaged: its header tells no size");
    return facts;
  }
  throw Error(notAnImage(text));
}

bool hasEnd(ByteSource& source, const HeaderFacts& facts) {
  std::string_view end;
  if (facts.header.format == "JPEG") end = "\xFF\xD9"sv;
  if (facts.header.format == "PNG") end = "IEND\xAE\x42\x60\x82"sv;
  if (end.empty()) return true;
  // Not before the pixels: the preview inside a JPEG's EXIF data has an end too.
  const std::uint64_t earliest = source.size() > kTailBytes ? source.size() - kTailBytes : 0;
  const std::uint64_t begin = std::max(earliest, facts.data_start);
  if (begin >= source.size()) return false;
  std::vector<std::uint8_t> tail(static_cast<std::size_t>(source.size() - begin));
  if (!source.read(begin, tail)) return false;
  return std::search(tail.rbegin(), tail.rend(), end.rbegin(), end.rend(),
                     [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }) != tail.rend();
}

void checkPixelBudget(const ImageHeader& header, const DecodeOptions& options) {
  const std::int64_t pixels = std::int64_t{header.width} * header.height;
  if (pixels <= options.max_pixels) return;
  throw Error("is too large: " + std::to_string(header.width) + "x" + std::to_string(header.height) + " is " +
              std::to_string(pixels / 1'000'000) + " megapixels, and at most " +
              std::to_string(options.max_pixels / 1'000'000) + " are decoded; make a smaller copy");
}

}  // namespace panicle
