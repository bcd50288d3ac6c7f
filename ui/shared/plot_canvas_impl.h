// The inside of PlotCanvas, for its .cpp files.
#pragma once

#include <QLabel>
#include <QTimer>
#include <memory>
#include <vector>

#include "ui/shared/plot_canvas.h"
#include "ui/shared/plot_markers.h"
#include "ui/shared/plot_notes.h"
#include "ui/shared/plot_overlay.h"
#include "ui/shared/plot_ticks.h"
#include "ui/shared/qcustomplot_header.h"

namespace panicle::ui {

constexpr double kZoomStep = 0.8;

struct PlotCanvas::Impl {
  Impl(PlotCanvas& owner, const QString& xName, const QString& yName);

  void makeHeadings();
  void listen();
  void listenToMarkers();
  bool moveMarker(const QKeyEvent& event);

  void schedule();
  void redraw();
  void followData();
  void follow(QCPAxis* axis, bool keys);
  QCPRange barRange(const QCPAxis* axis, QCPRange range, QCP::SignDomain domain) const;
  void fixMargins();
  bool fixTicks();
  void restyle();
  void setView(bool byUser);
  void showCursor(double x);
  void tell(double x);  // in this plot alone
  void hideCursor();
  std::vector<PlotCurve> curvesFor(bool leftOnly) const;
  bool empty() const;
  void zoom(double factor);
  void moveCursor(int points);
  void save(const QString& kind);
  void setLog(QCPAxis* axis, bool on);

  PlotCanvas& self;
  QString xLabel, yLabel, title;
  QCustomPlot* plot;
  QCPTextElement* heading;
  QCPTextElement* titleElement;
  QCPTextElement* rightHeading;
  QLabel* emptyLabel;
  QTimer timer;
  std::vector<CurveStyle> styles;
  std::vector<QCPGraph*> graphs;
  std::vector<const QCPAbstractPlottable*> bars;  // errors of some of the graphs
  std::unique_ptr<PlotNotes> notes;
  std::unique_ptr<CrossHair> crossHair;
  std::unique_ptr<EndLabels> endLabels;
  std::unique_ptr<PlotMarkers> markers;
  Impl* linked = nullptr;  // the plot that shows the same x
  bool userView = false;   // zoomed or panned: the axes stay where they are
  bool dirty = true;
  QCPRange fixedX{0, 0};   // of no size: follows the data
  QCPRange fixedY{0, 0};
  bool wholeX = false;
  int offset = 0;          // on what is told of a whole x
  TickRoom roomAcross, roomUp;
  int redraws = 0;
};

}  // namespace panicle::ui
