// What a run will need, from its spec.
#include "core/runs/memory_plan.h"

#include <gmock/gmock.h>

#include "core/base/error.h"

namespace panicle {
namespace {

constexpr std::int64_t kOutputs = 10;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

DeviceProfile processor() {
  return {.name = "processor",
          .kind = ComputeKind::Cpu,
          .total = 4096 * kMiB,
          .overhead = 100 * kMiB,
          .precision = Precision::Fp32};
}

RunSpec smallSpec() {
  RunSpec spec;
  spec.batch.size = 8;
  spec.stages[0].resize.size = {64, 64};
  spec.stages[0].augment.reset();
  return spec;
}

TEST(MemoryPlan, IsOfTheStepAndTheProcess) {
  const RunSpec spec = smallSpec();
  const RunPlan plan = predict(spec, kOutputs, processor());
  const MemoryParts step = planStep(planRequest(spec, 0, false, kOutputs, processor()));
  EXPECT_EQ(plan.parts().tensors(), step.tensors());
  EXPECT_GE(plan.parts().overhead, processor().overhead);
  EXPECT_EQ(plan.peak(), plan.parts().total());
  EXPECT_EQ(plan.precision, Precision::Fp32);
}

TEST(MemoryPlan, TheWorstStageCounts) {
  RunSpec spec = smallSpec();
  spec.stages.push_back(spec.stages[0]);
  spec.stages.push_back(spec.stages[0]);
  spec.stages[1].resize.size = {96, 96};
  const RunPlan plan = predict(spec, kOutputs, processor());
  ASSERT_EQ(plan.stages.size(), 3U);
  EXPECT_EQ(plan.worst, 1U);
  EXPECT_EQ(plan.stages[0].parts.total(), plan.stages[2].parts.total());
  EXPECT_GT(plan.peak(), plan.stages[0].parts.total());
}

TEST(MemoryPlan, TheWorstPhaseCounts) {
  RunSpec spec = smallSpec();
  const std::uint64_t whole = predict(spec, kOutputs, processor()).peak();
  spec.stages[0].schedule.kind = ScheduleKind::FineTune;
  const RunPlan both = predict(spec, kOutputs, processor());
  EXPECT_FALSE(both.stages[0].frozen);
  EXPECT_EQ(both.peak(), whole);
  spec.stages[0].schedule.kind = ScheduleKind::FitOneCycle;
  spec.stages[0].schedule.freeze_to = -1;
  const RunPlan frozen = predict(spec, kOutputs, processor());
  EXPECT_TRUE(frozen.stages[0].frozen);
  EXPECT_LT(frozen.peak(), whole);
}

TEST(MemoryPlan, CopiesOfTheModelCount) {
  RunSpec spec = smallSpec();
  const MemoryParts none = predict(spec, kOutputs, processor()).parts();
  spec.callbacks.keep_best = KeepBestOptions{};
  spec.callbacks.ema_decay = 0.99;
  const MemoryParts both = predict(spec, kOutputs, processor()).parts();
  EXPECT_EQ(none.copies, 0U);
  EXPECT_EQ(both.copies, 2 * none.weights);
}

TEST(MemoryPlan, WhatDoesNotTouchMemoryChangesNothing) {
  RunSpec spec = smallSpec();
  const std::uint64_t before = predict(spec, kOutputs, processor()).peak();
  spec.seed = 7;
  spec.stages[0].schedule.epochs = 50;
  spec.stages[0].schedule.lr_max.high = 0.1;
  EXPECT_EQ(predict(spec, kOutputs, processor()).peak(), before);
}

TEST(MemoryPlan, PrecisionFollowsTheProfile) {
  RunSpec spec = smallSpec();
  DeviceProfile profile = processor();
  profile.precision = Precision::Bf16;
  EXPECT_EQ(predict(spec, kOutputs, profile).precision, Precision::Bf16);
  spec.precision = Precision::Fp16;
  EXPECT_THROW(predict(spec, kOutputs, profile), Error);
}

TEST(MemoryPlan, RefusesWhatTheRunWouldRefuse) {
  RunSpec spec = smallSpec();
  spec.data.root = "/nowhere";  // of no account: memory does not depend on photos
  EXPECT_NO_THROW(predict(spec, kOutputs, processor()));
  spec.model.arch = "resnet1";
  EXPECT_THAT([&] { predict(spec, kOutputs, processor()); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("resnet1")));
  spec = smallSpec();
  spec.model.arch = "swin_tiny_patch4_window7_224";
  EXPECT_THROW(predict(spec, kOutputs, processor()), Error);
}

}  // namespace
}  // namespace panicle
