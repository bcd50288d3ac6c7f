// The values under the cursor of a plot, on a card over the window: in a low plot it reaches out of it.
#pragma once

#include <QPointer>
#include <QRectF>
#include <QSizeF>
#include <QString>
#include <vector>

class QLabel;
class QWidget;

namespace panicle::ui {

// Something that the card had better not cover.
struct CardObstacle {
  QRectF place;
  double weight = 1;
};

// The places where a card may stand beside the upright line at `x`, inside `bounds`: right and left of it; each at the top of
// `area`, in its middle, at its bottom, above and below it.
std::vector<QRectF> cardPlaces(QSizeF size, double x, const QRectF& area, const QRectF& bounds);

// The place that covers least; `before` is where the card stood, and keeps it where another is hardly better. -1: no place yet.
int freestPlace(const std::vector<QRectF>& places, double x, const QRectF& area, const std::vector<CardObstacle>& obstacles, int before);

class PlotCard {
 public:
  explicit PlotCard(QWidget& plot) : plot_(plot) {}
  ~PlotCard();
  PlotCard(const PlotCard&) = delete;
  PlotCard& operator=(const PlotCard&) = delete;

  // `x`, `area` and the obstacles are in the plot's pixels.
  void show(const QString& text, double x, const QRectF& area, const std::vector<CardObstacle>& obstacles);
  void hide();
  QSizeF sizeOf(const QString& text) const;
  QRect geometry() const;  // in the plot's pixels; empty while it is hidden

 private:
  QWidget& plot_;
  QPointer<QLabel> label_;  // of the window
  int place_ = -1;
};

}  // namespace panicle::ui
