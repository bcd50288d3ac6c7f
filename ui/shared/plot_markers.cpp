#include "ui/shared/plot_markers.h"

#include <QFontMetrics>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/shared/qcustomplot_header.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kReach = 6;  // pixels beside a line that still take hold of it
const QLatin1StringView kLineLayer("marker lines");
const QLatin1StringView kLabelLayer("marker labels");

}  // namespace

void PlotMarkers::set(const std::vector<PlotMarker>& markers) {
  if (markers == markers_) return;
  if (markers.size() != markers_.size()) dragged_ = -1;
  markers_ = markers;
  grow();
  restyle();
  place();
  for (const auto layer : {kLineLayer, kLabelLayer}) {
    if (QCPLayer* drawn = plot_.layer(layer)) drawn->replot();
  }
}

void PlotMarkers::grow() {
  if (markers_.size() > lines_.size() && !plot_.layer(kLineLayer)) {
    QCPLayer* overlay = plot_.layer(QStringLiteral("overlay"));
    for (const auto layer : {kLineLayer, kLabelLayer}) {
      plot_.addLayer(layer, overlay, QCustomPlot::limBelow);
      plot_.layer(layer)->setMode(QCPLayer::lmBuffered);
    }
  }
  while (lines_.size() < markers_.size()) {
    auto* line = new QCPItemStraightLine(&plot_);
    line->setLayer(kLineLayer);
    line->setSelectable(false);
    for (QCPItemPosition* end : {line->point1, line->point2}) end->setTypeY(QCPItemPosition::ptAxisRectRatio);
    lines_.push_back(line);
    auto* text = new QCPItemText(&plot_);
    text->setLayer(kLabelLayer);
    text->setSelectable(false);
    text->position->setType(QCPItemPosition::ptAbsolute);
    text->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
    text->setPadding(QMargins(kGrid / 2, 1, kGrid / 2, 1));
    texts_.push_back(text);
  }
}

void PlotMarkers::restyle() {
  const ThemeColors& colors = Theme::instance().colors();
  for (std::size_t i = 0; i < markers_.size(); ++i) {
    const bool strong = markers_[i].strong;
    lines_[i]->setPen(strong ? QPen(colors.accent, 2) : QPen(colors.mutedText, 1, Qt::DashLine));
    texts_[i]->setFont(plot_.font());
    texts_[i]->setText(markers_[i].label);
    texts_[i]->setColor(strong ? colors.accentText : colors.text);
    texts_[i]->setBrush(strong ? colors.accent : colors.base);
    texts_[i]->setPen(QPen(strong ? colors.accent : colors.border));
  }
}

double PlotMarkers::pixelOf(int marker) const {
  return plot_.xAxis->coordToPixel(markers_[static_cast<std::size_t>(marker)].x);
}

double PlotMarkers::xAt(double pixel) const {
  const QRect area = plot_.axisRect()->rect();
  const double inside = std::clamp(pixel, static_cast<double>(area.left()), static_cast<double>(area.right()));
  return plot_.xAxis->pixelToCoord(inside);
}

// At its line, in the highest row where nothing stands yet; nowhere in a plot that has no row left.
QRectF PlotMarkers::freePlace(double pixel, QSizeF size, const std::vector<QRectF>& taken) const {
  const QRectF area = plot_.axisRect()->rect();
  const double left = std::clamp(pixel - size.width() / 2, area.left(), std::max(area.left(), area.right() - size.width()));
  QRectF place(QPointF(left, area.top() + 2), size);
  const auto free = [&] {
    return std::none_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.adjusted(-2, 0, 2, 0).intersects(place); });
  };
  while (!free()) place.translate(0, size.height() + 2);
  return place.bottom() < area.bottom() ? place : QRectF();
}

void PlotMarkers::place() {
  const QRectF area = plot_.axisRect()->rect();
  const QFontMetricsF metrics(plot_.font());
  std::vector<std::size_t> order(markers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // The strong one has the first place, the others follow from left to right.
  std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return std::pair(!markers_[a].strong, markers_[a].x) < std::pair(!markers_[b].strong, markers_[b].x);
  });
  labels_.assign(lines_.size(), QRectF());
  for (QCPItemStraightLine* line : lines_) line->setVisible(false);
  std::vector<QRectF> taken;
  for (std::size_t i : order) {
    const double pixel = plot_.xAxis->coordToPixel(markers_[i].x);
    if (!std::isfinite(pixel) || pixel < area.left() || pixel > area.right()) continue;
    labels_[i] = freePlace(pixel, QSizeF(metrics.horizontalAdvance(markers_[i].label) + kGrid + 2, metrics.height() + 4), taken);
    lines_[i]->point1->setCoords(markers_[i].x, 0);
    lines_[i]->point2->setCoords(markers_[i].x, 1);
    lines_[i]->setVisible(true);
    texts_[i]->position->setCoords(labels_[i].topLeft());
    if (!labels_[i].isEmpty()) taken.push_back(labels_[i]);
  }
  for (std::size_t i = 0; i < texts_.size(); ++i) texts_[i]->setVisible(!labels_[i].isEmpty());
}

QRectF PlotMarkers::label(int marker) const { return labels_[static_cast<std::size_t>(marker)]; }

int PlotMarkers::at(QPointF pixel) const {
  const QRectF area = plot_.axisRect()->rect();
  if (!area.contains(pixel)) return -1;
  int best = -1;
  double least = kReach;
  for (std::size_t i = 0; i < markers_.size(); ++i) {
    if (!markers_[i].draggable || !lines_[i]->visible()) continue;
    if (labels_[i].contains(pixel)) return static_cast<int>(i);
    const double distance = std::abs(plot_.xAxis->coordToPixel(markers_[i].x) - pixel.x());
    if (distance < least || (distance == least && markers_[i].strong)) {
      best = static_cast<int>(i);
      least = distance;
    }
  }
  return best;
}

int PlotMarkers::strong() const {
  const auto found = std::find_if(markers_.begin(), markers_.end(),
                                  [](const PlotMarker& marker) { return marker.strong && marker.draggable; });
  return found == markers_.end() ? -1 : static_cast<int>(found - markers_.begin());
}

int PlotMarkers::next(int from, int by) const {
  std::vector<int> order;
  for (std::size_t i = 0; i < markers_.size(); ++i) {
    if (markers_[i].draggable) order.push_back(static_cast<int>(i));
  }
  if (order.empty()) return -1;
  std::stable_sort(order.begin(), order.end(), [this](int a, int b) {
    return markers_[static_cast<std::size_t>(a)].x < markers_[static_cast<std::size_t>(b)].x;
  });
  const auto found = std::find(order.begin(), order.end(), from);
  if (found == order.end()) return by > 0 ? order.front() : order.back();
  const auto last = static_cast<std::ptrdiff_t>(order.size()) - 1;
  return order[static_cast<std::size_t>(std::clamp(found - order.begin() + by, std::ptrdiff_t{0}, last))];
}

}  // namespace panicle::ui
