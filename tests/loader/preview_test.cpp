// What a preview computes of (seed, epoch, item) is, byte for byte, what training gets: any number of
// threads, any engine, with and without the presize cache.
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "core/base/random.h"
#include "core/loader/loader.h"
#include "core/loader/presize_cache.h"
#include "tests/testing.h"

namespace panicle {
namespace {

constexpr std::uint32_t kPhotos = 23;

class PreviewTest : public ::testing::Test {
 protected:
  PreviewTest() {
    for (std::uint32_t i = 0; i < kPhotos; ++i) {
      cv::Mat picture(50 + 7 * static_cast<int>(i) % 31, 70 - 5 * static_cast<int>(i) % 29, CV_8UC3);
      cv::RNG generator(i + 1);
      generator.fill(picture, cv::RNG::UNIFORM, 0, 256);
      const auto file = folder_ / (std::to_string(i) + (i % 3 == 0 ? ".png" : ".jpg"));
      cv::imwrite(file.string(), picture);
      samples_->push_back({file, 0});
    }
    items_.resize(kPhotos);
    std::iota(items_.begin(), items_.end(), 0u);
  }

  // As the Preview page does: the item's place in the epoch, its batch, the three steps.
  std::vector<float> preview(const Pipeline& pipeline, std::uint64_t epoch, std::uint32_t item,
                             int batchSize) const {
    const Pass pass = trainingPass(items_, pipeline.seed, epoch, batchSize);
    const auto place =
        static_cast<std::size_t>(std::find(pass.items.begin(), pass.items.end(), item) - pass.items.begin());
    const std::size_t batch = place / batchSize, first = batch * batchSize;
    const auto ofBatch =
        std::span(pass.items).subspan(first, std::min<std::size_t>(batchSize, pass.items.size() - first));
    const BatchContext context = batchContext(pipeline, Mode::Train, epoch, batch, ofBatch);
    const Size size = pipeline.outputSize();
    std::vector<float> out(3 * static_cast<std::size_t>(size.height) * size.width);
    renderItem(pipeline, (*samples_)[item].file, context, item, out);
    return out;
  }

  void expectPreviewed(const Pipeline& pipeline, LoaderOptions options, std::uint64_t epoch,
                       int batchSize) const {
    Loader loader(samples_, pipeline, options);
    loader.begin(trainingPass(items_, pipeline.seed, epoch, batchSize));
    std::set<std::uint32_t> seen;
    for (Batch batch; loader.next(batch);) {
      ASSERT_EQ(batch.size, pipeline.outputSize());
      const std::size_t floats = 3 * static_cast<std::size_t>(batch.size.height) * batch.size.width;
      for (int i = 0; i < batch.count; ++i) {
        const auto shown = preview(pipeline, epoch, batch.items[i], batchSize);
        const auto fed = std::span(batch.pixels).subspan(i * floats, floats);
        ASSERT_TRUE(std::equal(shown.begin(), shown.end(), fed.begin(), fed.end()))
            << "item " << batch.items[i];
        seen.insert(batch.items[i]);
      }
    }
    EXPECT_EQ(seen.size(), batchSize > static_cast<int>(kPhotos) ? kPhotos : kPhotos / batchSize * batchSize);
  }

