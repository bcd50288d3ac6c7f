#include "core/transforms/augment.h"

#include <cmath>

#include "core/transforms/augment_kernels.h"
#include "core/transforms/geometry.h"
#include "tests/testing.h"
#include "tests/transforms/pictures.h"

namespace panicle {
namespace {

using testing::noise;
using testing::readNpy;
using testing::readPng;
using testing::reference;

constexpr Normalization kPlain{{0, 0, 0}, {1, 1, 1}};

std::vector<float> normalized(const Image& image, const Normalization& normalization = {}) {
  std::vector<float> out(image.pixels.size());
  normalize(image, normalization, out);
  return out;
}

std::vector<float> augmented(const Image& image, const AugOptions& options, const AugDraw& draw,
                             const Normalization& normalization = kPlain) {
  const Size size = augmentedSize(options, {image.height, image.width});
  std::vector<float> out(3 * static_cast<std::size_t>(size.height) * size.width);
  augment(image, options, draw, normalization, out);
  return out;
}

double largestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    EXPECT_TRUE(std::isfinite(a[i]));
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
}

// Smooth enough that a wrong place shows as a wrong value, not as noise.
Image waves(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c)
        image.pixels.push_back(static_cast<std::uint8_t>(
            127.5 + 100 * std::sin(0.07 * x * (c + 1) + 0.05 * y) * std::cos(0.04 * y)));
    }
  }
  return image;
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
  const auto values = normalized(ramp, normalization);
  for (int i = 0; i < 3 * 256; ++i) {
    const double expected = (i / 3 / 255.0 - normalization.mean[i % 3]) / normalization.std[i % 3];
    EXPECT_NEAR(values[i], expected, 1e-6);
  }
}

