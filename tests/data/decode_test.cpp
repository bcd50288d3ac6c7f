// Pixels: against files decoded by Pillow, and the conversions to RGB.
#include "core/data/decode.h"

#include <gmock/gmock.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "core/base/error.h"
#include "tests/data/made_images.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using namespace testing;
using ::testing::HasSubstr;

Bytes encoded(const char* extension, const cv::Mat& pixels) {
  std::vector<std::uint8_t> out;
  cv::imencode(extension, pixels, out);
  const auto* data = reinterpret_cast<const std::byte*>(out.data());
  return {data, data + out.size()};
}

std::vector<int> firstPixel(const Image& image) {
  return {image.pixels[0], image.pixels[1], image.pixels[2]};
}

int largestDifference(const Image& a, const Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  int largest = 0;
  for (std::size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i) {
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  }
  return largest;
}

Image flat(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Image image{width, height, {}};
  for (int i = 0; i < width * height; ++i) image.pixels.insert(image.pixels.end(), {red, green, blue});
  return image;
}

TEST(Decode, EqualsPillowToThePixel) {
  const Json cases = readJson(reference("fastai/data/15_image_io.json"))["open"];
  int compared = 0;
  for (const auto& [name, facts] : cases.items()) {
    const std::string file = facts["file"];
    if (file.ends_with(".gif")) continue;
    const Image image = decodeImage(reference("fastai/" + file));
    EXPECT_EQ(image.width, facts["out_wh"][0]) << name;
    EXPECT_EQ(image.height, facts["out_wh"][1]) << name;
    std::int64_t sum = 0;
    for (const auto sample : image.pixels) sum += sample;
    EXPECT_EQ(sum, facts["sum"]) << name;
    const cv::Mat expected = cv::imread(reference("fastai/" + facts["decoded"].get<std::string>()).string());
    ASSERT_EQ(expected.size(), cv::Size(image.width, image.height)) << name;
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        const auto bgr = expected.at<cv::Vec3b>(y, x);
        const auto* rgb = &image.pixels[3 * static_cast<std::size_t>(y * image.width + x)];
        ASSERT_TRUE(rgb[0] == bgr[2] && rgb[1] == bgr[1] && rgb[2] == bgr[0])
            << name << " at " << x << "," << y;
      }
    }
    ++compared;
  }
  EXPECT_EQ(compared, 10);
}

TEST(Decode, LosslessFormatsGiveBackTheirPixels) {
  const Image image = colourful(61, 37);
  for (const Bytes& bytes :
       {pngOf(image), bmpOf(image), webpOf(image, true), tiffOf(image, false, 1), tiffOf(image, true, 1)}) {
    EXPECT_EQ(largestDifference(decodeImage(bytes), image), 0) << parseImageHeader(bytes).format;
  }
}

TEST(Decode, TheSamePictureInEveryKindOfJpegIsTheSame) {
  const Image image = colourful(96, 64);
  const Image baseline = decodeImage(jpegOf(image, {.quality = 90}));
  EXPECT_EQ(largestDifference(decodeImage(jpegOf(image, {.quality = 90, .progressive = true})), baseline), 0);
  EXPECT_EQ(largestDifference(decodeImage(jpegOf(image, {.quality = 90, .restart_rows = 1})), baseline), 0);
  const Image smooth = decodeImage(jpegOf(flat(96, 64, 200, 90, 30)));
  EXPECT_LE(largestDifference(smooth, flat(96, 64, 200, 90, 30)), 2);
  const Image grey = decodeImage(jpegOf(image, {.grey = true}));
  for (std::size_t i = 0; i < grey.pixels.size(); i += 3) {
    ASSERT_EQ(grey.pixels[i], grey.pixels[i + 1]);
    ASSERT_EQ(grey.pixels[i], grey.pixels[i + 2]);
  }
}

