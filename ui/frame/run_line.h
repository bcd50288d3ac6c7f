// The run in progress in one line for the frame: "run 12: epoch 3/12, 41 s left". No widgets.
#pragma once

#include <QString>
#include <vector>

#include "core/train/events.h"

namespace panicle::ui {

class RunLine {
 public:
  void begin();
  void apply(const TrainEvent& event);
  void end(const QString& run, RunStatus status, const QString& message);

  // `paused` and `stopping` are the controller's state.
  QString text(bool paused, bool stopping) const;
  QString brief(bool paused, bool stopping) const;  // "Epoch 3/12", "Paused", "Preparing": for the recipe strip
  double share() const;  // of the whole run, 0..1; below 0 while unknown

 private:
  QString run_;
  QString phase_;
  QString ended_;
  bool inEpoch_ = false;
  bool validating_ = false;
  int epoch_ = 0;
  int epochs_ = 0;
  double eta_ = -1;
  double epochShare_ = 0;
  double error_ = -1;
};

}  // namespace panicle::ui
