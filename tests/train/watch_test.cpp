// What looks on while a run trains: trackers, the loss scaler, the time left.
#include <cmath>

#include "core/train/loss_scaler.h"
#include "core/train/time_left.h"
#include "core/train/tracker.h"
#include "tests/testing.h"

namespace panicle {
namespace {

std::map<std::string, double> lossOf(double value) {
  return {{"valid_loss", value}, {"accuracy", 1 - value}};
}

TEST(LossScaler, HalvesOnOverflowAndDoublesAfterTwoThousandGoodSteps) {
  LossScaler scaler;
  EXPECT_EQ(scaler.scale(), 65536);
  scaler.update(false);
  scaler.update(false);
  EXPECT_EQ(scaler.scale(), 16384);
  for (int i = 0; i < 1999; ++i) scaler.update(true);
  EXPECT_EQ(scaler.scale(), 16384);
  scaler.update(true);
  EXPECT_EQ(scaler.scale(), 32768);
  for (int i = 0; i < 1999; ++i) scaler.update(true);
  scaler.update(false);
  scaler.update(true);
  EXPECT_EQ(scaler.scale(), 16384);  // an overflow begins the count anew
}

TEST(Tracker, SmallerLossesAndLargerAccuraciesAreBetter) {
  Tracker loss("valid_loss", 0), accuracy("accuracy", 0);
  for (const double value : {0.5, 0.6, 0.4}) {
    EXPECT_EQ(loss.improves(lossOf(value)), value != 0.6);
    EXPECT_EQ(accuracy.improves(lossOf(value)), value != 0.6);
  }
  EXPECT_FALSE(loss.improves(lossOf(std::nan(""))));
  EXPECT_FALSE(loss.improves({}));
  EXPECT_EQ(loss.epochsSince(), 2);
  loss.beginFit();
  EXPECT_TRUE(loss.improves(lossOf(0.9)));
}

TEST(Tracker, MustBeBetterByMoreThanTheLeastDifference) {
  Tracker loss("valid_loss", 0.1);
  EXPECT_TRUE(loss.improves(lossOf(0.5)));
  EXPECT_FALSE(loss.improves(lossOf(0.45)));
  EXPECT_FALSE(loss.improves(lossOf(0.41)));  // counted from the best, not from the last
  EXPECT_TRUE(loss.improves(lossOf(0.39)));
}

TEST(FitWatch, StopsAndReducesAfterItsPatience) {
  CallbackOptions options;
  options.early_stopping = EarlyStoppingOptions{.patience = 3};
  options.reduce_lr = ReduceLrOptions{.patience = 2};
  options.keep_best = KeepBestOptions{};
  FitWatch watch(options);
  for (int fit = 0; fit < 2; ++fit) {
    watch.beginFit();
    std::vector<FitWatch::Verdict> verdicts;
    for (const double value : {0.5, 0.6, 0.6, 0.6}) verdicts.push_back(watch.afterEpoch(lossOf(value)));
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(verdicts[i].keep, i == 0);
      EXPECT_EQ(verdicts[i].reduce, i == 2);  // and the count begins anew
      EXPECT_EQ(verdicts[i].stop, i == 3);
      EXPECT_EQ(verdicts[i].notes.size(), i < 2 ? 0u : 1u);
    }
  }
}

TEST(CallbackOptions, MonitorsMustBeColumnsOfTheTable) {
  CallbackOptions options;
  options.keep_best = KeepBestOptions{.monitor = "acuracy"};
  options.early_stopping = EarlyStoppingOptions{.monitor = "variety_error_rate"};
  options.reduce_lr = ReduceLrOptions{.monitor = "train_loss"};
  const auto problems = check(options, {"accuracy", "error_rate"});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0], "keep_best.monitor 'acuracy' is not among the run's metrics; did you mean 'accuracy'?");
}

// What only the data tell: "mae" is the age's, "recall" a column a class.
TEST(CallbackOptions, MonitorsMustBeColumnsOfTheRunsOwnTable) {
  CallbackOptions options;
  const std::vector<std::string> columns{"error_rate", "recall/blast", "recall/normal", "age_mae"};
  for (const char* monitor : {"mae", "recall", "variety_error_rate"}) {
    options.early_stopping = EarlyStoppingOptions{.monitor = monitor};
    EXPECT_EQ(checkMonitors(options, columns, true).size(), 1u) << monitor;
  }
  for (const char* monitor : {"age_mae", "recall/blast", "valid_loss", "train_loss"}) {
    options.early_stopping = EarlyStoppingOptions{.monitor = monitor};
    EXPECT_TRUE(checkMonitors(options, columns, true).empty()) << monitor;
    EXPECT_TRUE(check(options, {"error_rate", "recall"}).empty()) << monitor;
    EXPECT_EQ(checkMonitors(options, columns, false).empty(), std::string(monitor) == "train_loss") << monitor;
  }
}

// A machine that takes known times: everything that the estimate must find out.
struct Machine {
  double perPixel = 1e-6;
  double frozenShare = 0.6, validShare = 0.3;  // not those that TimeLeft supposes
  double firstBatches = 5;                     // the first two cost this many times as much

