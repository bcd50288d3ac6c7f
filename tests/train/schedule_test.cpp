// Learning rates and momentum against what fastai 2.7.13 really set at every batch.
#include "core/train/schedule.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::reference;

constexpr std::size_t kBatches = 10;  // per epoch, in the reference
constexpr double kRelative = 1e-12;
constexpr double kUnscheduled = 0.9;  // momentum of a new Adam

Json schedules() {
  return readJson(reference("fastai/data/01_schedules.json"));
}

void expectRates(const FitPhase& phase, const Json& expected) {
  const std::size_t groups = expected["n_groups"];
  ASSERT_EQ(phase.lr_max.size(), groups);
  ASSERT_EQ(static_cast<std::size_t>(phase.epochs) * kBatches, expected["n_steps"].get<std::size_t>());
  PositionCounter position(phase.epochs, kBatches);
  std::size_t step = 0;
  for (int epoch = 0; epoch < phase.epochs; ++epoch) {
    position.beginEpoch(epoch);
    for (std::size_t batch = 0; batch < kBatches; ++batch, ++step, position.advance()) {
      for (std::size_t g = 0; g < groups; ++g) {
        const double lr = expected["lr"][step][g];
        EXPECT_NEAR(phase.lr(g, position.position()), lr, kRelative * lr)
            << "step " << step << " group " << g;
        const double momentum = expected["mom"][step][g];
        EXPECT_NEAR(phase.momentum(position.position()).value_or(kUnscheduled), momentum, kRelative)
            << "step " << step;
      }
    }
  }
}

void expectStage(const ScheduleOptions& options, const char* name) {
  SCOPED_TRACE(name);
  const Json all = schedules();
  const Json& expected = all[name];
  const auto phases = planPhases(options, expected[0]["n_groups"]);
  ASSERT_EQ(phases.size(), expected.size());
  for (std::size_t i = 0; i < phases.size(); ++i) expectRates(phases[i], expected[i]);
}

TEST(Schedule, OneCycleEqualsFastais) {
  expectStage({.epochs = 3, .lr_max = {1e-2}}, "one_cycle_float_1group");
  expectStage({.epochs = 3, .lr_max = {1e-2}}, "one_cycle_float_3groups");
  expectStage({.epochs = 1, .lr_max = {1e-3}}, "one_cycle_default_lr");
}

TEST(Schedule, DiscriminativeRatesEqualFastais) {
  expectStage({.epochs = 3, .lr_max = {.high = 1e-2, .slice = true}}, "one_cycle_slice_lr");
  expectStage({.epochs = 3, .lr_max = {.high = 1e-2, .low = 1e-4}}, "one_cycle_slice_lo_hi");
}

TEST(Schedule, AllOptionsOfOneCycleEqualFastais) {
  expectStage(
      {.epochs = 2, .lr_max = {3e-3}, .pct_start = 0.4, .div = 10, .div_final = 1e3, .moms = {0.9, 0.8, 0.9}},
      "one_cycle_wd0.1_pct0.4_div10_final1e3");
}

TEST(Schedule, FineTuneEqualsFastais) {
  const ScheduleOptions options{
      .kind = ScheduleKind::FineTune, .epochs = 3, .base_lr = 0.01, .freeze_epochs = 1};
  expectStage(options, "fine_tune_3e_0.01_3groups");
  expectStage(options, "fine_tune_3e_0.01_2groups");
  expectStage({.kind = ScheduleKind::FineTune, .epochs = 2}, "fine_tune_2e_default");
  const auto phases = planPhases(options, 3);
  EXPECT_EQ(phases[0].frozen_groups, 2u);
  EXPECT_EQ(phases[1].frozen_groups, 0u);
  EXPECT_EQ(planPhases({.kind = ScheduleKind::FineTune, .freeze_epochs = 0}, 2).size(), 1u);
}

TEST(Schedule, FlatCosineAndConstantRateEqualFastais) {
  expectStage({.kind = ScheduleKind::FlatCos, .epochs = 3, .lr_max = {1e-2}}, "flat_cos_float");
  expectStage({.kind = ScheduleKind::FlatCos, .epochs = 3, .lr_max = {.high = 1e-2, .low = 1e-4}},
              "flat_cos_slice");
  expectStage({.kind = ScheduleKind::Fit, .epochs = 1, .lr_max = {1e-2}}, "fit_plain_0.01");
  EXPECT_FALSE(planPhases({.kind = ScheduleKind::FlatCos}, 2)[0].momentum(0.5));
  EXPECT_FALSE(planPhases({.kind = ScheduleKind::Fit}, 2)[0].momentum(0.5));
}

TEST(Schedule, CombinedCosEqualsFastaisEverywhere) {
  const Json all = schedules();
  ASSERT_FALSE(all["combined_cos"].empty());
  for (const auto& [name, expected] : all["combined_cos"].items()) {
    const Json& arguments = expected["args"];
    const double scale = std::abs(arguments[2].get<double>());
    for (std::size_t i = 0; i < expected["pos"].size(); ++i) {
      const double value =
          combinedCos(arguments[0], arguments[1], arguments[2], arguments[3], expected["pos"][i]);
      EXPECT_NEAR(value, expected["val"][i].get<double>(), kRelative * scale)
          << name << " at " << expected["pos"][i];
    }
  }
}

TEST(Schedule, PositionEqualsFastaisPctTrain) {
  const Json all = schedules();
  PositionCounter position(3, 7);
  for (std::size_t i = 0; i < all["pct_train_3x7"].size(); ++i, position.advance()) {
    if (i % 7 == 0) position.beginEpoch(static_cast<int>(i / 7));
    EXPECT_EQ(position.position(), all["pct_train_3x7"][i].get<double>()) << i;
  }
}

TEST(Schedule, FreezesUpToAGroup) {
  const auto frozen = [](int freezeTo, std::size_t groups) {
    return planPhases({.freeze_to = freezeTo}, groups)[0].frozen_groups;
  };
  EXPECT_EQ(frozen(0, 3), 0u);
  EXPECT_EQ(frozen(1, 3), 1u);
  EXPECT_EQ(frozen(-1, 3), 2u);
  EXPECT_EQ(frozen(-1, 1), 0u);
  EXPECT_EQ(frozen(-3, 2), 0u);
  EXPECT_EQ(frozen(3, 2), 2u);
}

TEST(ScheduleOptions, MomentumNeedsThreeNumbers) {
  EXPECT_THAT(check(ScheduleOptions{}), IsEmpty());
  const auto problems = check(ScheduleOptions{.moms = {0.95, 0.85}});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0], HasSubstr("moms must hold three numbers such as [0.95, 0.85, 0.95], not 2"));
}

TEST(SmoothLoss, EqualsFastais) {
  const Json all = readJson(reference("fastai/data/03_smooth_loss.json"));
  SmoothLoss smooth;
  const Json& values = all["smoothed"];
  ASSERT_EQ(values.size(), all["losses"].size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    smooth.add(all["losses"][i].get<float>());
    EXPECT_NEAR(smooth.value(), values[i].get<double>(), 3e-7 * values[i].get<double>()) << i;
  }
}

}  // namespace
}  // namespace panicle
