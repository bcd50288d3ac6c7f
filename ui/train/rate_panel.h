// While a run is paused: the learning rate and the weight decay of its coming steps.
#pragma once

#include <QWidget>

#include "core/train/events.h"

class QDoubleSpinBox;
class QLabel;
class QPushButton;

namespace panicle::ui {

class RunController;

class RatePanel : public QWidget {
  Q_OBJECT
 public:
  explicit RatePanel(RunController& runs, QWidget* parent = nullptr);  // shows itself while the run is paused

  void apply(const TrainEvent& event);  // to know the rates that hold now

  QDoubleSpinBox* scaleField() const { return scale_; }
  QDoubleSpinBox* decayField() const { return decay_; }
  QPushButton* undoButton() const { return undo_; }
  QString effectText() const;

 private:
  void follow();     // the controller's state
  void showRates();  // those that hold now
  void edited();
  void updateEffect();
  bool scaleDiffers() const;
  bool decayDiffers() const;

  RunController& runs_;
  QDoubleSpinBox* scale_;
  QDoubleSpinBox* decay_;
  QPushButton* undo_;
  QLabel* effect_;
  double lr_ = -1;        // of the last step; below 0 before it
  double lrScale_ = 1;    // that hold now
  double wd_ = 0;
};

}  // namespace panicle::ui
