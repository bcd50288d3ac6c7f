// The curves of one run: the loss over the steps, and under it the metrics by epoch, the learning rate and the memory.
// Another run can lie beneath to compare with.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "ui/train/memory_curve.h"
#include "ui/train/metric_curves.h"
#include "ui/train/run_series.h"
#include "ui/train/smoothing.h"

namespace panicle::ui {

class PlotCanvas;

class RunCurves : public QWidget {
  Q_OBJECT
 public:
  explicit RunCurves(QWidget* parent = nullptr);

  void clear();                        // the run; what it is compared with stays
  void setTitle(const QString& title);
  void setEmptyText(const QString& text);
  void setMetrics(const std::vector<std::string>& metrics);  // in the order of the epoch table
  void add(const BatchEnded& batch);
  void add(const EpochEnded& epoch);   // at the step of the last batch
  void add(const RatesChanged& change);
  void add(const MemoryReading& reading);  // at the step of the last batch
  void add(const MemoryMeasured& measured);  // the stage in progress ended
  void expectMemory(MemoryExpectation expected);
  void setRun(RunSeries run);
  void setMemory(const RunMemory& memory, const std::vector<MemoryRow>& samples);  // of setRun()'s
  void setReference(std::shared_ptr<const RunSeries> run, const QString& name);  // null: none

  void setSmoothing(int window);       // batches; kFastaiWindow shows what fastai's average gave
  int smoothing() const { return window_; }
  void chooseMetric(const std::string& id);
  const std::string& chosenMetric() const { return metricCurves_.chosen(); }
  const std::vector<MetricChoice>& metricChoices() const { return metricCurves_.choices(); }

  PlotCanvas* loss() const { return loss_; }
  PlotCanvas* metric() const { return metric_; }
  PlotCanvas* rate() const { return rate_; }
  PlotCanvas* memory() const { return memory_; }

 Q_SIGNALS:
  void failed(const QString& problem);
  void metricChoicesChanged();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void arrange();
  void showMemory(bool shown);
  void place();
  void addStepCurves();                // of both runs, without their points
  void drawSteps();
  void drawSmooth();
  void drawMetrics();
  void drawNotes();
  void addNote(const StepNote& note);

  PlotCanvas* loss_;
  PlotCanvas* metric_;
  PlotCanvas* rate_;
  PlotCanvas* memory_;
  MetricCurves metricCurves_;
  MemoryCurve memoryCurve_;
  quint64 highestSeen_ = 0;            // bytes of tensors, of the run in progress
  RunSeries run_;
  std::shared_ptr<const RunSeries> reference_;
  QString referenceName_;
  int window_ = kFastaiWindow;
  MovingAverage average_{kFastaiWindow};
  int raw_ = 0, smooth_ = 0, valid_ = 0, lr_ = 0, momentum_ = 0;
  int otherSmooth_ = 0, otherValid_ = 0, otherLr_ = 0;  // of the reference
};

}  // namespace panicle::ui
