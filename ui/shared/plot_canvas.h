// The one wrapper around QCustomPlot (whose header stays in the .cpp): axes, grid, fonts and theme alike everywhere; wheel
// zooms, drag pans, double click resets; hover shows the values of all curves at the cursor; the context menu exports PNG, PDF,
// CSV. Redraws are merged by a 50 ms timer, and a hidden canvas does not redraw.
#pragma once

#include <QColor>
#include <QString>
#include <QWidget>
#include <memory>
#include <vector>

namespace panicle::ui {

struct CurveStyle {
  QString name;
  QColor color;
  bool faint = false;      // the raw line behind a smoothed one
  bool points = false;     // markers, for few values (epochs)
};

class PlotCanvas : public QWidget {
  Q_OBJECT
 public:
  PlotCanvas(const QString& xLabel, const QString& yLabel, QWidget* parent = nullptr);
  ~PlotCanvas() override;

  int addCurve(const CurveStyle& style);             // returns its index
  void append(int curve, double x, double y);
  void setData(int curve, const std::vector<double>& x, const std::vector<double>& y);
  void clear();                                      // empties all curves
  void setLogX(bool on);
  void setYRange(double low, double high);           // fixes it; low == high follows the data again
  void setEmptyText(const QString& text);
  QString toCsv() const;
  bool savePng(const QString& file, int width, int height);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
