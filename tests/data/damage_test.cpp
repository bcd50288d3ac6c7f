// Damaged files of every format: an Error, or the very pixels; never a crash, never half a picture.
#include <gmock/gmock.h>

#include <functional>

#include "core/base/error.h"
#include "core/data/decode.h"
#include "tests/data/made_images.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using namespace testing;
using ::testing::HasSubstr;

constexpr DecodeOptions kSmall{.max_pixels = 1 << 20};  // so that a damaged header cannot ask for much

struct Sample {
  std::string name;
  Bytes bytes;
};

std::vector<Sample> samples() {
  const Image image = colourful(41, 27);
  const Bytes exif = exifBlock(6, true);
  return {{"baseline JPEG", withJpegExif(jpegOf(image), exif)},
          {"progressive JPEG", jpegOf(image, {.progressive = true})},
          {"JPEG with restarts", jpegOf(image, {.restart_rows = 1})},
          {"grey JPEG", jpegOf(image, {.grey = true})},
          {"CMYK JPEG", cmykJpeg(41, 27, {10, 200, 30, 250}, true)},
          {"PNG", withPngExif(pngOf(image), exif)},
          {"lossy WebP", webpOf(image, false)},
          {"lossless WebP", webpOf(image, true)},
          {"extended WebP", withWebpExif(webpOf(image, false), {27, 41}, exif, true)},
          {"BMP", bmpOf(image)},
          {"little-endian TIFF", tiffOf(image, false, 3)},
          {"big-endian TIFF", tiffOf(image, true, 6)}};
}

// What decoding gives: nullopt for an Error. Anything else that is thrown fails the test.
std::optional<Image> decoded(const Bytes& bytes) {
  try {
    parseImageHeader(bytes);
  } catch (const Error&) {
  }
  try {
    return decodeImage(bytes, kSmall);
  } catch (const Error&) {
    return std::nullopt;
  }
}

TEST(Damage, EveryTruncationIsAnErrorOrLeavesThePixelsWhole) {
  for (const auto& [name, bytes] : samples()) {
    const auto whole = decoded(bytes);
    ASSERT_TRUE(whole) << name;
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto part = decoded(firstOf(bytes, size));
      if (!part) continue;
      ++accepted;
      EXPECT_EQ(part->pixels, whole->pixels)
          << name << " cut to " << size << " of " << bytes.size() << " bytes";
    }
    // Only what follows the pixels may be missing: an end marker, a check sum, an EXIF block, a TIFF's last
    // fields.
    EXPECT_LT(accepted, 60u) << name;
  }
}

TEST(Damage, ChangedBytesNeverCrash) {
  for (const auto& [name, bytes] : samples()) {
    const std::size_t tested = std::min<std::size_t>(bytes.size(), 800);
    for (std::size_t at = 0; at < tested; ++at) {
      for (const int change : {0x01, 0x80, 0xFF}) {
        Bytes damaged = bytes;
        damaged[at] ^= static_cast<std::byte>(change);
        const auto image = decoded(damaged);
        if (!image) continue;
        EXPECT_EQ(image->pixels.size(),
                  std::size_t{3} * static_cast<std::size_t>(image->width * image->height))
            << name;
      }
    }
  }
}

TEST(Damage, ATiffDirectoryAtItsEndMayBeDamagedAnywhere) {
  for (const bool bigEndian : {false, true}) {
    const Bytes bytes = tiffOf(colourful(41, 27), bigEndian, 3);
    for (std::size_t at = bytes.size() - 150; at < bytes.size(); ++at) {
      for (int value = 0; value < 256; value += 15) {
        Bytes damaged = bytes;
        damaged[at] = static_cast<std::byte>(value);
        decoded(damaged);
      }
    }
  }
}

std::string reasonOf(const Bytes& bytes) {
  try {
    decodeImage(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Damage, LostJpegDataIsAnError) {
  const Image image = colourful(200, 150);
  Bytes jpeg = jpegOf(image, {.quality = 98});
  EXPECT_THAT(reasonOf(firstOf(jpeg, jpeg.size() / 2)), "is truncated: its pixels end early");
  // An end marker in the middle of the pixels.
  jpeg[jpeg.size() / 2] = std::byte{0xFF};
  jpeg[jpeg.size() / 2 + 1] = std::byte{0xD9};
  EXPECT_THAT(reasonOf(jpeg), HasSubstr("is damaged: Corrupt JPEG data: premature end of data segment"));
  const Bytes progressive = jpegOf(image, {.progressive = true});
  EXPECT_THAT(reasonOf(firstOf(progressive, progressive.size() - 2)), "is truncated: its pixels end early");
}

TEST(Damage, ACodeThatNoJpegHasIsAnError) {
  Bytes jpeg = jpegOf(colourful(200, 150), {.quality = 98});
  // Sixteen ones in a row (an FF among the pixels is followed by 00) are no Huffman code.
  for (std::size_t at = jpeg.size() / 2; at < jpeg.size() / 2 + 32; ++at)
    jpeg[at] = at % 2 ? std::byte{0x00} : std::byte{0xFF};
  jpeg[jpeg.size() / 2 - 1] = std::byte{0x11};
  EXPECT_THAT(reasonOf(jpeg), "is damaged: Corrupt JPEG data: bad Huffman code");
}

TEST(Damage, StrayBytesBetweenSegmentsAreNoDamage) {
  const Bytes exif = exifBlock(1, true);
  Bytes jpeg = withJpegExif(jpegOf(colourful(64, 48)), exif);
  const Image whole = decodeImage(jpeg);
  const Bytes stray = bytesOf("stray bytes");
  jpeg.insert(jpeg.begin() + static_cast<std::ptrdiff_t>(2 + 2 + 2 + 6 + exif.size()), stray.begin(),
              stray.end());
  EXPECT_EQ(decodeImage(jpeg).pixels, whole.pixels);
}

TEST(Damage, AJpegOfThousandsOfPassesIsRefused) {
  const Bytes jpeg = jpegOf(colourful(64, 48), {.progressive = true});
  // Repeats the first pass, which only sets what later ones refine.
  const auto isMarker = [&](std::size_t at) {
    return jpeg[at] == std::byte{0xFF} && jpeg[at + 1] != std::byte{0x00};
  };
  std::size_t begin = 2;
  while (jpeg[begin] != std::byte{0xFF} || jpeg[begin + 1] != std::byte{0xDA}) ++begin;
  std::size_t end = begin + 2;
  while (!isMarker(end)) ++end;
  const auto at = [&](std::size_t offset) { return jpeg.begin() + static_cast<std::ptrdiff_t>(offset); };
  Bytes bomb(at(0), at(end));
  for (int i = 0; i < 2000; ++i) bomb.insert(bomb.end(), at(begin), at(end));
  bomb.insert(bomb.end(), at(end), jpeg.end());
  EXPECT_EQ(reasonOf(bomb), "is damaged: it asks for more than 500 passes");
}

}  // namespace
}  // namespace panicle
