// The memory of whole runs: predicted beside measured, what happens when it is not enough, and that nothing stays behind.
#include <gmock/gmock.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/data/dataset.h"
#include "core/data/sample_data.h"
#include "core/loader/loader.h"
#include "core/memory/meter.h"
#include "core/runs/execute.h"
#include "core/runs/memory_plan.h"
#include "core/runs/out_of_memory.h"
#include "core/weights/weight_file.h"
#include "tests/testing.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace panicle {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

// Sixteen photos train and four validate.
class RunMemoryTest : public ::testing::Test {
 protected:
  RunMemoryTest() {
    writeSampleData(folder_ / "data", {.per_class = 2, .size = {96, 96}});
    spec_.data.root = (folder_ / "data").string();
    spec_.device = "cpu";
    spec_.precision = Precision::Fp32;
    spec_.model.arch = "resnet18";
    spec_.model.weights = "none";
    spec_.batch.size = 8;
    spec_.stages[0].resize.size = {64, 64};
    spec_.stages[0].schedule.epochs = 1;
  }

  // No batch norm, no dropout: a batch in two parts must be the batch.
  void takeTransformer() {
    spec_.model.arch = "vit_tiny_patch16_224";
    spec_.model.head = HeadKind::Timm;
    spec_.stages[0].resize.size = {224, 224};
    spec_.stages[0].augment.reset();
  }

  std::uint64_t held(const RunSpec& spec) const {
    return predict(spec, 10, {.kind = ComputeKind::Cpu, .precision = Precision::Fp32}).parts().held();
  }

  std::uint64_t heldWith(int batch, int accum) const {
    RunSpec spec = spec_;
    spec.batch = {.size = batch, .accum = accum};
    return held(spec);
  }

  void limitTo(std::uint64_t bytes) { spec_.memory.budget_mib = static_cast<int>(bytes >> 20); }

  // Enough for half a batch, not for a whole one.
  void limitToHalfABatch() {
    if (spec_.model.arch == "resnet18") spec_.stages[0].resize.size = {160, 160};
    const std::uint64_t whole = heldWith(8, 1), half = heldWith(4, 2);
    ASSERT_GT(whole, half + (std::uint64_t{16} << 20));
    limitTo((whole + half) / 2);
  }

  RunOutcome run(const TrainObserver& observer = {}) {
    return execute(store_, spec_, control_, [&](const TrainEvent& event) {
      if (const auto* ended = std::get_if<RunEnded>(&event)) ended_ = *ended;
      if (observer) observer(event);
    });
  }

  // All floats of the model that a run kept.
  std::vector<float> weightsOf(const RunOutcome& outcome) const {
    const WeightFile file = WeightFile::open(store_.folder(outcome.run) / "model.safetensors");
    std::vector<float> all;
    for (const TensorEntry& tensor : file.tensors()) {
      if (tensor.dtype != "F32") continue;
      const std::size_t before = all.size(), count = tensor.bytes.size() / sizeof(float);
      all.resize(before + count);
      std::memcpy(all.data() + before, tensor.bytes.data(), count * sizeof(float));
    }
    return all;
  }

  TempFolder folder_;
  RunSpec spec_;
  RunStore store_{folder_ / "workspace"};
  TrainControl control_;
  RunEnded ended_;
};

TEST_F(RunMemoryTest, PredictedAndMeasuredPeakStandSideBySide) {
  spec_.stages.push_back(spec_.stages[0]);
  spec_.stages[1].resize.size = {96, 96};
  const RunOutcome outcome = run();
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  const RunRecord record = store_.get(outcome.run);
  ASSERT_EQ(record.memory.stages.size(), 3U);
  for (const StageMemory& stage : record.memory.stages) {
    EXPECT_GT(stage.measured.process, stage.measured.tensors);
    if (stage.stage == kOutsideStages) continue;
    EXPECT_TRUE(stage.whole);
    ASSERT_TRUE(stage.predicted);
    EXPECT_NEAR(static_cast<double>(stage.measured.tensors) / static_cast<double>(stage.predicted->held()), 1, 0.05) << stage.stage;
  }
  EXPECT_GT(record.memory.stages[2].measured.tensors, record.memory.stages[1].measured.tensors) << "the larger photos";
  EXPECT_EQ(record.peak_tensor_bytes, record.memory.measuredHeld());
  EXPECT_GE(store_.memory(outcome.run).size(), 1U);
  EXPECT_EQ(store_.measuredRuns().size(), 1U);
}

