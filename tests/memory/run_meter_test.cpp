#include "core/memory/run_meter.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <chrono>
#include <thread>

#include "core/memory/sampler.h"
#include "core/models/device.h"

namespace panicle {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

torch::Tensor tensorOf(std::uint64_t bytes) {
  return torch::empty({static_cast<std::int64_t>(bytes)}, torch::kUInt8);
}

TEST(TensorTrackingTest, CountsItsThreadByItself) {
  const TensorTracking outer;
  const torch::Tensor before = tensorOf(3 * kMiB);
  EXPECT_EQ(outer.live(), 3 * kMiB);
  std::uint64_t other = 1;
  std::thread([&] {
    const TensorTracking tracking;
    const torch::Tensor there = tensorOf(5 * kMiB);
    other = tracking.live();
  }).join();
  EXPECT_EQ(other, 5 * kMiB);
  EXPECT_EQ(outer.peak(), 3 * kMiB) << "another thread's tensors";
  { const torch::Tensor more = tensorOf(kMiB); }
  EXPECT_EQ(outer.live(), 3 * kMiB);
  EXPECT_EQ(outer.peak(), 4 * kMiB);
  outer.resetPeak();
  EXPECT_EQ(outer.peak(), 3 * kMiB);
}

TEST(TensorTrackingTest, RefusesWhatIsAboveItsLimit) {
  {
    const TensorTracking tracking(10 * kMiB);
    const torch::Tensor held = tensorOf(6 * kMiB);
    try {
      tensorOf(5 * kMiB);
      FAIL() << "more than the limit";
    } catch (const c10::Error& error) {
      EXPECT_TRUE(isOutOfMemory(error)) << error.what_without_backtrace();
    }
    EXPECT_EQ(tracking.live(), 6 * kMiB) << "what was refused is not held";
    EXPECT_NO_THROW(tensorOf(4 * kMiB));
    const TensorTracking inner;
    EXPECT_NO_THROW(tensorOf(20 * kMiB)) << "the innermost one counts";
  }
  EXPECT_NO_THROW(tensorOf(20 * kMiB));
}

TEST(RunMeterTest, TellsPeaksByStage) {
  const TensorTracking tracking;
  RunMeter meter(MeterOf::Processor, tracking);
  { const torch::Tensor data = tensorOf(2 * kMiB); }
  const torch::Tensor model = tensorOf(kMiB);
  meter.enter(0);
  EXPECT_TRUE(meter.inStage());
  { const torch::Tensor step = tensorOf(7 * kMiB); }
  EXPECT_EQ(meter.peak().tensors, 8 * kMiB) << "between two samples";
  const MemoryMeasured first = meter.leave(true);
  EXPECT_FALSE(meter.inStage());
  meter.enter(1);
  { const torch::Tensor step = tensorOf(4 * kMiB); }
  const MemoryMeasured second = meter.leave(false);
  { const torch::Tensor predictions = tensorOf(3 * kMiB); }
  const MemoryMeasured outside = meter.outside();
  EXPECT_EQ(first.stage, 0);
  EXPECT_TRUE(first.whole);
  EXPECT_EQ(first.peak.tensors, 8 * kMiB);
  EXPECT_EQ(second.stage, 1);
  EXPECT_FALSE(second.whole);
  EXPECT_EQ(second.peak.tensors, 5 * kMiB);
  EXPECT_EQ(outside.stage, kOutsideStages);
  EXPECT_EQ(outside.peak.tensors, 4 * kMiB);
  EXPECT_EQ(meter.peak().tensors, 8 * kMiB);
  EXPECT_GT(first.peak.process, 0U);
}

TEST(RunMeterTest, SamplesBesideTheRun) {
  const TensorTracking tracking;
  RunMeter meter(MeterOf::Processor, tracking);
  const torch::Tensor model = tensorOf(kMiB);
  meter.setStep(17);
  std::vector<MemorySampled> samples;
  while (samples.empty() || samples.back().step != 17) {
    for (const MemorySampled& sample : meter.take()) samples.push_back(sample);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(samples.back().tensor_bytes, kMiB);
  EXPECT_GT(samples.back().process_bytes, kMiB);
  for (std::size_t i = 1; i < samples.size(); ++i) EXPECT_GT(samples[i].seconds, samples[i - 1].seconds);
}

TEST(MemorySamplerTest, EndsWithItsObject) {
  std::atomic<int> calls = 0;
  {
    const MemorySampler sampler([&] { ++calls; });
    while (calls == 0) std::this_thread::yield();
  }
  const int ended = calls;
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_EQ(calls, ended);
  { const MemorySampler failing([] { throw std::runtime_error("no meter"); }); }
}

}  // namespace
}  // namespace panicle
