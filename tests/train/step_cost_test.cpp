// A step's cost: that it counts what it says, with times of any length.
#include "core/train/step_cost.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/models/architecture.h"

namespace panicle {
namespace {

StepCostOptions smallStep() {
  StepCostOptions options;
  options.model.arch = "resnet18";
  options.size = {64, 32};
  options.batch = 4;
  options.steps = 3;
  options.threads = 1;
  options.device = "cpu";
  options.precision = Precision::Fp32;
  return options;
}

TEST(StepCost, FiguresAgreeWithEachOther) {
  std::vector<std::uint64_t> told;
  const StepCost cost = measureStep(smallStep(), {}, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 5u);
    told.push_back(done);
  });
  EXPECT_THAT(told, ::testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_GT(cost.fastest, 0);
  EXPECT_GE(cost.seconds, cost.fastest);
  EXPECT_DOUBLE_EQ(cost.images_per_second, 4 / cost.seconds);
  const double operations = 6.0 * static_cast<double>(architecture("resnet18").multiply_adds({64, 32}));
  EXPECT_NEAR(cost.gflops, operations * cost.images_per_second / 1e9, 1e-9 * cost.gflops);
  EXPECT_EQ(cost.precision, Precision::Fp32);
  EXPECT_THAT(cost.device, ::testing::StartsWith("CPU, "));
}

TEST(StepCost, StopsAndRefuses) {
  std::stop_source stop;
  std::uint64_t steps = 0;
  EXPECT_THROW(measureStep(smallStep(), stop.get_token(),
                           [&](std::uint64_t done, std::uint64_t) {
                             steps = done;
                             stop.request_stop();
                           }),
               Cancelled);
  EXPECT_EQ(steps, 1u);
  StepCostOptions wrong = smallStep();
  wrong.batch = 1;
  EXPECT_THROW(measureStep(wrong), Error);
  wrong = smallStep();
  wrong.model.arch = "resnet19";
  EXPECT_THROW(measureStep(wrong), Error);
  wrong.model.arch = "swin_tiny_patch4_window7_224";
  EXPECT_THROW(measureStep(wrong), Error);  // of 64 x 32 pixels
}

}  // namespace
}  // namespace panicle
