// The plot of the metrics by epoch: one of them, all, or the recall of each class.
#pragma once

#include <QString>
#include <string>
#include <vector>

#include "ui/train/run_series.h"

namespace panicle::ui {

class PlotCanvas;

struct MetricChoice {
  std::string id;   // a metric's name; "recall/" or "variety_recall/": one a class; "*": all but those
  QString label;    // "error rate"

  friend bool operator==(const MetricChoice&, const MetricChoice&) = default;
};

// What can be shown of a run with these metrics (in the order of its table): each one, the classes' recalls, all.
std::vector<MetricChoice> metricChoices(const std::vector<std::string>& metrics);

class MetricCurves {
 public:
  explicit MetricCurves(PlotCanvas& canvas) : canvas_(canvas) {}

  void setMetrics(std::vector<std::string> metrics);
  const std::vector<MetricChoice>& choices() const { return choices_; }
  // Takes the first choice where the run has none of this id.
  void choose(const std::string& id);
  const std::string& chosen() const { return chosen_; }
  // `reference` may be null.
  void draw(const RunSeries& run, const RunSeries* reference, const QString& referenceName);

 private:
  std::vector<std::string> shown(const RunSeries& run) const;

  PlotCanvas& canvas_;
  std::vector<std::string> metrics_;
  std::vector<MetricChoice> choices_;
  std::string wanted_;
  std::string chosen_;
};

}  // namespace panicle::ui