  testing::TempFolder folder_;
  std::shared_ptr<std::vector<Sample>> samples_ = std::make_shared<std::vector<Sample>>();
  std::vector<std::uint32_t> items_;
};

struct Case {
  const char* name;
  AugOptions augment;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const AugEngine engine : {AugEngine::Fastai, AugEngine::Fused}) {
    all.push_back({"as they are", {.engine = engine}});
    all.push_back({"made smaller", {.engine = engine, .size = Size{16, 24}}});
    all.push_back(
        {"much smaller, warped", {.engine = engine, .size = Size{8, 8}, .max_rotate = 45, .max_warp = 0.4}});
    // All so close to one place that fastai leaves its area prefilter out.
    all.push_back({"zoomed",
                   {.engine = engine,
                    .size = Size{18, 18},
                    .max_rotate = 0,
                    .min_zoom = 1.3,
                    .max_zoom = 1.9,
                    .max_warp = 0,
                    .p_affine = 1,
                    .batch = true}});
    all.push_back({"cropped", {.engine = engine, .size = Size{24, 24}, .min_scale = 0.5}});
    all.push_back({"everything",
                   {.engine = engine,
                    .size = Size{20, 20},
                    .min_scale = 0.75,
                    .flip_vert = true,
                    .saturation = SaturationOptions{},
                    .hue = HueOptions{},
                    .erase = EraseOptions{}}});
    all.push_back(
        {"one draw a batch", {.engine = engine, .size = Size{24, 24}, .min_scale = 0.5, .batch = true}});
  }
  return all;
}

TEST_F(PreviewTest, IsWhatTrainingGetsForAnySeedEpochAndItem) {
  RandomStream random(20240607);
  for (const Case& test : cases()) {
    for (const auto method :
         {ResizeMethod::Squish, ResizeMethod::Crop, ResizeMethod::Pad, ResizeMethod::RandomResizedCrop}) {
      const Pipeline pipeline{
          .resize = {.method = method, .size = {40, 32}}, .augment = test.augment, .seed = random.next()};
      const LoaderOptions options{.threads = 1 + static_cast<int>(random.below(5)),
                                  .prefetch = 1 + static_cast<int>(random.below(4))};
      const std::uint64_t epoch = random.below(1000);
      const int batchSize = 2 + static_cast<int>(random.below(kPhotos + 4));
      SCOPED_TRACE(std::string(test.name) + ", " + enumName(test.augment.engine) + ", " + enumName(method) +
                   ", seed " + std::to_string(pipeline.seed) + ", epoch " + std::to_string(epoch) +
                   ", batch " + std::to_string(batchSize) + ", threads " + std::to_string(options.threads));
      expectPreviewed(pipeline, options, epoch, batchSize);
    }
  }
}

TEST_F(PreviewTest, IsWhatTrainingGetsWithoutBatchTransforms) {
  const Pipeline pipeline{.resize = {.method = ResizeMethod::Crop, .size = {40, 32}}};
  expectPreviewed(pipeline, {.threads = 3}, 4, 5);
}

TEST_F(PreviewTest, IsWhatTrainingGetsOutOfThePresizeCache) {
  const AugOptions augment{.size = Size{24, 24}, .min_scale = 0.75};
  for (const auto method : {ResizeMethod::Squish, ResizeMethod::Crop, ResizeMethod::Pad}) {
    const Pipeline pipeline{.resize = {.method = method, .size = {40, 32}}, .augment = augment, .seed = 3};
    const auto cache = std::make_shared<PresizeCache>(folder_ / "cache", pipeline, 1 << 24);
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
      expectPreviewed(pipeline, {.threads = 3, .cache = cache}, epoch, 5);
  }
}

TEST(DrawItem, SharesWhatABatchShares) {
  const Size size{480, 480};
  Pipeline pipeline{.augment = AugOptions{.size = Size{224, 224}, .min_scale = 0.5}, .seed = 11};
  const auto draw = [&](std::uint64_t batch, std::uint64_t item) {
    return drawItem(pipeline, {.mode = Mode::Train, .batch = batch}, item, size);
  };
  EXPECT_EQ(draw(0, 1).crop, draw(0, 2).crop);
  EXPECT_NE(draw(0, 1).crop, draw(1, 1).crop);
  EXPECT_NE(draw(0, 1).brightness, draw(0, 2).brightness);
  EXPECT_EQ(draw(0, 1).brightness, draw(1, 1).brightness);
  pipeline.augment->engine = AugEngine::Fused;
  EXPECT_NE(draw(0, 1).crop, draw(0, 2).crop);
  EXPECT_EQ(draw(0, 1).crop, draw(1, 1).crop);
  pipeline.augment->batch = true;
  EXPECT_EQ(draw(0, 1).brightness, draw(0, 2).brightness);
  EXPECT_NE(draw(0, 1).brightness, draw(1, 1).brightness);
  pipeline.augment->min_scale = 1;
  EXPECT_EQ(draw(0, 1).crop, (Box{0, 0, 480, 480}));
}

// One picture differs from epoch to epoch, from item to item and from seed to seed; otherwise equality says
// nothing.
TEST_F(PreviewTest, DependsOnSeedEpochAndItem) {
  Pipeline pipeline{
      .resize = {.method = ResizeMethod::Squish, .size = {32, 32}}, .augment = AugOptions{}, .seed = 1};
  (*samples_)[1].file = (*samples_)[0].file;
  const auto first = preview(pipeline, 0, 0, 4);
  EXPECT_NE(preview(pipeline, 1, 0, 4), first);
  EXPECT_NE(preview(pipeline, 0, 1, 4), first);
  pipeline.seed = 2;
  EXPECT_NE(preview(pipeline, 0, 0, 4), first);
}

TEST(TrainingPass, DropsTheLastBatchButNeverEverything) {
  std::vector<std::uint32_t> items(10);
  std::iota(items.begin(), items.end(), 5u);
  const Pass pass = trainingPass(items, 42, 3, 4);
  EXPECT_TRUE(pass.drop_last);
  EXPECT_EQ(pass.items, shuffled(items, 42, 3));
  EXPECT_EQ(pass.mode, Mode::Train);
  EXPECT_EQ(pass.epoch, 3u);
  EXPECT_TRUE(trainingPass(items, 42, 3, 10).drop_last);
  EXPECT_FALSE(trainingPass(items, 42, 3, 11).drop_last);
}

}  // namespace
}  // namespace panicle
