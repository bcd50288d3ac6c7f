// What the events of a run say about how far it is, in words and shares. No widgets.
#pragma once

#include <QString>
#include <vector>

#include "core/runs/run_spec.h"
#include "core/train/events.h"

namespace panicle::ui {

class RunProgress {
 public:
  void apply(const TrainEvent& event);

  QString where() const;          // "Epoch 3 of 12, batch 12 of 49", "Reading the data set"
  // "0:41 left"; empty while it is not known. `since`: seconds that passed since the last batch, as in a validation.
  QString left(double since = 0) const;
  double runShare() const;        // 0..1; below 0 while nothing countable happens, as in a phase
  double epochShare() const;      // of training or validation inside the epoch; below 0 as above

  const QString& run() const { return run_; }
  std::size_t validImages() const { return validImages_; }
  std::size_t stepsPerEpoch() const { return stepsPerEpoch_; }
  int epochs() const { return epochs_; }                 // planned
  int epochsDone() const { return epoch_; }
  bool inEpoch() const { return batch_ > 0; }            // a batch of the next one was trained
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

// What is told of a run that has ended.
struct RunEnding {
  QString run;
  RunStatus status = RunStatus::Finished;
  int epochs = 0;               // planned; 0: not known
  int done = 0;
  bool in_epoch = false;        // a batch of the next one was trained
  double error = -1;            // of the model that was kept, until that is known of the last epoch; below 0: none
  double lowest_error = -1;     // of any epoch, likewise
  int lowest_epoch = 0;         // which has it, from 0
  double tta_error = -1;        // of the model, with test-time augmentation, likewise
  std::size_t valid_images = 0; // 0: not known
  double seconds = 0;
  quint64 peak = 0;             // that was measured, bytes as heldBytes() counts them; 0: not known
  quint64 predicted = 0;        // likewise

  void add(int epoch, const std::map<std::string, double>& metrics);
  void keep(const std::map<std::string, double>& metrics);  // of the model; none where it is not known
};

// "Run 3 finished: error 4.9 % (102 of 2,081), lowest 4.1 % in epoch 7, 3.9 % with test-time augmentation, in 2:13; peak 1,234 MiB, predicted 1,250";
// "Run 3 stopped in epoch 3 of 10: ...".
QString outcomeText(const RunEnding& outcome);

// Over all stages and phases.
int plannedEpochs(const RunSpec& spec);

}  // namespace panicle::ui
