// What lies over the curves of a PlotCanvas: the cross-hair with its values, and the names at the curves' ends.
#pragma once

#include <QColor>
#include <QPointF>
#include <QString>
#include <vector>

#include "ui/shared/plot_card.h"

class QCPGraph;
class QCPItemStraightLine;
class QCPItemText;
class QCPItemTracer;
class QCustomPlot;

namespace panicle::ui {

class PlotNotes;

struct PlotCurve {
  QString name;
  QColor color;
  QCPGraph* graph = nullptr;
};

// The colour, moved towards the text's until it can be read on the plot: lines bear less contrast than words.
QColor readable(const QColor& color);

// Tells the values of all curves at one x: a line and dots on a layer of their own, so that moving it does not redraw the
// curves, and a card with the figures.
class CrossHair {
 public:
  CrossHair(QCustomPlot& plot, QString xName, const PlotNotes& notes);

  // The card keeps off the curves, and off `labels` (in pixels).
  void showAt(double x, const std::vector<PlotCurve>& curves, const std::vector<QRectF>& labels);
  void hide();
  void forget();   // before curves are taken away
  bool visible() const { return visible_; }
  double x() const { return x_; }
  void setOffset(double offset) { offset_ = offset; }  // on what is told of x
  QString text() const { return visible_ ? text_ : QString(); }
  QRect card() const { return card_.geometry(); }  // in pixels
  void restyle();  // after a change of theme, font or curves

 private:
  void addDots(std::size_t count);
  std::vector<CardObstacle> obstacles(double pixelX, const std::vector<PlotCurve>& curves, const std::vector<QRectF>& labels) const;

  QCustomPlot& plot_;
  QString xName_;
  const PlotNotes& notes_;
  QCPItemStraightLine* line_ = nullptr;
  std::vector<QCPItemTracer*> dots_;
  PlotCard card_;
  QString text_;
  bool visible_ = false;
  double x_ = 0;
  double offset_ = 0;
};

// Names every curve of the left axis beside its last point, pushed apart where they would overlap. Used when there are several.
class EndLabels {
 public:
  explicit EndLabels(QCustomPlot& plot) : plot_(plot) {}

  int width(const std::vector<PlotCurve>& curves) const;  // pixels that the labels need right of the axes
  void place(const std::vector<PlotCurve>& curves);

 private:
  QCustomPlot& plot_;
  std::vector<QCPItemText*> items_;
};

}  // namespace panicle::ui
