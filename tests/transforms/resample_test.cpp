#include "core/transforms/resample.h"

#include "core/base/json.h"
#include "core/transforms/resample_kernels.h"
#include "tests/testing.h"
#include "tests/transforms/pictures.h"

namespace panicle {
namespace {

using testing::noise;
using testing::readPng;
using testing::reference;

// ---- the weights
// ------------------------------------------------------------------------------------------------

void expectTaps(const Taps& taps, const Json& expected) {
  ASSERT_EQ(taps.size(), static_cast<int>(expected.size()));
  for (int i = 0; i < taps.size(); ++i) {
    EXPECT_EQ(taps.first[i], expected[i]["first"].get<int>());
    const Json weights(std::vector<std::int32_t>(taps.of(i), taps.of(i) + taps.count[i]));
    EXPECT_EQ(weights, expected[i]["weights_2^22"]) << "output " << i;
  }
}

TEST(Resample, WeightsArePillows) {
  const Json json = readJson(reference("fastai/data/15_image_io.json"));
  expectTaps(bilinearTaps(10, 0, 10, 4), json["coeffs_example_10_to_4"]);
  expectTaps(bilinearTaps(4, 0, 4, 7), json["coeffs_example_4_to_7"]);
}

TEST(Resample, TapsStayInTheSourceAndSumToOne) {
  for (const int input : {1, 2, 7, 71, 480, 5000}) {
    for (const int output : {1, 3, 64, 480}) {
      for (const int offset : {-input, -1, 0, 3}) {
        const int source = input + 2;
        for (const auto pad : {PadMode::Zeros, PadMode::Border, PadMode::Reflection}) {
          const Taps taps = foldIntoSource(bilinearTaps(input, 0, input, output), offset, source, pad);
          for (int i = 0; i < taps.size(); ++i) {
            ASSERT_GE(taps.first[i], 0);
            ASSERT_LE(taps.first[i] + taps.count[i], source);
            ASSERT_LE(taps.count[i], taps.window);
            std::int64_t sum = 0;
            for (int t = 0; t < taps.window; ++t) sum += taps.of(i)[t];
            if (pad == PadMode::Zeros) {
              EXPECT_LE(sum, (1 << kWeightBits) + taps.window);
            } else {
              EXPECT_NEAR(static_cast<double>(sum), 1 << kWeightBits, taps.window);
            }
          }
        }
      }
    }
  }
}

// ---- padding, done the long way
// ---------------------------------------------------------------------------------

// One step at a time from inside the picture, turning round at each end.
int bounced(int x, int length) {
  if (length == 1) return 0;
  while (x < 0 || x >= length) x = x < 0 ? -x : 2 * (length - 1) - x;
  return x;
}

Image cutOut(const Image& image, const Box& box, PadMode pad) {
  Image out{box.width, box.height, {}};
  for (int row = 0; row < box.height; ++row) {
    for (int column = 0; column < box.width; ++column) {
      int x = box.left + column;
      int y = box.top + row;
      const bool outside = x < 0 || y < 0 || x >= image.width || y >= image.height;
      if (pad == PadMode::Reflection) {
        x = bounced(x, image.width);
        y = bounced(y, image.height);
      }
      x = std::clamp(x, 0, image.width - 1);
      y = std::clamp(y, 0, image.height - 1);
      for (int channel = 0; channel < 3; ++channel) {
        const bool zero = outside && pad == PadMode::Zeros;
        out.pixels.push_back(zero ? 0 : image.pixels[3 * (y * image.width + x) + channel]);
      }
    }
  }
  return out;
}

TEST(Resample, PaddingByWeightsEqualsPaddingThePicture) {
  const Image image = noise(23, 17);
  const Size sizes[] = {{16, 16}, {40, 55}, {17, 23}, {9, 70}};
  const Box boxes[] = {{-5, -7, 40, 40}, {-70, -3, 150, 30}, {2, -90, 19, 200},
                       {0, 0, 23, 17},   {-16, -20, 55, 40}, {4, 5, 9, 9}};
  for (const auto pad : {PadMode::Zeros, PadMode::Border, PadMode::Reflection}) {
    for (const Box& box : boxes) {
      const Image padded = cutOut(image, box, pad);
      for (const Size size : sizes) {
        Image result;
        resampleBox(image, box, 1, pad, size, result);
        EXPECT_EQ(result.pixels, resizeBilinear(padded, size).pixels)
            << "pad " << static_cast<int>(pad) << ", box at " << box.left << ',' << box.top << ", to "
            << toString(size);
      }
    }
  }
}

// ---- the implementations

class WideResample : public ::testing::TestWithParam<const ResampleKernels* (*)()> {};
INSTANTIATE_TEST_SUITE_P(Kernels, WideResample, ::testing::Values(avx2Kernels, avx512Kernels));

TEST_P(WideResample, GivesThePortableBytes) {
  const ResampleKernels* wide = GetParam()();
  if (!wide) GTEST_SKIP() << "SKIPPED: this processor does not have them";
  for (const int width : {1, 3, 8, 9, 10, 11, 31, 64, 127, 480}) {
    for (const int height : {1, 2, 5, 33}) {
      const Image image = noise(width, height);
      for (const int output : {1, 2, 5, 10, 11, 50, 128, 700}) {
        const Taps across = bilinearTaps(width, 0, width, output);
        std::vector<std::uint8_t> expected(3 * output * height);
        std::vector<std::uint8_t> result(expected.size());
        kPortableKernels.horizontal(image.pixels.data(), width, height, across, expected.data());
        wide->horizontal(image.pixels.data(), width, height, across, result.data());
        ASSERT_EQ(result, expected) << "across, " << width << 'x' << height << " to " << output;

        const Taps down = bilinearTaps(height, 0, height, output);
        expected.assign(3 * width * output, 0);
        result.assign(expected.size(), 1);
        kPortableKernels.vertical(image.pixels.data(), 3 * width, 3 * width, down, expected.data());
        wide->vertical(image.pixels.data(), 3 * width, 3 * width, down, result.data());
        ASSERT_EQ(result, expected) << "down, " << width << 'x' << height << " to " << output;
      }
    }
  }
}

TEST_P(WideResample, GivesThePortableBytesOfFoldedTaps) {
  const ResampleKernels* wide = GetParam()();
  if (!wide) GTEST_SKIP() << "SKIPPED: this processor does not have them";
  const Image image = noise(60, 9);
  for (const auto pad : {PadMode::Zeros, PadMode::Border, PadMode::Reflection}) {
    for (const int output : {7, 33, 100}) {
      const Taps taps = foldIntoSource(bilinearTaps(200, 0, 200, output), -71, image.width, pad);
      std::vector<std::uint8_t> expected(3 * output * image.height);
      std::vector<std::uint8_t> result(expected.size());
      kPortableKernels.horizontal(image.pixels.data(), image.width, image.height, taps, expected.data());
      wide->horizontal(image.pixels.data(), image.width, image.height, taps, result.data());
      EXPECT_EQ(result, expected);
    }
  }
}

TEST(Resample, WhiteStaysWhiteUnderHugeReductions) {
  const Image white{9000, 3, std::vector<std::uint8_t>(3 * 9000 * 3, 255)};
  EXPECT_EQ(resizeBilinear(white, {1, 2}).pixels, std::vector<std::uint8_t>(6, 255));
  const Image tall{12, 9000, std::vector<std::uint8_t>(3 * 9000 * 12, 255)};
  EXPECT_EQ(resizeBilinear(tall, {2, 12}).pixels, std::vector<std::uint8_t>(72, 255));
}

}  // namespace
}  // namespace panicle
