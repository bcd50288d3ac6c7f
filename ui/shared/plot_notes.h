// Notes on a PlotCanvas: upright lines at an x, each with a few words at the top, as where a setting was changed.
#pragma once

#include <QString>
#include <vector>

class QCPItemStraightLine;
class QCPItemText;
class QCustomPlot;

namespace panicle::ui {

class PlotNotes {
 public:
  explicit PlotNotes(QCustomPlot& plot) : plot_(plot) {}

  void add(double x, const QString& text);
  void clear();
  // The words stand beside their lines where there is room, and go where one would cover another or leave the plot: the line
  // stays, and the cross-hair tells them.
  void place();
  void restyle();  // after a change of theme or font
  QString near(double pixelX, double reach) const;  // the words of the notes at most `reach` pixels away, a line each

 private:
  struct Note {
    double x = 0;
    QString text;
    QCPItemStraightLine* line = nullptr;
    QCPItemText* words = nullptr;
  };

  QCustomPlot& plot_;
  std::vector<Note> notes_;  // from left to right
};

}  // namespace panicle::ui
