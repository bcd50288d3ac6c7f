// How learning rate and momentum move during training: fastai's schedules, step for step.
// Source: fastai.callback.schedule (combined_cos, fit_one_cycle, fine_tune), fastai.callback.core's
// pct_train.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/train/schedule_options.h"

namespace panicle {

// fastai's combined_cos(pct, start, middle, end): a cosine from start to middle over the first `pct`, then
// one to end. As in fastai, break points and the position inside a piece are float32, the cosine itself is
// double.
double combinedCos(double pct, double start, double middle, double end, double position);

// Training from one position 0 to 1, with one set of frozen layers: fastai's one call of fit.
struct FitPhase {
  std::string name;  // "one cycle", "frozen", "unfrozen", "flat cosine", "constant rate"
  ScheduleKind shape = ScheduleKind::FitOneCycle;  // never FineTune, which is two of these
  std::size_t frozen_groups = 0;  // the first groups that do not learn (but for their norm layers)
  int epochs = 1;
  std::vector<double> lr_max;  // of each parameter group, body first
  double pct_start = 0.25;
  double div = 25;
  double div_final = 1e5;
  std::vector<double> moms{0.95, 0.85, 0.95};

  double lr(std::size_t group, double position) const;
  // nullopt: fastai schedules none here (fit, fit_flat_cos), the optimizer keeps the momentum that it has.
  std::optional<double> momentum(double position) const;
};

// The phases of a stage. `groups` is the number of parameter groups.
std::vector<FitPhase> planPhases(const ScheduleOptions& options, std::size_t groups);

// fastai's pct_train for `batch` (from 0) of `epoch` (from 0): epoch / epochs, plus 1 / (batches * epochs)
// for each batch before, added one by one as fastai does, since the sum's rounding is visible in the rates.
class PositionCounter {
 public:
  PositionCounter(int epochs, std::size_t batches) : epochs_(epochs), batches_(batches) {}
  void beginEpoch(int epoch) { position_ = static_cast<double>(epoch) / epochs_; }
  void advance() { position_ += 1.0 / (static_cast<double>(batches_) * epochs_); }
  double position() const { return position_; }
  void setPosition(double position) { position_ = position; }

 private:
  int epochs_;
  std::size_t batches_;
  double position_ = 0;
};

// fastai's AvgSmoothLoss(beta=.98): a debiased moving average in float32, from the start of a fit.
class SmoothLoss {
 public:
  void reset() { *this = {}; }
  void add(float loss);
  double value() const;

  Json state() const;
  void setState(const Json& state);

 private:
  int count_ = 0;
  float average_ = 0;
};

}  // namespace panicle
