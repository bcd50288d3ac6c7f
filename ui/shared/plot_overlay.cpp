#include "ui/shared/plot_overlay.h"

#include <QFontMetrics>
#include <QLocale>
#include <algorithm>
#include <cmath>

#include "ui/shared/plot_notes.h"
#include "ui/shared/qcustomplot_header.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kPointReach = 16;  // pixels within which a marker counts as under the cursor
constexpr int kSamples = 24;        // of a curve, where the card might cover it
constexpr double kCurveWeight = 1;  // of covering one of them
constexpr double kPointWeight = 2;  // likewise, of one with markers
constexpr double kLabelWeight = 12;
constexpr double kDotWeight = 30;   // a value that the card tells
constexpr double kDotReach = 6;     // pixels

// The finite point of `graph` nearest to x, or the end of its data.
QCPGraphDataContainer::const_iterator nearest(const QCPGraph& graph, double x) {
  const auto data = graph.data();
  auto best = data->constEnd();
  auto first = data->findBegin(x);
  auto last = data->findEnd(x);
  for (auto it = first; it != last; ++it) {
    if (!std::isfinite(it->value)) continue;
    if (best == data->constEnd() || std::abs(it->key - x) < std::abs(best->key - x)) best = it;
  }
  return best;
}

QString number(double value) { return QLocale::c().toString(value, 'g', 5); }

QCPGraphDataContainer::const_iterator lastFinite(const QCPGraph& graph) {
  const auto data = graph.data();
  for (auto it = data->constEnd(); it != data->constBegin();) {
    --it;
    if (std::isfinite(it->value)) return it;
  }
  return data->constEnd();
}

}  // namespace

QColor readable(const QColor& color) {
  constexpr double kContrast = 4.5;
  const ThemeColors& colors = Theme::instance().colors();
  QColor shade = color;
  for (float share = 0.1F; contrastRatio(shade, colors.base) < kContrast && share <= 1; share += 0.1F) {
    shade = QColor::fromRgbF(color.redF() * (1 - share) + colors.text.redF() * share,
                             color.greenF() * (1 - share) + colors.text.greenF() * share,
                             color.blueF() * (1 - share) + colors.text.blueF() * share);
  }
  return shade;
}

CrossHair::CrossHair(QCustomPlot& plot, QString xName, const PlotNotes& notes)
    : plot_(plot), xName_(std::move(xName)), notes_(notes), card_(plot) {
  line_ = new QCPItemStraightLine(&plot_);
  line_->setLayer(QStringLiteral("overlay"));
  line_->setVisible(false);
  line_->setSelectable(false);
  restyle();
}

void CrossHair::restyle() {
  const ThemeColors& colors = Theme::instance().colors();
  line_->setPen(QPen(colors.mutedText, 0, Qt::DotLine));
  for (QCPItemTracer* dot : dots_) dot->setBrush(colors.base);
}

void CrossHair::addDots(std::size_t count) {
  while (dots_.size() < count) {
    auto* dot = new QCPItemTracer(&plot_);
    dot->setLayer(QStringLiteral("overlay"));
    dot->setStyle(QCPItemTracer::tsCircle);
    dot->setSize(6);
    dot->setSelectable(false);
    dot->setBrush(Theme::instance().colors().base);
    dots_.push_back(dot);
  }
}

void CrossHair::showAt(double x, const std::vector<PlotCurve>& curves, const std::vector<QRectF>& labels) {
  addDots(curves.size());
  // The cross-hair snaps to the densest curve's nearest point, so that the x it tells exists.
  const PlotCurve* densest = nullptr;
  for (const PlotCurve& curve : curves) {
    if (!densest || curve.graph->dataCount() > densest->graph->dataCount()) densest = &curve;
  }
  if (!densest || densest->graph->data()->isEmpty()) return hide();
  const auto snapped = nearest(*densest->graph, x);
  x_ = snapped == densest->graph->data()->constEnd() ? x : snapped->key;

  const double pixelX = plot_.xAxis->coordToPixel(x_);
  text_ = xName_ + QLatin1Char(' ') + number(x_ + offset_);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const PlotCurve& curve = curves[i];
    const auto at = nearest(*curve.graph, x_);
    const bool found = at != curve.graph->data()->constEnd() &&
                       std::abs(plot_.xAxis->coordToPixel(at->key) - pixelX) <= kPointReach;
    dots_[i]->setVisible(found);
    if (!found) continue;
    dots_[i]->setPen(QPen(curve.color, 2));
    dots_[i]->setGraph(curve.graph);
    dots_[i]->setGraphKey(at->key);
    text_ += QLatin1Char('\n') + curve.name + QLatin1Char(' ') + number(at->value);
  }
  if (const QString note = notes_.near(pixelX, kPointReach); !note.isEmpty()) text_ += QLatin1Char('\n') + note;
  line_->point1->setCoords(x_, 0);
  line_->point2->setCoords(x_, 1);
  line_->setVisible(true);
  visible_ = true;
  plot_.layer(QStringLiteral("overlay"))->replot();
  card_.show(text_, pixelX, plot_.axisRect()->rect(), obstacles(pixelX, curves, labels));
}

