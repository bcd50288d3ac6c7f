// The loss over the rate: the chosen sweep strong, its batches' own losses and the other sweeps faint behind it.
#pragma once

#include <vector>

#include "ui/rate/sweep.h"
#include "ui/shared/plot_canvas.h"

namespace panicle::ui {

class SweepPlot : public PlotCanvas {
  Q_OBJECT
 public:
  explicit SweepPlot(QWidget* parent = nullptr);

  void showSweeps(const std::vector<Sweep>& sweeps, int chosen);  // -1: none is strong
  // More of the chosen sweep, which holds them already.
  void extend(const std::vector<Sweep>& sweeps, int chosen, const std::vector<LrPoint>& points);

 private:
  void fitAxes(const std::vector<Sweep>& sweeps);

  int raw_ = -1;
  int smooth_ = -1;
};

}  // namespace panicle::ui