TEST_F(RunMemoryTest, AStoppedStageIsNotWhole) {
  const RunOutcome outcome = run([&](const TrainEvent& event) {
    if (std::holds_alternative<BatchEnded>(event)) control_.stopNow();
  });
  ASSERT_EQ(outcome.status, RunStatus::Stopped) << outcome.message;
  const RunMemory memory = store_.get(outcome.run).memory;
  ASSERT_EQ(memory.stages.size(), 2U);
  EXPECT_FALSE(memory.stages[1].whole);
  EXPECT_GT(memory.stages[1].measured.tensors, 0U);
}

TEST_F(RunMemoryTest, OutOfMemoryEndsTheRunAndOffersWhatFits) {
  limitToHalfABatch();
  const RunOutcome outcome = run();
  ASSERT_EQ(outcome.status, RunStatus::Failed);
  EXPECT_THAT(outcome.message, HasSubstr("out of memory with resnet18, batch 8, size 160"));
  EXPECT_THAT(outcome.message, HasSubstr("of the budget of " + std::to_string(*spec_.memory.budget_mib) + " MiB"));
  EXPECT_THAT(outcome.message, HasSubstr("other processes hold"));
  EXPECT_THAT(outcome.message, HasSubstr("batch 4 with accum 2 (needs about"));
  const std::vector<Remedy> remedies = store_.get(outcome.run).remedies;
  ASSERT_FALSE(remedies.empty());
  EXPECT_EQ(remedies.size(), ended_.remedies.size());
  for (const Remedy& remedy : remedies) {
    RunSpec changed = spec_;
    for (const auto& [key, value] : remedy.settings) setByPath(changed, key, std::string_view(value));
    EXPECT_LE(held(changed), spec_.memory.budgetBytes()) << remedy.words;
  }
  for (const auto& [key, value] : remedies.front().settings) setByPath(spec_, key, std::string_view(value));
  EXPECT_EQ(spec_.batch.effectiveSize(), 8);
  EXPECT_EQ(run().status, RunStatus::Finished) << "what is offered must fit";
}

TEST_F(RunMemoryTest, SplittingGoesOnAsTheAccumulatedRunDoes) {
  takeTransformer();
  RunSpec accumulated = spec_;
  accumulated.batch = {.size = 4, .accum = 2};
  limitToHalfABatch();
  spec_.memory.on_oom = OnOutOfMemory::Split;
  int told = 0;
  const RunOutcome split = run([&](const TrainEvent& event) { told += std::holds_alternative<BatchesSplit>(event); });
  ASSERT_EQ(split.status, RunStatus::Finished) << split.message;
  EXPECT_EQ(told, 1);
  const RunRecord record = store_.get(split.run);
  ASSERT_EQ(record.splits.size(), 1U);
  EXPECT_EQ(record.splits[0].pieces, 2);
  EXPECT_EQ(record.splits[0].step, 1U);
  EXPECT_THAT(record.warnings, ::testing::Contains(HasSubstr("goes through in 2 pieces")));
  EXPECT_LE(record.peak_tensor_bytes, spec_.memory.budgetBytes());

  spec_ = accumulated;
  const RunOutcome whole = run();
  ASSERT_EQ(whole.status, RunStatus::Finished) << whole.message;
  const std::vector<float> a = weightsOf(split), b = weightsOf(whole);
  ASSERT_EQ(a.size(), b.size());
  ASSERT_GT(a.size(), 5'000'000U);
  double farthest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) farthest = std::max(farthest, static_cast<double>(std::abs(a[i] - b[i])));
  EXPECT_LT(farthest, 2e-5);
}

// Batches that wait for a step are gone back through in pieces as well. It is the second step's second batch that does not fit: the
// optimizer has its averages, and the first batch has left its gradients.
TEST_F(RunMemoryTest, SplittingTakesTheGatheredBatchesAgain) {
  spec_.stages[0].resize.size = {160, 160};
  spec_.stages[0].schedule.epochs = 2;
  const std::uint64_t first = heldWith(8, 1), second = heldWith(8, 2), split = heldWith(4, 4);
  limitTo((first + second) / 2);
  ASSERT_LT(first + (std::uint64_t{4} << 20), spec_.memory.budgetBytes());
  ASSERT_LT(split + (std::uint64_t{4} << 20), spec_.memory.budgetBytes());
  spec_.batch.accum = 2;
  spec_.memory.on_oom = OnOutOfMemory::Split;
  const RunOutcome outcome = run();
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  const RunRecord record = store_.get(outcome.run);
  ASSERT_EQ(record.splits.size(), 1U);
  EXPECT_EQ(record.splits[0].step, 4U);
  EXPECT_LE(record.peak_tensor_bytes, spec_.memory.budgetBytes());
}

