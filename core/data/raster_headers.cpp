// Headers of PNG, WebP, BMP and TIFF files. Sources: W3C PNG (third edition), Google's WebP container and
// VP8L specifications, RFC 6386 (VP8), Microsoft's BITMAPINFOHEADER, TIFF 6.0.
#include <cstdlib>
#include <limits>

#include "core/base/error.h"
#include "core/data/image_header.h"
#include "core/data/tiff_directory.h"

namespace panicle {
namespace {

constexpr std::uint32_t code(const char (&name)[5]) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(name[i]);
  return value;
}

int sideOf(std::uint32_t value) {
  return value <= static_cast<std::uint32_t>(std::numeric_limits<int>::max()) ? static_cast<int>(value) : 0;
}

int exifOrientation(ByteSource& source, std::uint64_t start) {
  const auto exif = readTiffDirectory(source, start);
  return exif ? exif->orientation : 1;
}

// The EXIF chunk of an extended WebP follows its pixels.
int webpOrientation(ByteSource& source) {
  for (std::uint64_t at = 12; at + 8 <= source.size();) {
    const std::uint32_t name = requireBig(source, at, 4);
    const std::uint64_t size = requireLittle(source, at + 4, 4);
    if (name == code("EXIF")) {
      const bool prefixed =
          size > 6 && at + 14 <= source.size() && requireBig(source, at + 8, 4) == code("Exif");
      return exifOrientation(source, at + (prefixed ? 14 : 8));
    }
    at += 8 + size + size % 2;
  }
  return 1;
}

void readVp8(ByteSource& source, ImageHeader& header) {
  if (requireBig(source, 23, 3) != 0x9D012A) throw Error("is damaged: the WebP has no key frame");
  header.width = static_cast<int>(requireLittle(source, 26, 2) & 0x3FFF);
  header.height = static_cast<int>(requireLittle(source, 28, 2) & 0x3FFF);
}

void readVp8l(ByteSource& source, ImageHeader& header) {
  if (requireBig(source, 20, 1) != 0x2F) throw Error("is damaged: the lossless WebP has no signature");
  const std::uint32_t bits = requireLittle(source, 21, 4);
  header.width = static_cast<int>(bits & 0x3FFF) + 1;
  header.height = static_cast<int>(bits >> 14 & 0x3FFF) + 1;
}

void readVp8x(ByteSource& source, ImageHeader& header) {
  constexpr std::uint32_t kAnimated = 0x02;
  constexpr std::uint32_t kHasExif = 0x08;
  const std::uint32_t flags = requireBig(source, 20, 1);
  if (flags & kAnimated) throw Error("is an animated WebP; save one picture of it as a still image");
  header.width = static_cast<int>(requireLittle(source, 24, 3)) + 1;
  header.height = static_cast<int>(requireLittle(source, 27, 3)) + 1;
  if (flags & kHasExif) header.orientation = webpOrientation(source);
}

}  // namespace

HeaderFacts readPngHeader(ByteSource& source) {
  HeaderFacts facts;
  facts.header.format = "PNG";
  if (requireBig(source, 8, 4) != 13 || requireBig(source, 12, 4) != code("IHDR")) {
    throw Error("is damaged: the PNG does not start with its header");
  }
  facts.header.width = sideOf(requireBig(source, 16, 4));
  facts.header.height = sideOf(requireBig(source, 20, 4));
  for (std::uint64_t at = 33; at + 8 <= source.size();) {
    const std::uint64_t size = requireBig(source, at, 4);
    const std::uint32_t name = requireBig(source, at + 4, 4);
    if (name == code("IDAT") || name == code("IEND")) break;
    if (name == code("eXIf")) facts.header.orientation = exifOrientation(source, at + 8);
    at += 12 + size;
  }
  return facts;
}

HeaderFacts readWebpHeader(ByteSource& source) {
  HeaderFacts facts;
  facts.header.format = "WebP";
  if (requireBig(source, 8, 4) != code("WEBP")) throw Error("is not an image (a RIFF file, but no WebP)");
  if (std::uint64_t{requireLittle(source, 4, 4)} + 8 >
      source.size() + 1) {  // the last padding byte may be missing
    throw Error("is truncated: the file is shorter than its header says");
  }
  switch (requireBig(source, 12, 4)) {
    case code("VP8 "):
      readVp8(source, facts.header);
      break;
    case code("VP8L"):
      readVp8l(source, facts.header);
      break;
    case code("VP8X"):
      readVp8x(source, facts.header);
      break;
    default:
      throw Error("is damaged: the WebP holds no picture");
  }
  return facts;
}

HeaderFacts readBmpHeader(ByteSource& source) {
  HeaderFacts facts;
  facts.header.format = "BMP";
  const std::uint64_t pixels = requireLittle(source, 10, 4);
  const std::uint32_t headerSize = requireLittle(source, 14, 4);
  std::uint64_t bits = 0;
  std::uint32_t compression = 0;
  if (headerSize == 12) {  // OS/2
    facts.header.width = static_cast<int>(requireLittle(source, 18, 2));
    facts.header.height = static_cast<int>(requireLittle(source, 20, 2));
    bits = requireLittle(source, 24, 2);
  } else if (headerSize >= 40 && headerSize <= 124) {
    facts.header.width = sideOf(requireLittle(source, 18, 4));
    const auto height = static_cast<std::int32_t>(requireLittle(source, 22, 4));  // negative: top row first
    facts.header.height = height == std::numeric_limits<std::int32_t>::min() ? 0 : std::abs(height);
    bits = requireLittle(source, 28, 2);
    compression = requireLittle(source, 30, 4);
  } else {
    throw Error("is not an image (it starts like a BMP, but has no BMP header)");
  }
  constexpr std::uint32_t kRgb = 0;
  constexpr std::uint32_t kBitFields = 3;
  const std::uint64_t stride = (static_cast<std::uint64_t>(facts.header.width) * bits + 31) / 32 * 4;
  if (stride > 0 && (compression == kRgb || compression == kBitFields)) {
    const std::uint64_t rows = source.size() > pixels ? (source.size() - pixels) / stride : 0;
    if (rows < static_cast<std::uint64_t>(facts.header.height))
      throw Error("is truncated: the BMP's pixels end early");
  }
  return facts;
}

HeaderFacts readTiffHeader(ByteSource& source) {
  const auto directory = readTiffDirectory(source, 0);
  if (!directory) throw Error("is damaged or truncated: the TIFF has no readable directory");
  HeaderFacts facts;
  facts.header.format = "TIFF";
  facts.header.width = sideOf(directory->width.value_or(0));
  facts.header.height = sideOf(directory->height.value_or(0));
  facts.header.orientation = directory->orientation;
  facts.orientation_position = directory->orientation_position;
  facts.big_endian = directory->big_endian;
  return facts;
}

}  // namespace panicle
