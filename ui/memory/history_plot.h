// The last five minutes of the memory, with what the recipe or the run in progress is planned to take.
#pragma once

#include <QElapsedTimer>
#include <QWidget>
#include <deque>
#include <optional>

#include "core/memory/meter.h"

namespace panicle::ui {

class PlotCanvas;

class HistoryPlot : public QWidget {
  Q_OBJECT
 public:
  static constexpr double kSeconds = 300;

  explicit HistoryPlot(QWidget* parent = nullptr);

  void add(const MemoryReading& reading);
  void setPlanned(std::optional<quint64> peak);  // bytes of the process
  PlotCanvas* canvas() const { return canvas_; }

 Q_SIGNALS:
  void failed(const QString& problem);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  struct Sample {
    double seconds = 0;
    quint64 tensors = 0, process = 0, all = 0;
  };

  void addCurves();
  void draw();

  PlotCanvas* canvas_;
  int all_ = 0, process_ = 0, tensors_ = 0, planned_ = 0, tight_ = 0, full_ = 0;
  QElapsedTimer clock_;
  std::deque<Sample> samples_;
  quint64 total_ = 0;
  std::optional<quint64> peak_;
  int undrawn_ = 0;
  double span_ = 0;  // seconds that the axis has
};

}  // namespace panicle::ui
