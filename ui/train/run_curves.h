// The curves of one run: the loss over the steps, and under it the error rate by epoch and the learning rate.
#pragma once

#include <QWidget>
#include <vector>

#include "core/runs/run_store.h"
#include "core/train/events.h"

namespace panicle::ui {

class PlotCanvas;

class RunCurves : public QWidget {
  Q_OBJECT
 public:
  explicit RunCurves(QWidget* parent = nullptr);

  void clear();
  void setTitle(const QString& title);
  void setEmptyText(const QString& text);
  void add(const BatchEnded& batch);
  void add(const EpochEnded& epoch);   // at the step of the last batch
  void setRun(const RunRecord& record, const std::vector<StepRow>& steps);

  PlotCanvas* loss() const { return loss_; }
  PlotCanvas* metric() const { return metric_; }
  PlotCanvas* rate() const { return rate_; }

 Q_SIGNALS:
  void failed(const QString& problem);

 private:
  PlotCanvas* loss_;
  PlotCanvas* metric_;
  PlotCanvas* rate_;
  int raw_, smooth_, valid_, error_, lr_, momentum_;
  double lastStep_ = 0;
};

// The step at which each epoch of a stored run ended: where the smoothed loss is the one that the epoch's row tells.
std::vector<double> epochEnds(const std::vector<EpochRow>& epochs, const std::vector<StepRow>& steps);

}  // namespace panicle::ui
