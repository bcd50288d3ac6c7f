// From a loader's batches to the network's input, with the batch stage in the loader's threads and on the
// device.
#include "core/loader/batch_tensor.h"

#include <ATen/Context.h>
#include <torch/types.h>

#include <fstream>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "tests/testing.h"

namespace panicle {
namespace {

std::vector<torch::Device> devices() {
  std::vector<torch::Device> all{torch::kCPU};
  if (at::globalContext().hasCUDA()) all.emplace_back(torch::kCUDA, 0);
  return all;
}

class BatchTensor : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 7; ++i) {
      cv::Mat picture(40 + i, 60 - 2 * i, CV_8UC3);
      cv::RNG(i + 1).fill(picture, cv::RNG::UNIFORM, 0, 256);
      const auto file = folder_ / (std::to_string(i) + ".png");
      cv::imwrite(file.string(), picture);
      samples_->push_back({file, i % 3});
    }
    pipeline_.resize = {.method = ResizeMethod::Squish, .size = {32, 32}};
  }

  Pass pass(Mode mode) const {
    Pass pass{.batch_size = 4, .mode = mode, .epoch = 3};
    pass.items.resize(samples_->size());
    std::iota(pass.items.begin(), pass.items.end(), 0u);
    return pass;
  }

  // Both stages give the same tensors, to 1/255 of the range of a value before it is normalised.
  void expectSameOnDevice(Mode mode) {
    Loader inLoader(samples_, pipeline_, {.threads = 2});
    Loader onDevice(samples_, pipeline_, {.threads = 2, .batch_stage = BatchStage::Device});
    for (const torch::Device device : devices()) {
      inLoader.begin(pass(mode));
      onDevice.begin(pass(mode));
      Batch first, second;
      int batches = 0;
      while (inLoader.next(first)) {
        ASSERT_TRUE(onDevice.next(second));
        const auto wanted = batchTensor(first, pipeline_, device);
        const auto result = batchTensor(second, pipeline_, device);
        ASSERT_EQ(result.sizes(), wanted.sizes());
        EXPECT_EQ(result.device(), wanted.device());
        EXPECT_TRUE(wanted.is_contiguous(torch::MemoryFormat::ChannelsLast));
        EXPECT_TRUE(result.is_contiguous(torch::MemoryFormat::ChannelsLast));
        EXPECT_LE((result - wanted).abs().max().item<float>(), 1.0f / 255 / 0.229f) << device;
        ++batches;
      }
      EXPECT_EQ(batches, 2);
    }
  }

  testing::TempFolder folder_;
  std::shared_ptr<std::vector<Sample>> samples_ = std::make_shared<std::vector<Sample>>();
  Pipeline pipeline_;
};

TEST_F(BatchTensor, HoldsThePixelsOfTheLoader) {
  Loader loader(samples_, pipeline_, {.threads = 2});
  loader.begin(pass(Mode::Train));
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  const auto tensor = batchTensor(batch, pipeline_, torch::kCPU);
  EXPECT_EQ(tensor.sizes(), (std::vector<std::int64_t>{4, 3, 32, 32}));
  EXPECT_EQ(static_cast<const void*>(tensor.data_ptr()), batch.pixels.data());
  EXPECT_EQ(tensor[2][1][5][7].item<float>(), batch.pixels[3 * ((2 * 32 + 5) * 32 + 7) + 1]);
}

TEST_F(BatchTensor, IsTheSameWithoutBatchTransforms) {
  expectSameOnDevice(Mode::Train);
}

TEST_F(BatchTensor, IsTheSameWithFastaisEngine) {
  pipeline_.augment = AugOptions{.size = Size{24, 20}, .min_scale = 0.5};
  pipeline_.augment->saturation = SaturationOptions{};
  expectSameOnDevice(Mode::Train);
  expectSameOnDevice(Mode::Valid);
}

