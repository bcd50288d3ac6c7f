// Markers of a JPEG file up to its first scan. Source: ITU-T T.81 annex B; EXIF 2.3 section 4.5.
#include <array>
#include <cstring>

#include "core/base/error.h"
#include "core/data/image_header.h"
#include "core/data/tiff_directory.h"

namespace panicle {
namespace {

constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kEndOfImage = 0xD9;
constexpr std::uint8_t kApp1 = 0xE1;

bool standsAlone(std::uint8_t marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

bool isFrame(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Baseline, extended and progressive, with Huffman or arithmetic coding; not lossless, not hierarchical.
bool isDecodable(std::uint8_t frame) {
  return frame <= 0xC2 || frame == 0xC9 || frame == 0xCA;
}

// Moves `at` behind the next marker. Stray bytes before it are skipped, as libjpeg does.
std::uint8_t nextMarker(ByteSource& source, std::uint64_t& at) {
  for (;;) {
    while (requireBig(source, at++, 1) != 0xFF) {
    }
    std::uint32_t marker = 0xFF;
    while (marker == 0xFF) marker = requireBig(source, at++, 1);
    if (marker != 0) return static_cast<std::uint8_t>(marker);
  }
}

void readFrame(ByteSource& source, std::uint64_t at, std::uint8_t marker, ImageHeader& header) {
  if (!isDecodable(marker)) throw Error("is a lossless or hierarchical JPEG, which Panicle does not read");
  std::array<std::uint8_t, 6> frame{};
  require(source, at, frame);
  if (frame[0] != 8)
    throw Error("is a JPEG with " + std::to_string(frame[0]) + " bits a sample; only 8 are read");
  header.height = frame[1] << 8 | frame[2];
  header.width = frame[3] << 8 | frame[4];
  if (frame[5] != 1 && frame[5] != 3 && frame[5] != 4) {
    throw Error("is a JPEG with " + std::to_string(frame[5]) + " channels; only 1, 3 and 4 are read");
  }
}

}  // namespace

HeaderFacts readJpegHeader(ByteSource& source) {
  HeaderFacts facts;
  facts.header.format = "JPEG";
  bool hasExif = false;
  for (std::uint64_t at = 2;;) {
    const std::uint8_t marker = nextMarker(source, at);
    if (standsAlone(marker)) continue;
    if (marker == kEndOfImage) throw Error("is damaged: the JPEG ends before its pixels begin");
    const std::uint32_t length = requireBig(source, at, 2);  // counts itself
    if (length < 2) throw Error("is damaged: a JPEG segment of impossible length");
    if (marker == kStartOfScan) {
      if (facts.header.width == 0) throw Error("is damaged: the JPEG has no size before its pixels");
      facts.data_start = at;
      return facts;
    }
    if (isFrame(marker)) readFrame(source, at + 2, marker, facts.header);
    std::array<char, 6> name{};
    if (marker == kApp1 && !hasExif && length >= 8) {
      require(source, at + 2, {reinterpret_cast<std::uint8_t*>(name.data()), name.size()});
      hasExif = std::memcmp(name.data(), "Exif\0", 5) == 0;
      if (const auto exif = hasExif ? readTiffDirectory(source, at + 8) : std::nullopt) {
        facts.header.orientation = exif->orientation;
      }
    }
    at += length;
  }
}

}  // namespace panicle
