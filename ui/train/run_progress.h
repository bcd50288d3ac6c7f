// What the events of a run say about how far it is, in words and shares. No widgets.
#pragma once

#include <QString>
#include <vector>

#include "core/train/events.h"

namespace panicle::ui {

class RunProgress {
 public:
  void apply(const TrainEvent& event);

  QString where() const;          // "Epoch 3 of 12, batch 12 of 49", "Reading the data set"
  // "0:41 left"; empty while it is not known. `since`: seconds that passed since the last batch, as in a validation.
  QString left(double since = 0) const;
  double runShare() const;        // 0..1; below 0 while nothing countable happens
  double epochShare() const;      // of training or validation inside the epoch; below 0 as above

  const QString& run() const { return run_; }
  std::size_t validImages() const { return validImages_; }
  std::size_t stepsPerEpoch() const { return stepsPerEpoch_; }
  int epochs() const { return epochs_; }
  std::uint64_t skippedSteps() const { return skipped_; }  // of the run so far

 private:
  enum class Doing { Nothing, Training, Validating, Phase };

  Doing doing_ = Doing::Nothing;
  QString phase_;
  QString run_;
  std::size_t validImages_ = 0;
  std::size_t stepsPerEpoch_ = 0;
  int epochs_ = 0;
  int epoch_ = 0;
  std::size_t batch_ = 0;
  std::size_t batches_ = 0;
  std::uint64_t skipped_ = 0;
  double eta_ = -1;
};

// How a run ended, in one line: "Run 3 finished: error 4.9 % (102 of 2,081) in 2:13". `validImages` 0 where it is not known;
// `error` below 0 where no epoch ended.
QString outcomeText(const QString& run, RunStatus status, double error, std::size_t validImages, double seconds);

}  // namespace panicle::ui
