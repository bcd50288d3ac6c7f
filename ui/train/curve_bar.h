// The bar over the curves: how much they are smoothed, which metric is shown, and the run to compare with.
#pragma once

#include <QWidget>
#include <string>
#include <vector>

#include "ui/train/metric_curves.h"

class QComboBox;
class QLabel;
class QSlider;

namespace panicle::ui {

class CompareChooser;
class Session;

class CurveBar : public QWidget {
  Q_OBJECT
 public:
  explicit CurveBar(Session& session, QWidget* parent = nullptr);

  int window() const;                  // of the smoothing, in batches
  void setWindow(int batches);         // the nearest that can be chosen
  void setMetrics(const std::vector<MetricChoice>& choices, const std::string& chosen);

  QSlider* smoothing() const { return smoothing_; }
  QComboBox* metric() const { return metric_; }
  CompareChooser* compare() const { return compare_; }

 Q_SIGNALS:
  void windowChanged(int batches);
  void metricChosen(const std::string& id);

 private:
  void tellWindow();

  QSlider* smoothing_;
  QLabel* windowText_;
  QComboBox* metric_;
  CompareChooser* compare_;
};

}  // namespace panicle::ui
