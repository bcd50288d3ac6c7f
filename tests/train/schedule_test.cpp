// Learning rates and momentum against what fastai 2.7.13 really set at every batch.
#include "core/train/schedule.h"

#include <cmath>

#include "tests/testing.h"

namespace panicle {
namespace {

using testing::reference;

constexpr std::size_t kBatches = 10;  // per epoch, in the reference

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
        EXPECT_NEAR(phase.lr(g, position.position()), lr, 1e-12 * lr) << "step " << step << " group " << g;
        const double momentum = expected["mom"][step][g];
        EXPECT_NEAR(phase.momentum(position.position()), momentum, 1e-12) << "step " << step;
      }
    }
  }
}

TEST(Schedule, OneCycleEqualsFastais) {
  const Json all = readJson(reference("fastai/data/01_schedules.json"));
  ScheduleOptions options{.kind = ScheduleKind::FitOneCycle, .epochs = 3, .lr_max = 1e-2};
  expectRates(planPhases(options, 1)[0], all["one_cycle_float_1group"][0]);
  expectRates(planPhases(options, 3)[0], all["one_cycle_float_3groups"][0]);
}

TEST(Schedule, DiscriminativeRatesEqualFastais) {
  const Json all = readJson(reference("fastai/data/01_schedules.json"));
  FitPhase phase{.epochs = 3, .lr_max = evenMults(1e-4, 1e-2, 3)};
  expectRates(phase, all["one_cycle_slice_lo_hi"][0]);
}

TEST(Schedule, FineTuneEqualsFastais) {
  const Json all = readJson(reference("fastai/data/01_schedules.json"));
  ScheduleOptions options{.kind = ScheduleKind::FineTune, .epochs = 3, .base_lr = 0.01, .freeze_epochs = 1};
  for (const auto& [name, groups] : {std::pair{"fine_tune_3e_0.01_3groups", 3u}, {"fine_tune_3e_0.01_2groups", 2u}}) {
    const auto phases = planPhases(options, groups);
    ASSERT_EQ(phases.size(), 2u);
    EXPECT_TRUE(phases[0].frozen);
    EXPECT_FALSE(phases[1].frozen);
    expectRates(phases[0], all[name][0]);
    expectRates(phases[1], all[name][1]);
  }
  options = {.kind = ScheduleKind::FineTune, .epochs = 2};
  const auto phases = planPhases(options, 3);
  expectRates(phases[0], all["fine_tune_2e_default"][0]);
  expectRates(phases[1], all["fine_tune_2e_default"][1]);
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
