#include "ui/frame/memory_view.h"

#include <QEvent>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>
#include <algorithm>

#include "core/memory/device_profile.h"
#include "ui/shared/memory_parts.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kBarWidth = 128;
constexpr int kHistoryWidth = 96;
constexpr int kBarHeight = 10;
constexpr int kMark = 2;  // pixels that a threshold's mark stands out of the bar
constexpr int kArrow = 4;  // half the width, and the height, of the mark at the expected peak

const MemoryReading& nothing() {
  static const MemoryReading reading;
  return reading;
}

}  // namespace

// Left to right: bar, headline, details, history; what does not fit is left out, details first.
struct MemoryView::Layout {
  QRectF bar;
  QRectF headline;
  QRectF details;
  QRectF history;
};

MemoryView::MemoryView(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  setAccessibleName(tr("Memory meter"));
  setCursor(Qt::PointingHandCursor);
}

void MemoryView::add(const MemoryReading& reading) {
  history_.push_back(reading);
  if (history_.size() > kHistory) history_.pop_front();
  setAccessibleDescription(memoryHeadline(reading) + QStringLiteral(", ") + details());
  if (history_.size() == 1) updateGeometry();
  update();
  // A tooltip that stands over the meter keeps up with it.
  if (underMouse() && QToolTip::isVisible()) QToolTip::showText(QCursor::pos(), tooltip(), this);
}

void MemoryView::setExpected(std::optional<quint64> bytes) {
  if (bytes == expected_) return;
  expected_ = bytes;
  update();
}

QString MemoryView::tooltip() const {
  return memoryTooltip(history_.empty() ? nothing() : history_.back(), expected_);
}

QString MemoryView::details() const {
  const MemoryReading& now = history_.empty() ? nothing() : history_.back();
  QStringList words;
  for (const MemoryPart& part : memoryParts(now)) {
    if (part.kind == MemoryPart::Kind::Tensors || part.kind == MemoryPart::Kind::Cached) {
      words << part.name + u' ' + formatBytes(part.bytes);
    }
  }
  return words.join(QStringLiteral("  "));
}

MemoryView::Layout MemoryView::layoutFor(int width) const {
  const MemoryReading& now = history_.empty() ? nothing() : history_.back();
  const double middle = height() / 2.0;
  const double headline = fontMetrics().horizontalAdvance(memoryHeadline(now)) + 2;
  const double detail = fontMetrics().horizontalAdvance(details()) + 2;
  Layout layout;
  double x = 0;
  const auto place = [&](double w, double h) {
    const QRectF rect(x, middle - h / 2, w, h);
    x += w + kGrid;
    return rect;
  };
  layout.bar = place(kBarWidth, kBarHeight);
  layout.headline = place(headline, height());
  const bool history = x + kHistoryWidth <= width;
  if (x + detail + kGrid + kHistoryWidth <= width) layout.details = place(detail, height());
  if (history) layout.history = place(kHistoryWidth, height() - 4);
  return layout;
}

QSize MemoryView::sizeHint() const {
  const int text = fontMetrics().horizontalAdvance(QStringLiteral("999.9 GiB of 999.9 GiB  tensors 9,999 MiB"));
  return {kBarWidth + text + kHistoryWidth + 3 * kGrid, std::max(24, fontMetrics().height() + kGrid)};
}

QSize MemoryView::minimumSizeHint() const {
  const int text = fontMetrics().horizontalAdvance(QStringLiteral("999.9 GiB of 999.9 GiB"));
  return {kBarWidth + text + kGrid, sizeHint().height()};
}

