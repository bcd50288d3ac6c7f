// The one wrapper around QCustomPlot (whose header stays in the .cpp): axes, grid, fonts and theme alike everywhere; wheel
// zooms (over an axis: that axis alone), drag pans, double click resets; hover shows the values of all curves at the cursor;
// the context menu exports PNG, PDF, CSV and switches logarithmic axes. With the keyboard focus, the arrow keys walk the
// cursor, + and - zoom, 0 resets. Redraws are merged by a 50 ms timer, and a hidden canvas does not redraw.
// Curves of a million points are fine: append costs O(1), and drawing keeps the lowest and highest point of each pixel column.
#pragma once

#include <QColor>
#include <QString>
#include <QStringList>
#include <QWidget>
#include <memory>
#include <vector>

namespace panicle::ui {

struct CurveStyle {
  QString name;
  QColor color;
  bool faint = false;      // the raw line behind a smoothed one
  bool points = false;     // markers, for few values (epochs)
  bool right = false;      // on an axis of its own at the right
  bool reference = false;  // of another run, to compare with: thin, its markers squares
};

// An upright line with a label at the top. Strong: the one that counts, in the accent; one at most.
struct PlotMarker {
  double x = 0;
  QString label;
  bool strong = false;
  bool draggable = false;  // by the mouse, and by Shift with the arrow keys while it is strong

  friend bool operator==(const PlotMarker&, const PlotMarker&) = default;
};

class PlotCanvas : public QWidget {
  Q_OBJECT
 public:
  PlotCanvas(const QString& xLabel, const QString& yLabel, QWidget* parent = nullptr);
  ~PlotCanvas() override;

  int addCurve(const CurveStyle& style);             // returns its index
  // Values that are not finite are gaps in the curve. x should not decrease: then the cost does not grow with the curve.
  void append(int curve, double x, double y);
  void setData(int curve, const std::vector<double>& x, const std::vector<double>& y);
  // Error bars, as far up as down, at the points that setData() gave the curve; NaN: none there. They stay until removeCurves().
  void setSpread(int curve, const std::vector<double>& deviation);
  void clear();                                      // empties all curves, takes the notes away and follows the data again
  void removeCurves();                               // takes all curves away, so that others can be added; the view stays
  int pointCount(int curve) const;

  void addNote(double x, const QString& text);       // an upright line with its text at the top: "stage 2"
  void clearNotes();

  // All markers at once; they stay through clear(). Markers move only by the next call: the owner answers the signals below.
  void setMarkers(const std::vector<PlotMarker>& markers);
  const std::vector<PlotMarker>& markers() const;
  QRect markerLabel(int marker) const;               // where its label stands; empty out of sight or without room

  void setTitle(const QString& title);               // muted, behind the y label: "run 3 (finished)"
  void setYLabel(const QString& label);
  void setLogX(bool on);
  void setLogY(bool on);                             // the left axis
  // Ticks at whole numbers only (epochs, steps). Axis and cursor tell x + `offset`: what counts from 0 is read from 1. CSV and
  // ranges have x.
  void setWholeX(bool on, int offset = 0);
  void setYRange(double low, double high);           // fixes the left axis; low == high follows the data again
  void setXRange(double low, double high);           // likewise the lower axis
  void setEmptyText(const QString& text);            // shown while no curve has a point
  void resetView();                                  // follows the data again after zoom and pan
  // Two plots over the same x: zoom and pan of x, and the cross-hair, go together. Their parents are the same.
  static void link(PlotCanvas& a, PlotCanvas& b);

  QString toCsv() const;                             // x, then one column a curve; empty where a curve has no point
  bool savePng(const QString& file, int width, int height);
  bool savePdf(const QString& file, int width, int height);

  QString cursorText() const;                        // what the cross-hair tells now, a line a curve; empty while it is hidden
  QRect cursorCard() const;                          // where that stands, in pixels; empty while it is hidden
  QStringList tickLabels(Qt::Orientation axis) const;  // as drawn last; Vertical: the left axis
  int redraws() const;                               // so far
  double redrawMs() const;                           // that drawing takes, as the last ones did

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 Q_SIGNALS:
  void markerDragged(int marker, double x);          // where the user wants it; within the visible axis
  void markerChosen(int marker);                     // pressed, or reached with the up and down keys
  void markerActivated(int marker);                  // Enter on the strong one
  void failed(const QString& problem);               // an export from the context menu could not be written

 protected:
  bool event(QEvent* event) override;
  void changeEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
