#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/data/byte_source.h"
#include "core/data/decode.h"
#include "tests/data/made_images.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using namespace testing;
using ::testing::HasSubstr;

constexpr int kWidth = 61;
constexpr int kHeight = 37;

std::string messageOf(const Bytes& bytes) {
  try {
    parseImageHeader(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

void expectHeader(const Bytes& bytes, const std::string& format, int orientation = 1) {
  const ImageHeader header = parseImageHeader(bytes);
  EXPECT_EQ(header.format, format);
  EXPECT_EQ(header.width, kWidth) << format;
  EXPECT_EQ(header.height, kHeight) << format;
  EXPECT_EQ(header.orientation, orientation) << format;
}

TEST(ImageHeader, TellsFormatAndSize) {
  const Image image = colourful(kWidth, kHeight);
  expectHeader(jpegOf(image), "JPEG");
  expectHeader(jpegOf(image, {.progressive = true}), "JPEG");
  expectHeader(jpegOf(image, {.grey = true}), "JPEG");
  expectHeader(cmykJpeg(kWidth, kHeight, {1, 2, 3, 4}, true), "JPEG");
  expectHeader(pngOf(image), "PNG");
  expectHeader(bmpOf(image), "BMP");
  expectHeader(webpOf(image, false), "WebP");
  expectHeader(webpOf(image, true), "WebP");
  expectHeader(tiffOf(image, false, 1), "TIFF");
  expectHeader(tiffOf(image, true, 1), "TIFF");
}

TEST(ImageHeader, ReadsTheOrientationOfEveryFormat) {
  const Image image = colourful(kWidth, kHeight);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool bigEndian : {false, true}) {
      const Bytes exif = exifBlock(orientation, bigEndian);
      expectHeader(withJpegExif(jpegOf(image), exif), "JPEG", orientation);
      expectHeader(withPngExif(pngOf(image), exif), "PNG", orientation);
      expectHeader(withWebpExif(webpOf(image, true), {kHeight, kWidth}, exif, false), "WebP", orientation);
      expectHeader(withWebpExif(webpOf(image, false), {kHeight, kWidth}, exif, true), "WebP", orientation);
      expectHeader(tiffOf(image, bigEndian, orientation), "TIFF", orientation);
    }
  }
}

TEST(ImageHeader, AnImpossibleOrientationIsNone) {
  for (const int orientation : {0, 9, 65535}) {
    expectHeader(withJpegExif(jpegOf(colourful(kWidth, kHeight)), exifBlock(orientation, false)), "JPEG", 1);
  }
}

TEST(ImageHeader, StrayBytesBetweenSegmentsAreSkipped) {
  Bytes jpeg = withJpegExif(jpegOf(colourful(kWidth, kHeight)), exifBlock(6, true));
  const Bytes stray = bytesOf("stray");
  const std::size_t afterExif =
      4 + static_cast<std::size_t>(jpeg[4]) * 256 + static_cast<std::size_t>(jpeg[5]);
  jpeg.insert(jpeg.begin() + static_cast<std::ptrdiff_t>(afterExif), stray.begin(), stray.end());
  expectHeader(jpeg, "JPEG", 6);
}

TEST(ImageHeader, WhatIsNoImageIsNamed) {
  EXPECT_EQ(messageOf({}), "is empty (0 bytes)");
  EXPECT_EQ(messageOf(bytesOf("hello, I am a text file")), "is not an image (JPEG, PNG, WebP, BMP or TIFF)");
  EXPECT_EQ(messageOf(bytesOf("x")), "is not an image (JPEG, PNG, WebP, BMP or TIFF)");
  EXPECT_THAT(messageOf(bytesOf("GIF89a......")), HasSubstr("a GIF; convert it to PNG"));
  EXPECT_THAT(messageOf(bytesOf(std::string_view("\0\0\0\x18"
                                                 "ftypheic\0\0\0\0",
                                                 16))),
              HasSubstr("a HEIC photo"));
  EXPECT_THAT(messageOf(bytesOf("version https://git-lfs.github.com/spec/v1\n")), HasSubstr("git lfs pull"));
  EXPECT_THAT(messageOf(bytesOf("<!DOCTYPE html><html>")), HasSubstr("a web page"));
  EXPECT_THAT(messageOf(bytesOf("RIFF....WAVEfmt ")), HasSubstr("no WebP"));
}

TEST(ImageHeader, KindsThatAreNotDecodedAreTold) {
  Bytes jpeg = jpegOf(colourful(kWidth, kHeight));
  std::size_t frame = 2;
  while (jpeg[frame + 1] != std::byte{0xC0}) {
    frame += 2 + static_cast<std::size_t>(jpeg[frame + 2]) * 256 + static_cast<std::size_t>(jpeg[frame + 3]);
  }
  const auto changed = [&](std::size_t at, int value) {
    Bytes copy = jpeg;
    copy[frame + at] = static_cast<std::byte>(value);
    return messageOf(copy);
  };
  EXPECT_THAT(changed(1, 0xC3), HasSubstr("lossless"));
  EXPECT_THAT(changed(4, 12), HasSubstr("12 bits a sample"));
  EXPECT_THAT(changed(9, 2), HasSubstr("2 channels"));
  Bytes animated =
      withWebpExif(webpOf(colourful(kWidth, kHeight), false), {kHeight, kWidth}, exifBlock(1, false), false);
  animated[20] |= std::byte{0x02};
  EXPECT_THAT(messageOf(animated), HasSubstr("animated"));
}

TEST(ImageHeader, SizesOfZeroAreDamage) {
  const Image image = colourful(kWidth, kHeight);
  EXPECT_THAT(messageOf(withHeaderSize(jpegOf(image), {0, 5})), HasSubstr("tells no size"));
  EXPECT_THAT(messageOf(withHeaderSize(pngOf(image), {5, 0})), HasSubstr("tells no size"));
  EXPECT_THAT(messageOf(withHeaderSize(pngOf(image), {5, -3})), HasSubstr("tells no size"));
}

TEST(FileSource, ReadsTheSameBytesAsMemoryInAnyOrder) {
  const TempFolder folder;
  RandomStream stream(1, "bytes");
  Bytes bytes(50'000);
  for (auto& byte : bytes) byte = static_cast<std::byte>(stream.next());
  writeBytes(folder / "file", bytes);
  FileSource file(folder / "file");
  MemorySource memory(bytes);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t offset = stream.below(bytes.size() + 100);
    std::vector<std::uint8_t> a(stream.below(i % 10 == 0 ? 9000 : 12)), b(a.size());
    const bool inMemory = memory.read(offset, a);
    ASSERT_EQ(file.read(offset, b), inMemory) << offset << " + " << a.size();
    ASSERT_EQ(inMemory, offset + a.size() <= bytes.size());
    if (inMemory) {
      ASSERT_EQ(a, b) << offset;
    }
  }
}

class ReadImageHeader : public ::testing::Test {
 protected:
  ImageHeader read(const Bytes& bytes) {
    writeBytes(file_, bytes);
    return readImageHeader(file_);
  }
  std::string reason(const Bytes& bytes, const DecodeOptions& options = {}) {
    writeBytes(file_, bytes);
    try {
      readImageHeader(file_, options);
    } catch (const Error& error) {
      const std::string prefix = file_.string() + ": ";
      EXPECT_TRUE(std::string(error.what()).starts_with(prefix)) << error.what();
      return std::string(error.what()).substr(prefix.size());
    }
    return "nothing was thrown";
  }

  TempFolder folder_;
  const std::filesystem::path file_ = folder_ / "Reis 稲 ä.jpg";
};

TEST_F(ReadImageHeader, AgreesWithTheParserInMemory) {
  const Image image = colourful(kWidth, kHeight);
  for (const Bytes& bytes :
       {jpegOf(image), pngOf(image), bmpOf(image), webpOf(image, true), tiffOf(image, true, 3)}) {
    const ImageHeader fromFile = read(bytes);
    const ImageHeader fromMemory = parseImageHeader(bytes);
    EXPECT_EQ(fromFile.format, fromMemory.format);
    EXPECT_EQ(fromFile.width, fromMemory.width);
    EXPECT_EQ(fromFile.height, fromMemory.height);
    EXPECT_EQ(fromFile.orientation, fromMemory.orientation);
  }
}

TEST_F(ReadImageHeader, AHeaderFarIntoTheFileIsFound) {
  Bytes exif = exifBlock(8, true);
  exif.resize(60'000);
  EXPECT_EQ(read(withJpegExif(jpegOf(colourful(kWidth, kHeight)), exif)).width, kWidth);
}

TEST_F(ReadImageHeader, TellsTruncatedFilesFromWholeOnes) {
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = jpegOf(colourful(300, 200), {.progressive = progressive});
    EXPECT_THAT(reason(firstOf(jpeg, jpeg.size() / 2)), HasSubstr("is truncated"));
    EXPECT_THAT(reason(firstOf(jpeg, 100)), HasSubstr("is truncated"));
  }
  const Bytes png = pngOf(colourful(300, 200));
  EXPECT_THAT(reason(firstOf(png, png.size() / 2)), HasSubstr("truncated"));
  const Bytes bmp = bmpOf(colourful(300, 200));
  EXPECT_THAT(reason(firstOf(bmp, bmp.size() - 1)), HasSubstr("is truncated"));
  const Bytes webp = webpOf(colourful(300, 200), false);
  EXPECT_THAT(reason(firstOf(webp, webp.size() / 2)), HasSubstr("is truncated"));
}

TEST_F(ReadImageHeader, ThePreviewsEndIsNotTheImagesEnd) {
  Bytes exif = exifBlock(1, false);
  const Bytes preview = jpegOf(colourful(32, 24));
  exif.insert(exif.end(), preview.begin(), preview.end());
  const Bytes jpeg = withJpegExif(jpegOf(colourful(60, 40)), exif);
  EXPECT_EQ(read(jpeg).width, 60);
  EXPECT_THAT(reason(firstOf(jpeg, jpeg.size() - 400)), HasSubstr("is truncated"));
}

TEST_F(ReadImageHeader, AMissingEndMarkerIsNoDamageWhenAllPixelsAreThere) {
  const Bytes jpeg = jpegOf(colourful(300, 200));
  EXPECT_EQ(read(firstOf(jpeg, jpeg.size() - 2)).width, 300);
}

TEST_F(ReadImageHeader, BytesAfterTheEndAreNoDamage) {
  for (Bytes bytes : {jpegOf(colourful(300, 200)), jpegOf(colourful(300, 200), {.progressive = true}),
                      pngOf(colourful(300, 200))}) {
    bytes.resize(bytes.size() + 100);
    EXPECT_EQ(read(bytes).width, 300);
    bytes.resize(bytes.size() + 100'000, std::byte{0x55});
    EXPECT_EQ(read(bytes).width, 300);
  }
}

TEST_F(ReadImageHeader, TheBudgetIsCheckedBeforeAnythingIsDecoded) {
  const Bytes jpeg = withHeaderSize(jpegOf(colourful(16, 16)), {40000, 40000});
  EXPECT_THAT(reason(jpeg),
              HasSubstr("is too large: 40000x40000 is 1600 megapixels, and at most 100 are decoded"));
  EXPECT_THAT(reason(withHeaderSize(pngOf(colourful(16, 16)), {40000, 40000})), HasSubstr("1600 megapixels"));
  EXPECT_THAT(reason(jpegOf(colourful(16, 16)), {.max_pixels = 255}), HasSubstr("is too large: 16x16"));
  EXPECT_EQ(reason(jpegOf(colourful(16, 16)), {.max_pixels = 256}), "nothing was thrown");
}

TEST_F(ReadImageHeader, FilesThatCannotBeOpened) {
  EXPECT_THROW(readImageHeader(folder_ / "none.jpg"), Error);
  std::filesystem::create_directory(folder_ / "folder.jpg");
  try {
    readImageHeader(folder_ / "folder.jpg");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("folder.jpg: is not a file"));
  }
}

}  // namespace
}  // namespace panicle