  double train(const PlannedFit& fit) const { return fit.pixels * perPixel * (fit.frozen ? frozenShare : 1); }
  double valid(const PlannedFit& fit) const { return fit.pixels * perPixel * validShare; }
};

struct Simulation {
  std::vector<double> errors;  // of the estimate after each epoch, relative
  double firstEstimate = -1;   // within the first epoch
};

Simulation simulate(const TimePlan& plan, const Machine& machine) {
  constexpr std::size_t kBatch = 32;
  double now = 0, total = 0;
  std::vector<std::pair<double, double>> estimates;  // when, how much was left
  Simulation result;
  TimeLeft left(plan);
  EXPECT_LT(left.seconds(), 0);
  std::size_t batches = 0;
  for (std::size_t f = 0; f < plan.fits.size(); ++f) {
    const PlannedFit& fit = plan.fits[f];
    for (int epoch = 0; epoch < fit.epochs; ++epoch) {
      left.beginEpoch(f);
      for (std::size_t done = 0; done < fit.train_images; done += kBatch) {
        const double seconds = machine.train(fit) * kBatch * (++batches <= 2 ? machine.firstBatches : 1);
        left.trained(kBatch, seconds);
        now += seconds;
        if (batches == 4) result.firstEstimate = now + left.seconds();
      }
      const double seconds = machine.valid(fit) * static_cast<double>(fit.valid_images);
      left.validated(fit.valid_images, seconds);
      now += seconds;
      left.endEpoch();
      estimates.emplace_back(now, left.seconds());
    }
    left.endFit();
  }
  total = now + machine.valid(plan.fits.back()) * static_cast<double>(plan.predicted_images);
  for (const auto& [at, estimate] : estimates) result.errors.push_back(std::abs(estimate - (total - at)) / std::max(total - at, 1e-9));
  result.firstEstimate = std::abs(result.firstEstimate - total) / total;
  return result;
}

TEST(TimeLeft, IsRightWithinAFifthAfterTheSecondEpochOfAFineTune) {
  TimePlan plan;
  plan.fits = {{.epochs = 1, .frozen = true, .pixels = 128 * 128, .train_images = 3200, .valid_images = 800},
               {.epochs = 10, .frozen = false, .pixels = 128 * 128, .train_images = 3200, .valid_images = 800}};
  plan.predicted_images = 5 * 4000;
  const Simulation simulation = simulate(plan, {});
  EXPECT_LT(simulation.errors[0], 0.2);  // even of epochs not yet seen
  for (std::size_t i = 1; i < simulation.errors.size(); ++i) EXPECT_LT(simulation.errors[i], 0.01) << i;
  EXPECT_LT(simulation.firstEstimate, 0.4);
}

TEST(TimeLeft, IsRightWithinAFifthAfterTheSecondEpochOfSeveralStages) {
  TimePlan plan;
  for (const double side : {64.0, 96.0, 128.0}) {
    plan.fits.push_back({.epochs = 1, .frozen = true, .pixels = side * side, .train_images = 3200, .valid_images = 800});
    plan.fits.push_back({.epochs = 4, .frozen = false, .pixels = side * side, .train_images = 3200, .valid_images = 800});
  }
  const Simulation simulation = simulate(plan, {});
  for (std::size_t i = 1; i + 1 < simulation.errors.size(); ++i) EXPECT_LT(simulation.errors[i], 0.02) << i;
}

TEST(TimeLeft, FollowsAMachineThatSlowsDown) {
  TimePlan plan;
  plan.fits = {{.epochs = 4, .pixels = 1000, .train_images = 320, .valid_images = 0}};
  TimeLeft left(plan);
  const auto epoch = [&](double perImage) {
    left.beginEpoch(0);
    for (int i = 0; i < 10; ++i) left.trained(32, 32 * perImage);
    left.validated(0, 0);
    left.endEpoch();
  };
  epoch(1);
  EXPECT_NEAR(left.seconds(), 3 * 320, 1e-6);
  epoch(2);
  EXPECT_NEAR(left.seconds(), 2 * 640, 1e-6);
}

TEST(TimeLeft, AFitThatEndedEarlyLeavesNothing) {
  TimePlan plan;
  plan.fits = {{.epochs = 10, .pixels = 100, .train_images = 96, .valid_images = 32},
               {.epochs = 1, .pixels = 100, .train_images = 96, .valid_images = 32}};
  TimeLeft left(plan);
  left.beginEpoch(0);
  for (int i = 0; i < 3; ++i) left.trained(32, 32);
  left.validated(32, 16);
  left.endEpoch();
  EXPECT_NEAR(left.seconds(), 10 * (96 + 16), 1e-6);
  left.endFit();
  EXPECT_NEAR(left.seconds(), 96 + 16, 1e-6);
}

TEST(TimeLeft, WithoutAPlanNothingIsKnown) {
  TimeLeft left({});
  left.beginEpoch(0);
  left.trained(32, 1);
  left.trained(32, 1);
  left.trained(32, 1);
  left.validated(32, 1);
  EXPECT_LT(left.seconds(), 0);
}

}  // namespace
}  // namespace panicle