TEST(Decode, FourChannelsAreInvertedCmyk) {
  // Ink amounts (cyan, magenta, yellow, black) of 0..255; each file stores 255 minus them.
  const std::uint8_t inks[][4] = {{200, 100, 50, 30}, {0, 0, 0, 0}, {255, 255, 255, 255}, {10, 240, 128, 90}};
  for (const auto& ink : inks) {
    std::uint8_t stored[4];
    for (int c = 0; c < 4; ++c) stored[c] = static_cast<std::uint8_t>(255 - ink[c]);
    for (const bool ycck : {false, true}) {
      const Image image = decodeImage(cmykJpeg(16, 16, stored, ycck));
      for (int c = 0; c < 3; ++c) {
        const double expected = (255.0 - ink[c]) * (255.0 - ink[3]) / 255.0;
        EXPECT_NEAR(image.pixels[static_cast<std::size_t>(c)], expected, 2.5)
            << "channel " << c << " of " << ycck;
      }
    }
  }
}

TEST(Decode, OneChannelOfManyBitsIsClipped) {
  const cv::Mat grey = (cv::Mat_<std::uint16_t>(1, 5) << 0, 254, 255, 256, 65535);
  for (const char* extension : {".png", ".tif"}) {
    const Image image = decodeImage(encoded(extension, grey));
    const std::vector<int> expected{0, 254, 255, 255, 255};
    for (std::size_t x = 0; x < 5; ++x) EXPECT_EQ(image.pixels[3 * x + 1], expected[x]) << extension;
  }
  const cv::Mat real = (cv::Mat_<float>(1, 5) << -3.0f, 0.9f, 254.9f, 1e9f, std::nanf(""));
  const Image image = decodeImage(encoded(".tif", real));
  const std::vector<int> expected{0, 0, 254, 255, 0};
  for (std::size_t x = 0; x < 5; ++x) EXPECT_EQ(image.pixels[3 * x], expected[x]);
}

TEST(Decode, ManyChannelsOfSixteenBitsKeepTheirHighByte) {
  const cv::Mat bgr(4, 4, CV_16UC3, cv::Scalar(0x12FF, 0x3400, 0xFFFF));
  EXPECT_EQ(firstPixel(decodeImage(encoded(".png", bgr))), (std::vector<int>{0xFF, 0x34, 0x12}));
  EXPECT_EQ(firstPixel(decodeImage(encoded(".tif", bgr))), (std::vector<int>{0xFF, 0x34, 0x12}));
  const cv::Mat bgra(4, 4, CV_16UC4, cv::Scalar(0x12FF, 0x3400, 0xFFFF, 0x0100));
  EXPECT_EQ(firstPixel(decodeImage(encoded(".png", bgra))), (std::vector<int>{0xFF, 0x34, 0x12}));
}

TEST(Decode, AlphaIsDroppedNotBlended) {
  const cv::Mat bgra(4, 4, CV_8UC4, cv::Scalar(30, 20, 10, 7));
  EXPECT_EQ(firstPixel(decodeImage(encoded(".png", bgra))), (std::vector<int>{10, 20, 30}));
}

TEST(Decode, UsesTheMemoryOfItsTargetAgain) {
  Image out;
  const TempFolder folder;
  for (const Bytes& bytes :
       {jpegOf(colourful(96, 64)), pngOf(colourful(61, 37)), jpegOf(colourful(50, 70))}) {
    writeBytes(folder / "a", bytes);
    const auto* memory = out.pixels.data();
    decodeImage(bytes, {}, out);
    EXPECT_TRUE(memory == nullptr || out.pixels.data() == memory);
    const Image fresh = decodeImage(bytes);
    EXPECT_EQ(largestDifference(out, fresh), 0);
    decodeImage(folder / "a", {}, out);
    EXPECT_EQ(largestDifference(out, fresh), 0);
  }
}

