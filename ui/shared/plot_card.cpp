#include "ui/shared/plot_card.h"

#include <QFontMetrics>
#include <QLabel>
#include <QPainter>
#include <algorithm>
#include <limits>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kLineWeight = 100;   // of covering the line that is told of
constexpr double kOutsideWeight = 3;  // of standing outside the plot with all of it
constexpr double kHold = 3;           // by how much another place must be better
constexpr double kLater = 0.01;       // the first of equal places counts

class Card : public QLabel {
 public:
  explicit Card(QWidget* parent) : QLabel(parent) {
    setObjectName(QStringLiteral("plotCard"));
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setTextFormat(Qt::PlainText);
    setMargin(kGrid / 2);
  }

 protected:
  void paintEvent(QPaintEvent* event) override {
    const ThemeColors& colors = Theme::instance().colors();
    {
      QPainter painter(this);
      painter.setPen(colors.border);
      painter.setBrush(colors.base);
      painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
    QLabel::paintEvent(event);
  }
};

// Moved, not cut, into `bounds`.
QRectF inside(QRectF place, const QRectF& bounds) {
  place.moveLeft(std::max(bounds.left(), std::min(place.left(), bounds.right() - place.width())));
  place.moveTop(std::max(bounds.top(), std::min(place.top(), bounds.bottom() - place.height())));
  return place;
}

}  // namespace

std::vector<QRectF> cardPlaces(QSizeF size, double x, const QRectF& area, const QRectF& bounds) {
  const double gap = kGrid, air = kGrid / 2.0;
  const double tops[] = {area.top() + air, area.center().y() - size.height() / 2, area.bottom() - air - size.height(),
                         area.top() - size.height(), area.bottom()};
  std::vector<QRectF> places;
  for (const double left : {x + gap, x - gap - size.width()}) {
    for (const double top : tops) places.push_back(inside(QRectF(QPointF(left, top), size), bounds));
  }
  return places;
}

int freestPlace(const std::vector<QRectF>& places, double x, const QRectF& area, const std::vector<CardObstacle>& obstacles, int before) {
  int best = -1;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const QRectF& place = places[i];
    const QRectF seen = place.intersected(area);
    double cost = kLater * static_cast<double>(i);
    cost += kOutsideWeight * (1 - seen.width() * seen.height() / std::max(1.0, place.width() * place.height()));
    if (place.left() < x && x < place.right()) cost += kLineWeight;
    for (const CardObstacle& obstacle : obstacles) {
      if (place.intersects(obstacle.place)) cost += obstacle.weight;
    }
    if (static_cast<int>(i) == before) cost -= kHold;
    if (cost >= least) continue;
    least = cost;
    best = static_cast<int>(i);
  }
  return best;
}

PlotCard::~PlotCard() { delete label_; }

QSizeF PlotCard::sizeOf(const QString& text) const {
  return plot_.fontMetrics().size(0, text) + QSize(kGrid, kGrid) + QSize(2, 2);
}

void PlotCard::show(const QString& text, double x, const QRectF& area, const std::vector<CardObstacle>& obstacles) {
  QWidget* window = plot_.window();
  if (!label_) label_ = new Card(window);
  if (label_->parentWidget() != window) label_->setParent(window);
  label_->setFont(plot_.font());
  label_->setText(text);
  const QPointF origin = plot_.mapTo(window, QPointF(0, 0));
  const QRectF bounds = QRectF(window->rect()).translated(-origin);
  const auto places = cardPlaces(sizeOf(text), x, area, bounds);
  place_ = freestPlace(places, x, area, obstacles, label_->isVisible() ? place_ : -1);
  label_->setGeometry(places[static_cast<std::size_t>(place_)].translated(origin).toAlignedRect());
  label_->show();
  label_->raise();
}

void PlotCard::hide() {
  if (label_) label_->hide();
}

QRect PlotCard::geometry() const {
  if (!label_ || !label_->isVisible()) return {};
  return label_->geometry().translated(-plot_.mapTo(plot_.window(), QPoint(0, 0)));
}

}  // namespace panicle::ui
