#include "core/transforms/augment.h"

#include <cstring>

#include "core/base/file.h"
#include "tests/testing.h"
#include "tests/transforms/pictures.h"

namespace panicle {
namespace {

using testing::noise;
using testing::readPng;
using testing::reference;

std::vector<float> normalized(const Image& image, const AugDraw& draw = {},
                              const Normalization& normalization = {}) {
  std::vector<float> out(image.pixels.size());
  augmentAndNormalize(image, draw, normalization, out);
  return out;
}

// The floats of a .npy file of version 1: a magic of 8 bytes, the header's length in 2, the header, the
// values.
std::vector<float> readNpy(const std::filesystem::path& path) {
  const auto bytes = readBytes(path);
  const std::size_t start =
      10 + std::to_integer<std::size_t>(bytes[8]) + 256 * std::to_integer<std::size_t>(bytes[9]);
  std::vector<float> values((bytes.size() - start) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + start, values.size() * sizeof(float));
  return values;
}

TEST(Augment, SquishedAndNormalizedPicturesAreFastais) {
  const auto expected = readNpy(reference("fastai/data/05_e2e_valid_norm_noaug.npy"));  // 2 x 3 x 96 x 96
  const int side = 96;
  const int area = side * side;
  ASSERT_EQ(expected.size(), 2u * 3 * area);
  const char* names[] = {"land640x480.png", "port240x320.png"};
  for (int i = 0; i < 2; ++i) {
    const Image source = readPng(reference("fastai/img") / names[i]);
    const auto values =
        normalized(resize(source, {.method = ResizeMethod::Squish, .size = {side, side}}, {}));
    for (int pixel = 0; pixel < area; ++pixel) {
      for (int channel = 0; channel < 3; ++channel) {
        ASSERT_NEAR(values[3 * pixel + channel], expected[(3 * i + channel) * area + pixel], 1e-6)
            << names[i] << ' ' << pixel;
      }
    }
  }
}

TEST(Augment, NormalizesEveryByteOfEveryChannel) {
  Image ramp{256, 1, {}};
  for (int byte = 0; byte < 256; ++byte)
    ramp.pixels.insert(ramp.pixels.end(), 3, static_cast<std::uint8_t>(byte));
  const Normalization normalization{{0.1f, 0.5f, 0.9f}, {0.25f, 0.5f, 2.0f}};
  const auto values = normalized(ramp, {}, normalization);
  for (int i = 0; i < 3 * 256; ++i) {
    const double expected = (i / 3 / 255.0 - normalization.mean[i % 3]) / normalization.std[i % 3];
    EXPECT_NEAR(values[i], expected, 1e-6);
  }
}

TEST(Augment, FlipMirrorsLeftAndRight) {
  const Image image = noise(7, 4);
  const auto plain = normalized(image);
  const auto flipped = normalized(image, {.flip = true});
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 7; ++x) {
      for (int c = 0; c < 3; ++c) EXPECT_EQ(flipped[3 * (7 * y + x) + c], plain[3 * (7 * y + 6 - x) + c]);
    }
  }
}

int flipsIn(int draws, const AugOptions& options, Mode mode) {
  int flips = 0;
  for (int item = 0; item < draws; ++item) {
    RandomStream stream(42, "augment", 0, item);
    flips += drawAugment(options, mode, stream).flip;
  }
  return flips;
}

TEST(Augment, FlipsTheShareThatIsAskedForAndOnlyInTraining) {
  EXPECT_NEAR(flipsIn(10'000, {}, Mode::Train), 5'000, 250);
  EXPECT_NEAR(flipsIn(10'000, {.p_flip = 0.2}, Mode::Train), 2'000, 200);
  EXPECT_EQ(flipsIn(100, {.p_flip = 1}, Mode::Train), 100);
  EXPECT_EQ(flipsIn(100, {.p_flip = 0}, Mode::Train), 0);
  EXPECT_EQ(flipsIn(100, {.do_flip = false, .p_flip = 1}, Mode::Train), 0);
  EXPECT_EQ(flipsIn(100, {.p_flip = 1}, Mode::Valid), 0);
}

TEST(Augment, OptionsAreChecked) {
  AugOptions options;
  std::vector<std::string> problems;
  fromJson(options, {{"do_flip", false}, {"p_flip", 1.5}}, "augment", problems);
  EXPECT_FALSE(options.do_flip);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("augment.p_flip"), std::string::npos);
}

}  // namespace
}  // namespace panicle