// Where the reduced picture differs from the average of the whole one.
double meanDifference(const Image& reduced, const Image& whole, int reduction) {
  double sum = 0;
  for (int y = 0; y < reduced.height; ++y) {
    for (int x = 0; x < reduced.width; ++x) {
      double average = 0;
      int count = 0;
      for (int dy = reduction * y; dy < std::min(reduction * (y + 1), whole.height); ++dy) {
        for (int dx = reduction * x; dx < std::min(reduction * (x + 1), whole.width); ++dx, ++count)
          average += whole.pixels[3 * static_cast<std::size_t>(dy * whole.width + dx)];
      }
      sum += std::abs(average / count - reduced.pixels[3 * static_cast<std::size_t>(y * reduced.width + x)]);
    }
  }
  return sum / reduced.width / reduced.height;
}

TEST(EncodedImage, ReducesJpegsAndNothingElse) {
  const TempFolder folder;
  const Image image = colourful(203, 149);
  writeBytes(folder / "a.jpg", jpegOf(image));
  writeBytes(folder / "a.png", pngOf(image));
  const EncodedImage jpeg(folder / "a.jpg");
  const EncodedImage png(folder / "a.png");
  EXPECT_EQ(jpeg.size(), (Size{149, 203}));
  const Image whole = decodeImage(folder / "a.jpg");
  for (const int reduction : {1, 2, 4, 8}) {
    Image out;
    EXPECT_EQ(jpeg.decode(reduction, out), reduction);
    EXPECT_EQ(out.width, (203 + reduction - 1) / reduction);
    EXPECT_EQ(out.height, (149 + reduction - 1) / reduction);
    EXPECT_LT(meanDifference(out, whole, reduction), 1.0) << reduction;
    EXPECT_EQ(png.decode(reduction, out), 1);
    EXPECT_EQ(largestDifference(out, image), 0);
  }
}

TEST(EncodedImage, KnowsTheSizeAfterTurning) {
  const TempFolder folder;
  writeBytes(folder / "a.jpg", withJpegExif(jpegOf(colourful(64, 40)), exifBlock(6, true)));
  EXPECT_EQ(EncodedImage(folder / "a.jpg").size(), (Size{40, 64}));
  const EncodedImage upright(folder / "a.jpg", {.exif = ExifPolicy::Apply});
  EXPECT_EQ(upright.size(), (Size{64, 40}));
  Image out;
  EXPECT_EQ(upright.decode(2, out), 2);
  EXPECT_EQ(out.width, 20);
  EXPECT_EQ(out.height, 32);
}

TEST(EncodedImage, ErrorsNameTheFile) {
  const TempFolder folder;
  const Bytes bytes = jpegOf(colourful(64, 40));
  writeBytes(folder / "cut.jpg", firstOf(bytes, bytes.size() / 2));
  writeBytes(folder / "text.jpg", bytesOf("text"));
  EXPECT_THROW(EncodedImage(folder / "text.jpg"), Error);
  const EncodedImage cut(folder / "cut.jpg");
  Image out;
  try {
    cut.decode(4, out);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith((folder / "cut.jpg").string() + ": "));
  }
}

TEST(Decode, KindsOfPixelsWithoutARuleAreAnError) {
  const cv::Mat real(4, 4, CV_32FC3, cv::Scalar(1, 2, 3));
  try {
    decodeImage(encoded(".tif", real));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("convert it to 8 bits a channel"));
  }
}

TEST(Decode, ErrorsNameTheFile) {
  const TempFolder folder;
  writeBytes(folder / "稲.jpg", bytesOf("text"));
  for (const auto& work : {+[](const std::filesystem::path& path) { decodeImage(path); },
                           +[](const std::filesystem::path& path) { decodeThumbnail(path, 64); }}) {
    for (const char* name : {"稲.jpg", "none.jpg"}) {
      try {
        work(folder / name);
        FAIL() << "nothing was thrown";
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), ::testing::StartsWith((folder / name).string() + ": "));
      }
    }
  }
}

// Where the pixel that shows at (x, y) of the upright picture was stored. EXIF 2.3, orientation.
std::pair<int, int> storedAt(int x, int y, int orientation, int width, int height) {
  switch (orientation) {
    case 2:
      return {width - 1 - x, y};
    case 3:
      return {width - 1 - x, height - 1 - y};
    case 4:
      return {x, height - 1 - y};
    case 5:
      return {y, x};
    case 6:
      return {y, height - 1 - x};
    case 7:
      return {width - 1 - y, height - 1 - x};
    case 8:
      return {width - 1 - y, x};
    default:
      return {x, y};
  }
}