TEST_F(BatchTensor, IsTheSameWithTheFusedEngine) {
  pipeline_.augment = AugOptions{.engine = AugEngine::Fused, .size = Size{24, 20}, .min_scale = 0.5};
  pipeline_.augment->erase = EraseOptions{.p = 1};
  expectSameOnDevice(Mode::Train);
  expectSameOnDevice(Mode::Valid);
}

TEST_F(BatchTensor, TakesABatchThatServedTheOtherStageBefore) {
  pipeline_.augment = AugOptions{.size = Size{24, 20}};
  Loader inLoader(samples_, pipeline_, {.threads = 1, .prefetch = 1});
  Loader onDevice(samples_, pipeline_, {.threads = 1, .prefetch = 1, .batch_stage = BatchStage::Device});
  Batch batch;  // its buffers go round among both loaders
  std::vector<torch::Tensor> tensors;
  for (Loader* loader : {&inLoader, &onDevice, &inLoader, &inLoader}) {
    loader->begin(pass(Mode::Train));
    while (loader->next(batch)) tensors.push_back(batchTensor(batch, pipeline_, torch::kCPU).clone());
  }
  ASSERT_EQ(tensors.size(), 8u);
  for (const std::size_t first : {4u, 6u}) {
    EXPECT_TRUE(torch::equal(tensors[first], tensors[0]));
    EXPECT_TRUE(torch::equal(tensors[first + 1], tensors[1]));
  }
}

// A gap is closed in the buffers of the batch's own stage alone: those of the other may be shorter.
TEST_F(BatchTensor, LeavesOutDamagedPhotosOfALargerBatchThanTheOtherStagesBefore) {
  std::ofstream((*samples_)[0].file.path(), std::ios::trunc) << "no picture";
  Loader inLoader(samples_, pipeline_, {.threads = 1, .prefetch = 1});
  Loader onDevice(samples_, pipeline_, {.threads = 1, .prefetch = 1, .batch_stage = BatchStage::Device});
  Pass one = pass(Mode::Valid);
  one.items = {1};
  Batch batch;
  for (Loader* loader : {&inLoader, &onDevice, &inLoader}) {
    for (const Pass& next : {one, pass(Mode::Valid)}) {
      loader->begin(next);
      ASSERT_TRUE(loader->next(batch));
      const bool device = loader == &onDevice;
      EXPECT_EQ(batch.pixels.empty(), device);
      EXPECT_EQ(batch.item_pixels.empty(), !device);
      const auto tensor = batchTensor(batch, pipeline_, torch::kCPU);
      Image item;
      loadItem(pipeline_, (*samples_)[1].file, {}, 1, item);
      std::vector<float> expected(item.pixels.size());
      normalize(item, pipeline_.normalization, expected);
      const auto wanted = torch::tensor(expected, torch::kFloat32).view({32, 32, 3}).permute({2, 0, 1});
      EXPECT_LE((tensor[0] - wanted).abs().max().item<float>(), 1e-5f);
    }
  }
}

TEST_F(BatchTensor, IsTheSameWithItemsOfManySizes) {
  pipeline_.resize.method = ResizeMethod::RatioResize;
  pipeline_.augment = AugOptions{.size = Size{24, 20}};
  expectSameOnDevice(Mode::Train);
  expectSameOnDevice(Mode::Valid);
  Loader loader(samples_, pipeline_, {.batch_stage = BatchStage::Device});
  loader.begin(pass(Mode::Train));
  for (Batch batch; loader.next(batch);) EXPECT_TRUE(batch.bad.empty());
}

TEST_F(BatchTensor, IsTheSameWhereAPhotoIsDamaged) {
  std::ofstream((*samples_)[1].file.path(), std::ios::trunc) << "no picture";
  pipeline_.augment = AugOptions{.size = Size{24, 20}};
  expectSameOnDevice(Mode::Train);
}

}  // namespace
}  // namespace panicle
