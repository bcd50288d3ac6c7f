// Upright lines with a label over a PlotCanvas that can be taken hold of: the rates that a sweep suggests. The labels stand
// at the top, one under the other where they would overlap. Drawn on layers of their own, so that moving one does not
// redraw the curves.
#pragma once

#include <QPointF>
#include <QRectF>
#include <vector>

#include "ui/shared/plot_canvas.h"

class QCPItemStraightLine;
class QCPItemText;
class QCustomPlot;

namespace panicle::ui {

class PlotMarkers {
 public:
  explicit PlotMarkers(QCustomPlot& plot) : plot_(plot) {}

  void set(const std::vector<PlotMarker>& markers);
  const std::vector<PlotMarker>& all() const { return markers_; }
  int strong() const;                 // the first strong one that can be dragged; -1: none
  int next(int from, int by) const;   // of those that can be dragged, in the order of x; -1: none

  int at(QPointF pixel) const;        // the marker under the mouse that can be dragged; -1: none
  int dragged() const { return dragged_; }
  void setDragged(int marker) { dragged_ = marker; }

  QRectF label(int marker) const;     // in pixels; empty while it is out of sight or has no room
  const std::vector<QRectF>& labels() const { return labels_; }
  double xAt(double pixel) const;     // kept within the axis
  double pixelOf(int marker) const;

  void place();                       // after the axes have their place and range
  void restyle();

 private:
  void grow();
  QRectF freePlace(double pixel, QSizeF size, const std::vector<QRectF>& taken) const;

  QCustomPlot& plot_;
  std::vector<PlotMarker> markers_;
  std::vector<QRectF> labels_;
  std::vector<QCPItemStraightLine*> lines_;
  std::vector<QCPItemText*> texts_;
  int dragged_ = -1;
};

}  // namespace panicle::ui