TEST(DecodeOrientation, IsIgnoredOrAppliedInEveryFormat) {
  constexpr int kWidth = 61, kHeight = 37;
  const Image image = colourful(kWidth, kHeight);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes exif = exifBlock(orientation, orientation % 2 == 0);
    for (const Bytes& bytes : {withJpegExif(jpegOf(image), exif), withPngExif(pngOf(image), exif),
                               tiffOf(image, false, orientation), tiffOf(image, true, orientation),
                               withWebpExif(webpOf(image, true), {kHeight, kWidth}, exif, true)}) {
      const std::string format = parseImageHeader(bytes).format;
      const Image stored = decodeImage(bytes);
      if (format != "JPEG") {
        EXPECT_EQ(largestDifference(stored, image), 0) << format << orientation;
      }
      const Image upright = decodeImage(bytes, {.exif = ExifPolicy::Apply});
      const bool turned = orientation >= 5;
      ASSERT_EQ(upright.width, turned ? kHeight : kWidth) << format << orientation;
      ASSERT_EQ(upright.height, turned ? kWidth : kHeight) << format << orientation;
      for (int y = 0; y < upright.height; ++y) {
        for (int x = 0; x < upright.width; ++x) {
          const auto [sx, sy] = storedAt(x, y, orientation, kWidth, kHeight);
          for (int c = 0; c < 3; ++c) {
            ASSERT_EQ(upright.pixels[static_cast<std::size_t>(3 * (y * upright.width + x) + c)],
                      stored.pixels[static_cast<std::size_t>(3 * (sy * kWidth + sx) + c)])
                << format << " orientation " << orientation << " at " << x << "," << y;
          }
        }
      }
    }
  }
}

TEST(Thumbnail, HasTheRightSizeAndLooksLikeTheImage) {
  const TempFolder folder;
  const Image image = colourful(640, 400);
  for (const Bytes& bytes : {jpegOf(image), jpegOf(image, {.grey = true}), pngOf(image)}) {
    writeBytes(folder / "a.jpg", bytes);
    for (const int side : {640, 639, 320, 160, 100, 33, 1}) {
      const Image small = decodeThumbnail(folder / "a.jpg", side);
      EXPECT_EQ(small.width, side);
      EXPECT_NEAR(small.height, side * 400.0 / 640.0, 1.0);
      ASSERT_EQ(small.pixels.size(), static_cast<std::size_t>(3 * small.width * small.height));
    }
  }
  writeBytes(folder / "a.jpg", jpegOf(image));
  const Image small = decodeThumbnail(folder / "a.jpg", 80);
  for (const auto& [x, y] : {std::pair{10, 10}, {70, 10}, {10, 40}, {70, 40}, {40, 25}}) {
    const auto* rgb = &small.pixels[static_cast<std::size_t>(3 * (y * small.width + x))];
    EXPECT_NEAR(rgb[0], 255.0 * x / 80, 12);
    EXPECT_NEAR(rgb[1], 255.0 * y / 50, 12);
  }
}

TEST(Thumbnail, IsNeverEnlargedAndMayBeTurned) {
  const TempFolder folder;
  writeBytes(folder / "a.jpg", withJpegExif(jpegOf(colourful(64, 40)), exifBlock(6, true)));
  EXPECT_EQ(decodeThumbnail(folder / "a.jpg", 100).width, 64);
  EXPECT_EQ(decodeThumbnail(folder / "a.jpg", 32, {.exif = ExifPolicy::Apply}).height, 32);
  writeBytes(folder / "thin.png", pngOf(colourful(1000, 2)));
  EXPECT_EQ(decodeThumbnail(folder / "thin.png", 100).height, 1);
  EXPECT_THROW(decodeThumbnail(folder / "a.jpg", 0), Error);
}

}  // namespace
}  // namespace panicle