void MemoryView::paintBar(QPainter& painter, const QRectF& rect) const {
  const ThemeColors& colors = Theme::instance().colors();
  QPainterPath outline;
  outline.addRoundedRect(rect, 3, 3);
  painter.fillPath(outline, colors.base);
  if (!history_.empty() && history_.back().total > 0) {
    painter.save();
    painter.setClipPath(outline);
    double x = rect.left();
    for (const MemoryPart& part : memoryParts(history_.back())) {
      if (part.kind == MemoryPart::Kind::Free) break;
      double w = rect.width() * static_cast<double>(part.bytes) / static_cast<double>(history_.back().total);
      if (part.bytes > 0) w = std::max(w, 1.0);  // there is some of it: show that there is
      painter.fillRect(QRectF(x, rect.top(), w, rect.height()), partColor(part.kind, Theme::instance().dark()));
      x += w;
    }
    painter.restore();
  }
  painter.setPen(colors.border);
  painter.drawPath(outline);
  const auto mark = [&](double share, const QColor& color) {
    const double x = rect.left() + share * rect.width();
    painter.setPen(QPen(color, 1.5));
    painter.drawLine(QPointF(x, rect.top() - kMark), QPointF(x, rect.bottom() + kMark));
  };
  mark(kTightShare, colors.warning);
  mark(kFullShare, colors.error);
  if (!expected_ || history_.empty() || history_.back().total == 0) return;
  const double share = std::min(1.0, static_cast<double>(*expected_) / static_cast<double>(history_.back().total));
  const double x = rect.left() + share * rect.width();
  painter.setPen(Qt::NoPen);
  painter.setBrush(colors.text);
  painter.drawPolygon(QPolygonF{{x - kArrow, rect.bottom() + 1 + kArrow}, {x, rect.bottom() + 1}, {x + kArrow, rect.bottom() + 1 + kArrow}});
}

void MemoryView::paintHistory(QPainter& painter, const QRectF& rect) const {
  const ThemeColors& colors = Theme::instance().colors();
  const bool dark = Theme::instance().dark();
  painter.setPen(colors.border);
  painter.drawLine(rect.bottomLeft(), rect.bottomRight());
  if (history_.size() < 2) return;
  quint64 top = 1;
  for (const MemoryReading& reading : history_) top = std::max<quint64>(top, reading.used_by_process);
  const auto point = [&](std::size_t i, quint64 bytes) {
    const double age = static_cast<double>(history_.size() - 1 - i);
    return QPointF(rect.right() - rect.width() * age / (kHistory - 1),
                   rect.bottom() - rect.height() * 0.9 * static_cast<double>(bytes) / static_cast<double>(top));
  };
  QPolygonF process;
  QPolygonF tensors;
  for (std::size_t i = 0; i < history_.size(); ++i) {
    process << point(i, history_[i].used_by_process);
    tensors << point(i, std::min(history_[i].tensors, history_[i].used_by_process));
  }
  tensors << QPointF(tensors.last().x(), rect.bottom()) << QPointF(tensors.first().x(), rect.bottom());
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(partColor(MemoryPart::Kind::Tensors, dark));
  painter.drawPolygon(tensors);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(partColor(MemoryPart::Kind::Process, dark), 1.5));
  painter.drawPolyline(process);
}

void MemoryView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const MemoryReading& now = history_.empty() ? nothing() : history_.back();
  const Layout layout = layoutFor(width());
  paintBar(painter, layout.bar.adjusted(0.5, 0, 0, 0));
  painter.setPen(takenColor(takenShare(now)));
  painter.drawText(layout.headline, Qt::AlignVCenter | Qt::AlignLeft, memoryHeadline(now));
  if (!layout.details.isEmpty()) {
    painter.setPen(Theme::instance().colors().mutedText);
    painter.drawText(layout.details, Qt::AlignVCenter | Qt::AlignLeft, details());
  }
  if (!layout.history.isEmpty()) paintHistory(painter, layout.history);
}

void MemoryView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton && rect().contains(event->position().toPoint())) Q_EMIT clicked();
}

bool MemoryView::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const QString text = history_.empty() ? tr("The memory meter starts.") : tooltip();
    QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), text, this);
    return true;
  }
  return QWidget::event(event);
}

}  // namespace panicle::ui
