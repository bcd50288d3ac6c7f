// The batch stage with torch against fastai's results and against the CPU's own implementation, on every
// device there is.
#include "core/transforms/augment_torch.h"

#include <ATen/Context.h>
#include <torch/types.h>

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <stdexcept>

#include "core/base/json.h"
#include "tests/testing.h"
#include "tests/transforms/fastai_cases.h"
#include "tests/transforms/pictures.h"

namespace panicle {
namespace {

using testing::FastaiCase;
using testing::kPlain;
using testing::noise;
using testing::readNpy;
using testing::readPng;
using testing::reference;

std::vector<torch::Device> devices() {
  std::vector<torch::Device> all{torch::kCPU};
  if (at::globalContext().hasCUDA()) all.emplace_back(torch::kCUDA, 0);
  return all;
}

torch::Tensor stacked(const std::vector<Image>& images, torch::Device device) {
  std::vector<torch::Tensor> tensors;
  for (const Image& image : images) {
    tensors.push_back(torch::from_blob(const_cast<std::uint8_t*>(image.pixels.data()),
                                       {image.height, image.width, 3}, torch::kUInt8));
  }
  return torch::stack(tensors).to(device);
}

// [N, 3, h, w] -> [N, h, w, 3] in memory on the CPU, as augment() writes it.
torch::Tensor asRows(const torch::Tensor& batch) {
  return batch.permute({0, 2, 3, 1}).contiguous().cpu();
}

TEST(AugmentTorch, DoesWhatFastaiDoes) {
  for (const torch::Device device : devices()) {
    for (const FastaiCase& c : testing::fastaiCases()) {
      const auto result = augmentBatch(stacked(c.items, device), c.options, c.draws, kPlain);
      ASSERT_EQ(result.sizes(), (std::vector<std::int64_t>{static_cast<std::int64_t>(c.items.size()), 3,
                                                           c.result.height, c.result.width}))
          << c.name;
      const torch::Tensor rows = asRows(result);
      float worst = 0;
      for (std::size_t i = 0; i < c.items.size(); ++i) {
        const float difference = c.worstDifference(i, rows[static_cast<std::int64_t>(i)].data_ptr<float>());
        EXPECT_LE(difference, c.tolerance()) << c.name << ", picture " << i << ", on " << device;
        worst = std::max(worst, difference);
      }
      std::ostringstream text;
      text << std::scientific << std::setprecision(1) << worst;
      RecordProperty(c.name + " on " + device.str(), text.str());
    }
  }
}

TEST(AugmentTorch, NormalizesAsFastaiDoes) {
  const auto expected = readNpy(reference("fastai/data/05_e2e_valid_norm.npy"));  // 4 x 3 x 64 x 64
  std::vector<Image> items;
  for (const char* name : {"land640x480", "port240x320", "tall90x260", "wide300x100"}) {
    items.push_back(resize(readPng(reference("fastai/img") / (name + std::string(".png"))),
                           {.method = ResizeMethod::Squish, .size = {96, 96}}, {}));
  }
  AugOptions options;
  options.size = Size{64, 64};
  options.min_scale = 0.75;
  AugDraw draw;
  draw.crop = drawCrop(options, {96, 96}, Mode::Valid, RandomStream(0));
  const std::vector<AugDraw> draws(items.size(), draw);
  const auto wanted = torch::from_blob(const_cast<float*>(expected.data()), {4, 3, 64, 64}, torch::kFloat32);
  for (const torch::Device device : devices()) {
    const auto result = augmentBatch(stacked(items, device), options, draws, {}).cpu();
    EXPECT_LE((result - wanted).abs().max().item<float>(), 1e-4f) << device;
  }
}

// ---- against augment() ----

struct RandomBatch {
  AugOptions options;
  Mode mode = Mode::Train;
  std::vector<Image> items;
  std::vector<AugDraw> draws;
};

// Noise without the darkest and lightest values: saturation mixes channels in logit space, where next to 0
// and 1 a rounding error counts for much.
Image greyNoise(Size size, std::uint64_t seed) {
  Image image = noise(size.width, size.height, seed);
  for (auto& value : image.pixels) value = std::clamp<std::uint8_t>(value, 8, 247);
  return image;
}

int between(RandomStream& stream, int low, int high) {
  return low + static_cast<int>(stream.below(static_cast<std::uint64_t>(high - low + 1)));
}

AugOptions randomOptions(AugEngine engine, RandomStream& stream) {
  AugOptions options;
  options.engine = engine;
  if (stream.bernoulli(0.5)) options.min_scale = stream.uniform(0.1, 0.9);
  if (options.crops() || stream.bernoulli(0.6))
    options.size = Size{between(stream, 8, 40), between(stream, 8, 40)};
  options.flip_vert = stream.bernoulli(0.4);
  options.max_rotate = stream.bernoulli(0.3) ? 180 : 20;
  options.min_zoom = stream.bernoulli(0.3) ? 0.5 : 1;
  options.max_zoom = stream.bernoulli(0.3) ? 3 : 1.1;
  options.max_warp = stream.bernoulli(0.3) ? 0 : 0.35;
  options.max_lighting = stream.bernoulli(0.3) ? 0 : stream.uniform(0.1, 0.9);
  if (stream.bernoulli(0.3)) options.saturation = SaturationOptions{.max_lighting = 0.5};
  if (stream.bernoulli(0.3)) options.hue = HueOptions{.max_hue = 0.4};
  if (stream.bernoulli(0.3)) options.erase = EraseOptions{.p = 0.7, .max_count = 3};
  options.mode = stream.bernoulli(0.3) ? SampleMode::Bicubic : SampleMode::Bilinear;
  options.pad_mode = static_cast<PadMode>(stream.below(3));
  options.align_corners = stream.bernoulli(0.7);
  return options;
}

// Not one whose horizon comes so near that it leads far out, where a rounding error is a pixel.
AugDraw tameDraw(const AugOptions& options, Size item, Mode mode, RandomStream& stream,
                 CoordinateExtent& extent) {
  for (;;) {
    AugDraw draw = drawAugment(options, augmentedSize(options, item), mode, stream);
    extent = coordinateExtent(options, item, draw);
    if (extent.low > -10 && extent.high < 10) return draw;
  }
}

RandomBatch randomBatch(AugEngine engine, std::uint64_t seed) {
  RandomStream stream(seed, "batch");
  RandomBatch batch{.options = randomOptions(engine, stream)};
  batch.mode = stream.bernoulli(0.8) ? Mode::Train : Mode::Valid;
  const Size item{between(stream, 4, 130), between(stream, 4, 130)};
  const RandomStream cropStream(seed, "crop");
  double low = 1, high = -1;
  for (std::uint64_t i = 0; i < 4; ++i) {
    CoordinateExtent extent;
    batch.items.push_back(greyNoise(item, 10 * seed + i));
    AugDraw draw = tameDraw(batch.options, item, batch.mode, stream, extent);
    const RandomStream own(seed, "crop", 1, i);
    draw.crop = drawCrop(batch.options, item, batch.mode, engine == AugEngine::Fused ? own : cropStream);
    batch.draws.push_back(draw);
    low = std::min(low, extent.low);
    high = std::max(high, extent.high);
  }
  for (AugDraw& draw : batch.draws) draw.coordinate_range = high - low;
  return batch;
}

void expectAgreement(AugEngine engine) {
  constexpr int kBatches = 150;
  for (std::uint64_t seed = 0; seed < kBatches; ++seed) {
    const RandomBatch batch = randomBatch(engine, seed);
    const Size item{batch.items[0].height, batch.items[0].width};
    const Size size = augmentedSize(batch.options, item);
    for (const torch::Device device : devices()) {
      const auto result =
          asRows(augmentBatch(stacked(batch.items, device), batch.options, batch.draws, kPlain));
      for (std::size_t i = 0; i < batch.items.size(); ++i) {
        std::vector<float> expected(3 * static_cast<std::size_t>(size.height) * size.width);
        augment(batch.items[i], batch.options, batch.draws[i], kPlain, expected);
        const auto wanted = torch::from_blob(expected.data(), {size.height, size.width, 3}, torch::kFloat32);
        const float worst = (result[static_cast<std::int64_t>(i)] - wanted).abs().max().item<float>();
        ASSERT_LE(worst, 1.0f / 255) << "seed " << seed << ", picture " << i << ", on " << device << ", item "
                                     << toString(item) << ", " << toJson(batch.options);
      }
    }
  }
}

TEST(AugmentTorch, FastaisEngineAgreesWithTheOneOfTheLoader) {
  expectAgreement(AugEngine::Fastai);
}

TEST(AugmentTorch, FusedEngineAgreesWithTheOneOfTheLoader) {
  expectAgreement(AugEngine::Fused);
}

// Where two pixels are equally near, a rounding error decides.
TEST(AugmentTorch, NearestPixelsAgreeButForTies) {
  for (const AugEngine engine : {AugEngine::Fastai, AugEngine::Fused}) {
    std::int64_t different = 0, all = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      RandomBatch batch = randomBatch(engine, seed);
      batch.options.mode = SampleMode::Nearest;
      const Size size = augmentedSize(batch.options, {batch.items[0].height, batch.items[0].width});
      const auto result =
          asRows(augmentBatch(stacked(batch.items, torch::kCPU), batch.options, batch.draws, kPlain));
      for (std::size_t i = 0; i < batch.items.size(); ++i) {
        std::vector<float> expected(3 * static_cast<std::size_t>(size.height) * size.width);
        augment(batch.items[i], batch.options, batch.draws[i], kPlain, expected);
        const auto wanted = torch::from_blob(expected.data(), {size.height, size.width, 3}, torch::kFloat32);
        const torch::Tensor off = (result[static_cast<std::int64_t>(i)] - wanted).abs() > 1.0 / 255;
        different += off.sum().item<std::int64_t>();
        all += off.numel();
      }
    }
    EXPECT_LE(static_cast<double>(different), 0.01 * static_cast<double>(all)) << enumName(engine);
  }
}

// ---- the rest ----

TEST(AugmentTorch, PicturesThatNothingTouchesStayExact) {
  const std::vector<Image> items{noise(9, 7, 1), noise(9, 7, 2)};
  AugDraw draw;
  draw.crop = {0, 0, 9, 7};
  const std::vector<AugDraw> draws(2, draw);
  for (const torch::Device device : devices()) {
    const auto batch = stacked(items, device);
    const auto plain = normalizeBatch(batch, {});
    EXPECT_TRUE(plain.is_contiguous(torch::MemoryFormat::ChannelsLast));
    for (const AugEngine engine : {AugEngine::Fastai, AugEngine::Fused}) {
      AugOptions options;
      options.engine = engine;
      const auto result = augmentBatch(batch, options, draws, {});
      EXPECT_TRUE(result.is_contiguous(torch::MemoryFormat::ChannelsLast));
      EXPECT_EQ(result.device(), batch.device());
      EXPECT_TRUE(torch::equal(result, plain));
    }
    const auto rows = asRows(plain);
    for (std::int64_t i = 0; i < 2; ++i) {
      std::vector<float> expected(3 * 9 * 7);
      normalize(items[static_cast<std::size_t>(i)], {}, expected);
      const float rounding =
          device.is_cpu() ? 0.0f : 1e-6f;  // CUDA divides by a number as it multiplies by its inverse
      const float* values = rows[i].data_ptr<float>();
      for (std::size_t k = 0; k < expected.size(); ++k)
        ASSERT_NEAR(values[k], expected[k], rounding) << device;
    }
  }
}

TEST(AugmentTorch, TakesABatchOfNone) {
  const auto none = torch::empty({0, 6, 8, 3}, torch::kUInt8);
  AugOptions options;
  options.size = Size{4, 5};
  const auto result = augmentBatch(none, options, {}, {});
  EXPECT_EQ(result.sizes(), (std::vector<std::int64_t>{0, 3, 4, 5}));
}

TEST(AugmentTorch, RefusesOtherShapes) {
  const std::vector<AugDraw> one(1);
  EXPECT_THROW(augmentBatch(torch::zeros({1, 3, 8, 8}, torch::kUInt8), {}, one, {}), std::invalid_argument);
  EXPECT_THROW(augmentBatch(torch::zeros({1, 8, 8, 3}), {}, one, {}), std::invalid_argument);
  EXPECT_THROW(augmentBatch(torch::zeros({2, 8, 8, 3}, torch::kUInt8), {}, one, {}), std::invalid_argument);
}

}  // namespace
}  // namespace panicle