// What lies near the cursor, as the card may stand on either side of it.
std::vector<CardObstacle> CrossHair::obstacles(double pixelX, const std::vector<PlotCurve>& curves, const std::vector<QRectF>& labels) const {
  std::vector<CardObstacle> found;
  const auto add = [&](QPointF at, double weight) {
    const QPointF reach(kDotReach, kDotReach);
    found.push_back({QRectF(at - reach, at + reach), weight});
  };
  for (const QRectF& label : labels) found.push_back({label, kLabelWeight});
  const double wide = card_.sizeOf(text_).width() + kGrid;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const QCPGraph& graph = *curves[i].graph;
    if (dots_[i]->visible()) add(graph.coordsToPixels(dots_[i]->graphKey(), nearest(graph, dots_[i]->graphKey())->value), kDotWeight);
    const bool points = !graph.scatterStyle().isNone();
    for (int sample = 0; sample < kSamples; ++sample) {
      const double pixel = pixelX + wide * (2.0 * sample / (kSamples - 1) - 1);
      const auto at = nearest(graph, plot_.xAxis->pixelToCoord(pixel));
      if (at != graph.data()->constEnd()) add(graph.coordsToPixels(at->key, at->value), points ? kPointWeight : kCurveWeight);
    }
  }
  return found;
}

void CrossHair::hide() {
  if (!visible_) return;
  visible_ = false;
  card_.hide();
  line_->setVisible(false);
  for (QCPItemTracer* dot : dots_) dot->setVisible(false);
  plot_.layer(QStringLiteral("overlay"))->replot();
}

void CrossHair::forget() {
  hide();
  for (QCPItemTracer* dot : dots_) dot->setGraph(nullptr);
}

int EndLabels::width(const std::vector<PlotCurve>& curves) const {
  const QFontMetrics metrics(plot_.font());
  int widest = 0;
  for (const PlotCurve& curve : curves) widest = std::max(widest, metrics.horizontalAdvance(curve.name));
  return widest;
}

void EndLabels::place(const std::vector<PlotCurve>& curves) {
  while (items_.size() < curves.size()) {
    auto* item = new QCPItemText(&plot_);
    item->setClipToAxisRect(false);
    item->setSelectable(false);
    item->position->setType(QCPItemPosition::ptAbsolute);
    item->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    items_.push_back(item);
  }
  struct Label {
    std::size_t curve;
    double y;
  };
  std::vector<Label> labels;
  const QRect area = plot_.axisRect()->rect();
  const double height = QFontMetrics(plot_.font()).height();
  const double lowest = area.bottom() - height / 2 + 1;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    items_[i]->setVisible(false);
    if (i >= curves.size()) continue;
    const auto last = lastFinite(*curves[i].graph);
    if (last == curves[i].graph->data()->constEnd()) continue;
    const double y = curves[i].graph->valueAxis()->coordToPixel(last->value);
    labels.push_back({i, std::clamp(y, area.top() + height / 2, std::max(lowest, area.top() + height / 2))});
  }
  std::stable_sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.y < b.y; });
  for (std::size_t i = 1; i < labels.size(); ++i) labels[i].y = std::max(labels[i].y, labels[i - 1].y + height);
  for (std::size_t i = labels.size(); i-- > 0;) {
    labels[i].y = std::min(labels[i].y, i + 1 == labels.size() ? lowest : labels[i + 1].y - height);
  }
  for (const Label& label : labels) {
    QCPItemText* item = items_[label.curve];
    item->setText(curves[label.curve].name);
    item->setFont(plot_.font());
    item->setColor(readable(curves[label.curve].color));
    item->position->setCoords(area.right() + kGrid, label.y);
    item->setVisible(true);
  }
}

}  // namespace panicle::ui
