#include "core/train/schedule.h"

#include <cmath>
#include <numbers>

namespace panicle {
namespace {

constexpr double kMomentumHigh = 0.95;
constexpr double kMomentumLow = 0.85;

double cosine(double start, double end, double position) {
  return start + (1 + std::cos(std::numbers::pi * (1 - position))) * (end - start) / 2;
}

}  // namespace

double combinedCos(double pct, double start, double middle, double end, double position) {
  const auto middleAt = static_cast<float>(pct);
  const float endAt = middleAt + static_cast<float>(1 - pct);
  const auto at = static_cast<float>(position);
  if (at < middleAt) return cosine(start, middle, at / middleAt);
  return cosine(middle, end, (at - middleAt) / (endAt - middleAt));
}

double FitPhase::lr(std::size_t group, double position) const {
  const double highest = lr_max[group];
  return combinedCos(pct_start, highest / div, highest, highest / div_final, position);
}

double FitPhase::momentum(double position) const {
  return combinedCos(pct_start, kMomentumHigh, kMomentumLow, kMomentumHigh, position);
}

std::vector<double> evenMults(double low, double high, std::size_t groups) {
  if (groups == 1) return {high};
  std::vector<double> rates;
  const double step = std::pow(high / low, 1.0 / static_cast<double>(groups - 1));
  for (std::size_t i = 0; i < groups; ++i) rates.push_back(low * std::pow(step, static_cast<double>(i)));
  return rates;
}

std::vector<FitPhase> planPhases(const ScheduleOptions& options, std::size_t groups) {
  if (options.kind == ScheduleKind::FitOneCycle) {
    FitPhase phase{.name = "one cycle", .epochs = options.epochs, .lr_max = std::vector<double>(groups, options.lr_max)};
    phase.pct_start = options.pct_start.value_or(0.25);
    phase.div = options.div.value_or(25);
    phase.div_final = options.div_final;
    return {phase};
  }
  std::vector<FitPhase> phases;
  if (options.freeze_epochs > 0) {
    // fastai's slice(lr): a tenth of it for all groups but the last. pct_start .99: the rate practically only rises.
    FitPhase frozen{.name = "frozen", .frozen = true, .epochs = options.freeze_epochs, .lr_max = {}};
    frozen.lr_max.assign(groups, options.base_lr / 10);
    frozen.lr_max.back() = options.base_lr;
    frozen.pct_start = 0.99;
    frozen.div_final = options.div_final;
    phases.push_back(std::move(frozen));
  }
  const double lr = options.base_lr / 2;
  FitPhase unfrozen{.name = "unfrozen", .epochs = options.epochs, .lr_max = evenMults(lr / options.lr_mult, lr, groups)};
  unfrozen.pct_start = options.pct_start.value_or(0.3);
  unfrozen.div = options.div.value_or(5);
  unfrozen.div_final = options.div_final;
  phases.push_back(std::move(unfrozen));
  return phases;
}

void SmoothLoss::add(float loss) {
  constexpr float kBeta = 0.98f;
  ++count_;
  average_ -= (average_ - loss) * (1.0f - kBeta);  // torch.lerp(loss, average, beta), in its order for a weight above a half
}

double SmoothLoss::value() const {
  if (count_ == 0) return std::nan("");
  return average_ / static_cast<float>(1 - std::pow(0.98, count_));
}

}  // namespace panicle
