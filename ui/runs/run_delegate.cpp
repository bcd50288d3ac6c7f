#include "ui/runs/run_delegate.h"

#include <QApplication>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>
#include <vector>

#include "ui/runs/runs_model.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kStar = 16;
constexpr double kDot = 2.5;
constexpr std::size_t kMostPoints = 200;  // more than a cell has pixels

bool isColumn(const QModelIndex& index, RunColumn column) { return index.column() == static_cast<int>(column); }

// At most kMostPoints of the curve, as x in 0..1 with their values; those that are no number are left out.
std::vector<QPointF> pointsOf(const RunSummary& run) {
  std::vector<QPointF> points;
  const std::size_t count = run.curve.size();
  const std::size_t every = count / kMostPoints + 1;
  for (std::size_t i = 0; i < count; i += every) {
    const auto value = static_cast<double>(run.curve[i]);
    if (std::isfinite(value)) points.emplace_back(count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0.5, value);
  }
  return points;
}

void paintCurve(QPainter& painter, const QRectF& area, const RunSummary& run, const QColor& color) {
  std::vector<QPointF> points = pointsOf(run);
  if (points.empty()) return;
  const auto [low, high] = std::minmax_element(points.begin(), points.end(), [](QPointF a, QPointF b) { return a.y() < b.y(); });
  const double bottom = low->y(), span = high->y() - low->y();
  const auto place = [&](double x, double y) {
    const double up = span > 0 ? (y - bottom) / span : 0.5;
    return QPointF(area.left() + x * area.width(), area.bottom() - up * area.height());
  };
  QPolygonF line;
  for (const QPointF& point : points) line << place(point.x(), point.y());
  painter.setPen(QPen(color, 1.4));
  painter.drawPolyline(line);
  const auto at = static_cast<std::size_t>(std::max(0, run.best_epoch));
  if (run.best_epoch < 0 || at >= run.curve.size() || !std::isfinite(run.curve[at])) return;
  const double x = run.curve.size() > 1 ? static_cast<double>(at) / static_cast<double>(run.curve.size() - 1) : 0.5;
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  painter.drawEllipse(place(x, static_cast<double>(run.curve[at])), kDot, kDot);
}

}  // namespace

void RunDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  QStyledItemDelegate::initStyleOption(option, index);
  if (index.data(RunsModel::kFoldedRole).isValid()) option->backgroundBrush = Theme::instance().colors().grid;
  if (isColumn(index, RunColumn::Star)) option->icon = QIcon();
}

void RunDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyledItemDelegate::paint(painter, option, index);
  const bool selected = option.state & QStyle::State_Selected;
  if (isColumn(index, RunColumn::Star)) {
    const QRect place = QStyle::alignedRect(Qt::LeftToRight, Qt::AlignCenter, QSize(kStar, kStar), option.rect);
    const QIcon icon = index.data(Qt::DecorationRole).value<QIcon>();
    icon.paint(painter, place, Qt::AlignCenter, selected ? QIcon::Selected : QIcon::Normal);
    return;
  }
  if (!isColumn(index, RunColumn::Curve)) return;
  const auto* run = static_cast<const RunSummary*>(index.data(RunsModel::kCurveRole).value<const void*>());
  if (!run) return;
  const int compared = index.data(RunsModel::kComparedRole).toInt();
  const ThemeColors& colors = Theme::instance().colors();
  const QColor color = selected ? colors.accentText : compared >= 0 ? classColor(compared) : colors.mutedText;
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  paintCurve(*painter, QRectF(option.rect).adjusted(kGrid, kGrid / 2.0, -kGrid, -kGrid / 2.0), *run, color);
  painter->restore();
}

bool RunDelegate::editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index) {
  if (isColumn(index, RunColumn::Star) && event->type() == QEvent::MouseButtonDblClick) return true;  // two clicks, each told by its release
  if (isColumn(index, RunColumn::Star) && event->type() == QEvent::MouseButtonRelease &&
      static_cast<QMouseEvent*>(event)->button() == Qt::LeftButton) {
    Q_EMIT starClicked(index);
    return true;
  }
  return QStyledItemDelegate::editorEvent(event, model, option, index);
}

}  // namespace panicle::ui
