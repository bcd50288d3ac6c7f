// The curves of one run as numbers: every step, every epoch, and where its settings changed. No widgets.
#pragma once

#include <QString>
#include <map>
#include <string>
#include <vector>

#include "core/runs/run_store.h"
#include "core/train/events.h"

namespace panicle::ui {

struct Points {
  std::vector<double> x;
  std::vector<double> y;

  void add(double atX, double atY) {
    x.push_back(atX);
    y.push_back(atY);
  }
};

// A place on the step axis with a few words.
struct StepNote {
  double step = 0;
  QString text;
};

// A stage of which an epoch has ended.
struct StageEnd {
  int stage = 0;
  double step = 0;  // of its last epoch so far
};

class RunSeries {
 public:
  RunSeries() = default;
  RunSeries(const RunRecord& record, const std::vector<StepRow>& steps);

  void add(const BatchEnded& batch);
  // The epoch ended with the last batch. Returns the note of a new phase or stage that began with it; empty text: none.
  StepNote add(const EpochRow& epoch);
  StepNote add(const RatesChanged& change);

  const std::vector<double>& steps() const { return steps_; }
  const std::vector<double>& loss() const { return loss_; }
  const std::vector<double>& lr() const { return lr_; }
  const std::vector<double>& momentum() const { return momentum_; }
  // The loss smoothed over `window` batches; over kFastaiWindow it is the one that fastai's average gave, which begins anew
  // with each fit.
  std::vector<double> smoothLoss(int window) const;
  const Points& validLoss() const { return valid_; }                        // over steps
  const std::map<std::string, Points>& metrics() const { return metrics_; }  // over epochs
  const std::vector<StepNote>& notes() const { return notes_; }
  const std::vector<StageEnd>& stages() const { return stages_; }
  double lastStep() const { return steps_.empty() ? 0 : steps_.back(); }

 private:
  StepNote addEpoch(const EpochRow& epoch, double end);

  std::vector<double> steps_, loss_, smooth_, lr_, momentum_;
  Points valid_;
  std::map<std::string, Points> metrics_;
  std::vector<StepNote> notes_;
  std::vector<StageEnd> stages_;
  int epochs_ = 0;
  int stage_ = 0;
  std::string phase_;
};

// The step at which each epoch of a stored run ended: where the smoothed loss is the one that the epoch's row tells.
std::vector<double> epochEnds(const std::vector<EpochRow>& epochs, const std::vector<StepRow>& steps);

EpochRow rowOf(const EpochEnded& epoch);

// "learning rate x 0.5, weight decay 0.1"
QString rateWords(double lrScale, double wd);

}  // namespace panicle::ui