TEST(Augment, FlipMirrorsLeftAndRight) {
  const Image image = noise(7, 4);
  const auto plain = normalized(image);
  const auto flipped = augmented(image, {}, {.dihedral = 1}, {});
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
    flips += drawAugment(options, {8, 8}, mode, stream).dihedral;
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

// Every value's range and the share of neutral ones, over many draws.
struct Spread {
  double low = 1e9, high = -1e9;
  int neutral = 0;
  void add(double value, double rest) {
    low = std::min(low, value);
    high = std::max(high, value);
    neutral += value == rest;
  }
};

TEST(Augment, DrawsFillFastaisRangesWithFastaisProbabilities) {
  const AugOptions options{.mult = 2,
                           .max_rotate = 15,
                           .saturation = SaturationOptions{.max_lighting = 0.3, .p = 0.5},
                           .hue = HueOptions{}};
  constexpr int kDraws = 20'000;
  Spread rotate, zoom, centre, warpX, warpY, brightness, contrast, saturation, hue;
  for (int item = 0; item < kDraws; ++item) {
    RandomStream stream(1, "augment", 0, item);
    const AugDraw draw = drawAugment(options, {8, 8}, Mode::Train, stream);
    rotate.add(draw.rotate, 0);
    zoom.add(draw.zoom, 1);
    centre.add(draw.zoom_x, -1);
    warpX.add(draw.warp_x, 0);
    warpY.add(draw.warp_y, 0);
    brightness.add(draw.brightness, 0.5);
    contrast.add(draw.contrast, 1);
    saturation.add(draw.saturation, 1);
    hue.add(draw.hue, 0);
  }
  const auto expect = [&](const Spread& spread, double low, double high, double p, const char* what) {
    const double slack = 0.005 * (high - low);
    EXPECT_NEAR(spread.low, low, slack) << what;
    EXPECT_NEAR(spread.high, high, slack) << what;
    EXPECT_NEAR(spread.neutral, (1 - p) * kDraws, 0.02 * kDraws) << what;
  };
  expect(rotate, -30, 30, 0.75, "rotate: mult counts");
  expect(zoom, 1, 1.1, 0.75, "zoom: mult does not count");
  expect(centre, 0, 1, 1, "centre of the zoom: never masked");
  expect(warpX, -0.4, 0.4, 0.75, "warp x");
  expect(warpY, -0.4, 0.4, 0.75, "warp y");
  expect(brightness, 0.3, 0.7, 0.75, "brightness");
  expect(contrast, 0.6, 1 / 0.6, 0.75, "contrast");
  expect(saturation, 0.7, 1 / 0.7, 0.5, "saturation");
  EXPECT_NEAR(hue.high, 1 / 0.9, 1e-3);
}

TEST(Augment, DihedralDrawsAllEightAndHalfAreMaskedOff) {
  std::array<int, 8> counts{};
  for (int item = 0; item < 16'000; ++item) {
    RandomStream stream(1, "augment", 0, item);
    ++counts[drawAugment({.flip_vert = true}, {8, 8}, Mode::Train, stream).dihedral];
  }
  EXPECT_NEAR(counts[0], 8'000 + 1'000, 300);
  for (int index = 1; index < 8; ++index) EXPECT_NEAR(counts[index], 1'000, 150) << index;
}

TEST(Augment, CropsKeepTheShareAndShapeOfTheirEngine) {
  for (const Size item : {Size{480, 480}, Size{640, 480}, Size{100, 300}}) {
    for (int i = 0; i < 500; ++i) {
      const Box square = drawCrop({.size = Size{64, 64}, .min_scale = 0.2}, item, Mode::Train,
                                  RandomStream(3, "crop", 0, i));
      EXPECT_EQ(square.width, square.height);
      const Box shaped = drawCrop({.engine = AugEngine::Fused, .size = Size{64, 64}, .min_scale = 0.2}, item,
                                  Mode::Train, RandomStream(3, "crop", 0, i));
      EXPECT_NEAR(static_cast<double>(shaped.width) / shaped.height,
                  static_cast<double>(item.width) / item.height, 0.03);
      EXPECT_GE(1.02 * shaped.width * shaped.height, 0.2 * item.width * item.height);
      for (const Box& box : {square, shaped}) {
        EXPECT_GE(box.left, 0);
        EXPECT_GE(box.top, 0);
        EXPECT_LE(box.left + box.width, item.width);
        EXPECT_LE(box.top + box.height, item.height);
      }
    }
  }
}

TEST(Augment, ErasedBoxesLieInsideAndHoldNoise) {
  const AugOptions options{.do_flip = false,
                           .max_rotate = 0,
                           .max_zoom = 1,
                           .max_warp = 0,
                           .max_lighting = 0,
                           .erase = EraseOptions{.p = 1, .sl = 0.1, .sh = 0.3, .max_count = 3}};
  const Image image = waves(60, 40);
  const auto plain = normalized(image);
  int boxes = 0;
  for (int item = 0; item < 200; ++item) {
    RandomStream stream(5, "augment", 0, item);
    const AugDraw draw = drawAugment(options, {40, 60}, Mode::Train, stream);
    ASSERT_FALSE(draw.erase.empty());
    boxes += static_cast<int>(draw.erase.size());
    const auto values = augmented(image, options, draw, {});
    double sum = 0, squares = 0;
    int inside = 0;
    for (int y = 0; y < 40; ++y) {
      for (int x = 0; x < 60; ++x) {
        const bool erased = std::any_of(draw.erase.begin(), draw.erase.end(), [&](const EraseBox& e) {
          return x >= e.box.left && x < e.box.left + e.box.width && y >= e.box.top &&
                 y < e.box.top + e.box.height;
        });
        for (int c = 0; c < 3; ++c) {
          const float value = values[3 * (60 * y + x) + c];
          if (!erased) {
            ASSERT_EQ(value, plain[3 * (60 * y + x) + c]);
          } else {
            sum += value;
            squares += value * value;
            ++inside;
          }
        }
      }
    }
    ASSERT_GT(inside, 100);
    EXPECT_NEAR(sum / inside, 0, 0.35);
    EXPECT_NEAR(squares / inside, 1, 0.5);
  }
  EXPECT_NEAR(boxes, 400, 60);
}

// A second way to the fused engine's values: its definition, sample by sample, in double.
float fusedValue(const Image& image, const AugDraw& draw, Size result, Size samples, int i, int j,
                 int channel) {
  const Box& crop = draw.crop;
  const auto m = affineMatrix(draw, {crop.height, crop.width});
  const auto w = warpCoefficients(draw);
  const auto reflected = [](double at, int size) {
    const double last = size - 1;
    at = std::fmod(std::abs(at), 2 * last);
    return std::min(at, 2 * last - at);
  };
  double sum = 0;
  for (int a = 0; a < samples.height; ++a) {
    for (int b = 0; b < samples.width; ++b) {
      const double x = (j + (b + 0.5) / samples.width) * 2 / result.width - 1;
      const double y = (i + (a + 0.5) / samples.height) * 2 / result.height - 1;
      const double u = m[0] * x + m[1] * y + m[2], v = m[3] * x + m[4] * y + m[5];
      const double z = w[6] * u + w[7] * v + 1;
      const double px =
          reflected(crop.left + ((w[0] * u + w[1] * v + w[2]) / z + 1) / 2 * crop.width - 0.5, image.width);
      const double py =
          reflected(crop.top + ((w[3] * u + w[4] * v + w[5]) / z + 1) / 2 * crop.height - 0.5, image.height);
      const int left = std::min(static_cast<int>(px), image.width - 2),
                top = std::min(static_cast<int>(py), image.height - 2);
      const auto at = [&](int y0, int x0) {
        return image.pixels[3 * (static_cast<std::size_t>(y0) * image.width + x0) + channel];
      };
      const double fx = px - left, fy = py - top;
      sum += (at(top, left) * (1 - fx) + at(top, left + 1) * fx) * (1 - fy) +
             (at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx) * fy;
    }
  }
  return static_cast<float>(sum / (255.0 * samples.height * samples.width));
}

TEST(Augment, FusedEngineIsItsDefinition) {
  const Image image = waves(97, 123);
  const AugOptions options{.engine = AugEngine::Fused, .size = Size{40, 32}, .min_scale = 0.5};
  for (int item = 0; item < 20; ++item) {
    RandomStream stream(9, "augment", 0, item);
    AugDraw draw = drawAugment(options, *options.size, Mode::Train, stream);
    draw.brightness = 0.5f;
    draw.contrast = 1;
    draw.crop = drawCrop(options, {123, 97}, Mode::Train, RandomStream(9, "crop-item", 0, item));
    const Size samples = samplesPerPixel(draw, {draw.crop.height, draw.crop.width}, *options.size);
    const auto values = augmented(image, options, draw);
    for (int i = 0; i < 40; i += 3) {
      for (int j = 0; j < 32; j += 3)
        ASSERT_NEAR(values[3 * (32 * i + j) + 1], fusedValue(image, draw, *options.size, samples, i, j, 1),
                    2e-5)
            << item;
    }
  }
}

// Averaging several samples keeps a pattern finer than the result from turning into another.
TEST(Augment, FusedEngineDoesNotAlias) {
  Image stripes{256, 256, {}};
  for (int i = 0; i < 256 * 256; ++i) stripes.pixels.insert(stripes.pixels.end(), 3, i % 2 ? 255 : 0);
  const auto values = augmented(stripes, {.engine = AugEngine::Fused, .size = Size{100, 100}}, {});
  for (const float value : values) EXPECT_NEAR(value, 0.5, 0.13);
}

TEST(Augment, FusedValidationShowsTheWholePicture) {
  const Image image = waves(300, 200);
  const AugOptions options{.engine = AugEngine::Fused, .size = Size{50, 75}, .min_scale = 0.5};
  const Box box = drawCrop(options, {200, 300}, Mode::Valid, RandomStream(1, "crop"));
  EXPECT_EQ(box.width, 300);
  EXPECT_EQ(box.height, 200);
  const auto values = augmented(image, options, {.crop = box});
  const auto wanted = normalized(resizeBilinear(image, {50, 75}), kPlain);
  EXPECT_LT(largestDifference(values, wanted), 0.05);  // another filter of the same width
}

// Pictures of one or two pixels, and draws at the very ends: all values are finite.
TEST(Augment, ExtremesStayFinite) {
  for (const auto engine : {AugEngine::Fastai, AugEngine::Fused}) {
    for (const auto mode : {SampleMode::Bilinear, SampleMode::Nearest, SampleMode::Bicubic}) {
      for (const auto pad : {PadMode::Zeros, PadMode::Border, PadMode::Reflection}) {
        for (const double min_scale : {1.0, 0.3}) {
          for (const Size item : {Size{1, 1}, Size{2, 2}, Size{1, 9}, Size{31, 17}}) {
            const AugOptions options{
                .engine = engine, .size = Size{16, 8}, .min_scale = min_scale, .mode = mode, .pad_mode = pad};
            AugDraw draw{.dihedral = 6,
                         .rotate = 170,
                         .zoom = 0.1f,
                         .zoom_x = 0,
                         .zoom_y = 1,
                         .warp_x = 0.9f,
                         .warp_y = -0.9f,
                         .brightness = 0.01f,
                         .contrast = 8,
                         .saturation = 3,
                         .hue = 0.5f};
            draw.crop = drawCrop(options, item, Mode::Train, RandomStream(2, "crop"));
            for (const float value : augmented(noise(item.width, item.height), options, draw)) {
              ASSERT_TRUE(std::isfinite(value));
              ASSERT_GE(value, -0.2f);  // bicubic overshoots
              ASSERT_LE(value, 1.2f);
            }
          }
        }
      }
    }
  }
}

// A row through place, sampling, narrowing and light.
std::vector<float> litRow(const AugmentKernels& kernels, const Mapping& mapping, const Image& image,
                          const std::vector<float>& x, float y) {
  const int count = static_cast<int>(x.size());
  Places places;
  places.resize(x.size());
  std::vector<float> samples(4 * x.size()), row(3 * x.size());
  kernels.locate(mapping, x.data(), y, count, places);
  kernels.sampleBytes(image.pixels.data(), image.width, image.width * image.height, places, count,
                      samples.data());
  kernels.narrow(samples.data(), count, 1 / 255.0f, row.data());
  kernels.relight(row.data(), 3 * count, {0.3f, 1.2f});
  kernels.scaleChannels(row.data(), count, {1, 2, 3}, {0, 1, 2});
  return row;
}

TEST(AugmentKernels, AllImplementationsAgree) {
  const Image image = noise(37, 29);
  std::vector<float> x(50);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = -1.3f + 0.0525f * static_cast<float>(i);
  int compared = 0;
  for (const AugmentKernels* fast : {avx2AugmentKernels(), avx512AugmentKernels()}) {
    if (!fast) continue;
    ++compared;
    for (const auto pad : {PadMode::Zeros, PadMode::Border, PadMode::Reflection}) {
      for (const bool align : {true, false}) {
        for (const float y : {-1.4f, -1.0f, -0.3f, 0.7f, 1.0f, 1.7f}) {
          const Mapping mapping{.affine = {0.9f, 0.2f, 0.1f, -0.2f, 0.9f, 0},
                                .warped = true,
                                .warp = {1, 0.1f, 0, 0, 1, 0, 0.1f, 0.05f},
                                .scale_x = 18,
                                .shift_x = 0,
                                .scale_y = 14,
                                .shift_y = 0,
                                .source = {29, 37},
                                .pad = pad,
                                .align_corners = align};
          EXPECT_LT(largestDifference(litRow(portableAugmentKernels(), mapping, image, x, y),
                                      litRow(*fast, mapping, image, x, y)),
                    1e-4);
        }
      }
    }
  }
  if (compared == 0) GTEST_SKIP() << "SKIPPED: this processor has neither AVX2 nor AVX-512";
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
