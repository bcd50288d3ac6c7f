#include "ui/rate/sweep_plot.h"

#include <algorithm>

namespace panicle::ui {
namespace {

constexpr double kAirBelow = 0.06;  // of the range of losses
constexpr double kRoomAtTheLeft = 1.5;
constexpr double kAirAbove = 0.25;  // where the blow-up begins, and the labels stand

QString curveName(const Sweep& sweep) { return SweepPlot::tr("sweep %1").arg(sweep.number); }

}  // namespace

SweepPlot::SweepPlot(QWidget* parent) : PlotCanvas(tr("learning rate"), tr("loss"), parent) {
  setLogX(true);
  setEmptyText(tr("A sweep trains a copy of the network on a few batches while the learning rate rises.\n"
                  "The loss falls where a rate is good, and blows up where it is too high."));
  setAccessibleName(tr("Loss over the learning rate"));
  setAccessibleDescription(tr("Left and Right walk along the curve. Up and Down choose a suggestion, Shift with Left and Right moves "
                              "it, Enter puts it into the recipe."));
}

void SweepPlot::showSweeps(const std::vector<Sweep>& sweeps, int chosen) {
  removeCurves();
  raw_ = smooth_ = -1;
  const auto add = [this](const Sweep& sweep, const CurveStyle& style, double LrPoint::*loss) {
    std::vector<double> rates, losses;
    for (const LrPoint& point : sweep.points) {
      rates.push_back(point.lr);
      losses.push_back(point.*loss);
    }
    const int curve = addCurve(style);
    setData(curve, rates, losses);
    return curve;
  };
  for (std::size_t i = 0; i < sweeps.size(); ++i) {
    if (static_cast<int>(i) == chosen) continue;
    add(sweeps[i], {.name = curveName(sweeps[i]), .color = sweeps[i].color(), .reference = true}, &LrPoint::smooth_loss);
  }
  if (chosen >= 0) {
    const Sweep& sweep = sweeps[static_cast<std::size_t>(chosen)];
    raw_ = add(sweep, {.name = tr("each batch"), .color = sweep.color(), .faint = true}, &LrPoint::loss);
    smooth_ = add(sweep, {.name = curveName(sweep), .color = sweep.color()}, &LrPoint::smooth_loss);
  }
  fitAxes(sweeps);
}

void SweepPlot::extend(const std::vector<Sweep>& sweeps, int chosen, const std::vector<LrPoint>& points) {
  if (smooth_ < 0) return showSweeps(sweeps, chosen);
  for (const LrPoint& point : points) {
    append(raw_, point.lr, point.loss);
    append(smooth_, point.lr, point.smooth_loss);
  }
  fitAxes(sweeps);
}

void SweepPlot::fitAxes(const std::vector<Sweep>& sweeps) {
  double left = 0, right = 0, low = 0, high = 0;
  for (const Sweep& sweep : sweeps) {
    const auto [lowest, highest] = lossRange(sweep.points);
    if (lowest < highest) {
      low = low < high ? std::min(low, lowest) : lowest;
      high = std::max(high, highest);
    }
    left = left > 0 ? std::min(left, sweep.options.start_lr) : sweep.options.start_lr;
    right = std::max(right, sweep.options.end_lr);
    // A tenth of the rate of the least loss may lie left of where the sweep began.
    if (const auto minimum = sweep.suggested(RateKind::Minimum)) left = std::min(left, *minimum / kRoomAtTheLeft);
  }
  const double size = high - low;
  setXRange(left, right);
  setYRange(size > 0 ? std::max(0.0, low - kAirBelow * size) : 0, size > 0 ? high + kAirAbove * size : 0);
}

}  // namespace panicle::ui
