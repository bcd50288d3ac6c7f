#include "core/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace panicle {
namespace {

double cosine(double start, double end, double position) {
  return start + (1 + std::cos(std::numbers::pi * (1 - position))) * (end - start) / 2;
}

// fastai's freeze_to(n) over so many groups.
std::size_t frozenGroups(int freezeTo, std::size_t groups) {
  const auto count = static_cast<std::int64_t>(groups);
  const std::int64_t first = freezeTo < 0 ? count + freezeTo : freezeTo;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(first, 0, count));
}

FitPhase fitPhase(const ScheduleOptions& options, std::size_t groups) {
  FitPhase phase{.name = "one cycle",
                 .shape = options.kind,
                 .epochs = options.epochs,
                 .lr_max = options.lr_max.of(groups)};
  if (options.kind == ScheduleKind::FlatCos) phase.name = "flat cosine";
  if (options.kind == ScheduleKind::Fit) phase.name = "constant rate";
  phase.frozen_groups = frozenGroups(options.freeze_to, groups);
  phase.pct_start = options.pct_start.value_or(options.kind == ScheduleKind::FlatCos ? 0.75 : 0.25);
  phase.div = options.div.value_or(25);
  phase.div_final = options.div_final;
  phase.moms = options.moms;
  return phase;
}

std::vector<FitPhase> fineTunePhases(const ScheduleOptions& options, std::size_t groups) {
  std::vector<FitPhase> phases;
  if (options.freeze_epochs > 0) {
    FitPhase frozen{
        .name = "frozen", .frozen_groups = groups - 1, .epochs = options.freeze_epochs, .lr_max = {}};
    frozen.lr_max = LearningRate{.high = options.base_lr, .slice = true}.of(groups);
    frozen.pct_start = 0.99;  // the rate practically only rises
    frozen.div_final = options.div_final;
    frozen.moms = options.moms;
    phases.push_back(std::move(frozen));
  }
  const double lr = options.base_lr / 2;
  FitPhase unfrozen{
      .name = "unfrozen", .epochs = options.epochs, .lr_max = evenMults(lr / options.lr_mult, lr, groups)};
  unfrozen.pct_start = options.pct_start.value_or(0.3);
  unfrozen.div = options.div.value_or(5);
  unfrozen.div_final = options.div_final;
  unfrozen.moms = options.moms;
  phases.push_back(std::move(unfrozen));
  return phases;
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
  if (shape == ScheduleKind::Fit) return highest;
  const double first = shape == ScheduleKind::FlatCos ? highest : highest / div;
  return combinedCos(pct_start, first, highest, highest / div_final, position);
}

std::optional<double> FitPhase::momentum(double position) const {
  if (shape != ScheduleKind::FitOneCycle) return std::nullopt;
  return combinedCos(pct_start, moms[0], moms[1], moms[2], position);
}

std::vector<FitPhase> planPhases(const ScheduleOptions& options, std::size_t groups) {
  if (options.kind == ScheduleKind::FineTune) return fineTunePhases(options, groups);
  return {fitPhase(options, groups)};
}

void SmoothLoss::add(float loss) {
  constexpr float kBeta = 0.98f;
  ++count_;
  average_ -= (average_ - loss) *
              (1.0f - kBeta);  // torch.lerp(loss, average, beta), in its order for a weight above a half
}

Json SmoothLoss::state() const {
  return {{"count", count_}, {"average", average_}};
}

void SmoothLoss::setState(const Json& state) {
  count_ = state.at("count").get<int>();
  average_ = state.at("average").get<float>();
}

double SmoothLoss::value() const {
  if (count_ == 0) return std::nan("");
  return average_ / static_cast<float>(1 - std::pow(0.98, count_));
}

}  // namespace panicle