TEST_F(RunMemoryTest, NothingStaysBehindHoweverARunEnds) {
  const std::uint64_t before = liveTensorBytes();
  ASSERT_EQ(run().status, RunStatus::Finished);
  EXPECT_EQ(liveTensorBytes(), before) << "finished";

  TrainControl stopped;
  const auto stop = [&](const TrainEvent& event) {
    if (std::holds_alternative<BatchEnded>(event)) stopped.stopNow();
  };
  ASSERT_EQ(execute(store_, spec_, stopped, stop).status, RunStatus::Stopped);
  EXPECT_EQ(liveTensorBytes(), before) << "stopped";

  RunSpec diverging = spec_;
  diverging.stages[0].schedule.lr_max.high = 1e30;
  diverging.stages[0].schedule.div = 1;
  ASSERT_EQ(execute(store_, diverging, control_, {}).status, RunStatus::Failed);
  EXPECT_EQ(liveTensorBytes(), before) << "failed";

  limitToHalfABatch();
  ASSERT_EQ(run().status, RunStatus::Failed);
  EXPECT_EQ(liveTensorBytes(), before) << "out of memory";
  EXPECT_EQ(MemoryMeter(MeterOf::Processor).read().reserved, before) << "the allocator's";
}

#ifdef __GLIBC__
// What stays in memory of a data set while it is trained on: its items, the loader's list of files, targets and order.
TEST(MillionFiles, TakeUnder300BytesEach) {
  constexpr std::size_t kFiles = 1'000'000;
  constexpr std::size_t kMost = 300;
  const auto inUse = [] {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = inUse();
  Dataset dataset;
  dataset.root = "/home/somebody/photos/paddy-disease";
  dataset.items.reserve(kFiles);
  for (std::size_t i = 0; i < kFiles; ++i) {
    const std::string id = "bacterial_leaf_blight/" + std::to_string(100'000 + i) + ".jpg";
    dataset.items.push_back({id, "train_images/" + id, static_cast<int>(i % 10)});
  }
  std::vector<Sample> samples;
  samples.reserve(kFiles);
  FilePaths paths;
  for (const Item& item : dataset.items) samples.push_back({paths(dataset.file(item)), item.target});
  const std::vector<float> values(kFiles);
  const std::vector<std::uint32_t> split(kFiles), pass(kFiles);
  EXPECT_EQ(samples.back().file.string(), "/home/somebody/photos/paddy-disease/train_images/bacterial_leaf_blight/1099999.jpg");
  const std::size_t each = (inUse() - before) / kFiles;
  RecordProperty("bytes_a_file", static_cast<int>(each));
  std::printf("%zu bytes a file\n", each);
  EXPECT_LT(each, kMost);
}
#endif

TEST(LoaderBudget, BoundsTheBatchesAhead) {
  RunSpec spec;
  spec.batch.size = 64;
  spec.stages[0].resize.size = {512, 512};
  spec.stages[0].augment.reset();
  constexpr int kMib = 64 * 3;  // of a batch: 512 * 512 * 4 bytes are one for each channel
  const auto prefetch = [&](int mib) {
    spec.memory.loader_mib = mib;
    return prefetchOf(spec, spec.stages[0], ComputeKind::Cpu);
  };
  EXPECT_EQ(prefetch(100 * kMib), 3);
  EXPECT_EQ(prefetch(4 * kMib), 3);
  EXPECT_EQ(prefetch(4 * kMib - 1), 2);
  EXPECT_EQ(prefetch(16), 1) << "one is always made ahead";
  const auto loader = [&] { return predict(spec, 10, {.kind = ComputeKind::Cpu, .precision = Precision::Fp32}).parts().loader >> 20; };
  EXPECT_EQ(loader(), 2U * kMib);
  spec.memory.loader_mib = 3 * kMib;
  EXPECT_EQ(loader(), 3U * kMib);
}

}  // namespace
}  // namespace panicle
