#include "ui/memory/stack_bar.h"

#include <QHelpEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>
#include <algorithm>
#include <utility>

#include "core/memory/device_profile.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMark = 4;  // pixels that a mark stands out of the bar, above and below
constexpr int kBarHeight = 16;

}  // namespace

StackBar::StackBar(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void StackBar::show(std::vector<Part> parts, quint64 total) {
  parts_ = std::move(parts);
  total_ = total;
  QStringList words;
  for (const Part& part : parts_) words << part.name + u' ' + formatBytes(part.bytes);
  setAccessibleDescription(words.join(QStringLiteral(", ")));
  update();
}

void StackBar::setExpected(quint64 bytes) {
  if (bytes == expected_) return;
  expected_ = bytes;
  update();
}

quint64 StackBar::sum() const {
  quint64 sum = 0;
  for (const Part& part : parts_) sum += part.bytes;
  return sum;
}

QSize StackBar::sizeHint() const {
  return {40 * kGrid, kBarHeight + 2 * kMark};
}

QSize StackBar::minimumSizeHint() const {
  return {16 * kGrid, sizeHint().height()};
}

QRectF StackBar::bar() const {
  return QRectF(0.5, (height() - kBarHeight) / 2.0 + 0.5, width() - 1, kBarHeight - 1);
}

double StackBar::pixels(quint64 bytes) const {
  const quint64 scale = std::max<quint64>({total_, sum(), 1});
  return bar().width() * static_cast<double>(bytes) / static_cast<double>(scale);
}

const StackBar::Part* StackBar::partAt(double x) const {
  double right = bar().left();
  for (const Part& part : parts_) {
    right += pixels(part.bytes);
    if (x <= right) return &part;
  }
  return nullptr;
}

void StackBar::paintEvent(QPaintEvent*) {
  const ThemeColors& colors = Theme::instance().colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  QPainterPath outline;
  outline.addRoundedRect(bar(), 3, 3);
  painter.fillPath(outline, colors.base);
  painter.save();
  painter.setClipPath(outline);
  double x = bar().left();
  for (const Part& part : parts_) {
    // There is some of it: show that there is.
    const double w = part.bytes > 0 ? std::max(pixels(part.bytes), 1.0) : 0;
    painter.fillRect(QRectF(x, bar().top(), w, bar().height()), part.color);
    x += w;
  }
  painter.restore();
  painter.setPen(colors.border);
  painter.drawPath(outline);
  if (total_ == 0) return;
  const auto mark = [&](double share, const QColor& color) {
    const double at = bar().left() + pixels(static_cast<quint64>(share * static_cast<double>(total_)));
    painter.setPen(QPen(color, 2));
    painter.drawLine(QPointF(at, bar().top() - kMark + 1), QPointF(at, bar().bottom() + kMark - 1));
  };
  mark(kTightShare, colors.warning);
  mark(kFullShare, colors.error);
  if (expected_ > 0) paintExpected(painter);
}

void StackBar::paintExpected(QPainter& painter) const {
  const double x = std::min(bar().left() + pixels(expected_), bar().right());
  const double y = bar().bottom() + 1;
  painter.setPen(Qt::NoPen);
  painter.setBrush(Theme::instance().colors().text);
  painter.drawPolygon(QPolygonF{{x - kMark, y + kMark}, {x, y}, {x + kMark, y + kMark}});
}

bool StackBar::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const Part* part = partAt(help->pos().x());
  const QString marks = tr("The marks stand at 80 %, from where it is tight, and at 95 %, from where it does not fit.");
  const QString head = part ? QStringLiteral("<p><b>%1 %2</b><br>%3</p>")
                                  .arg(part->name.toHtmlEscaped(), formatBytes(part->bytes), part->meaning.toHtmlEscaped())
                            : QString();
  const QString arrow =
      expected_ > 0 ? tr(" The arrow stands at the %1 that Panicle is planned to take at its peak.").arg(formatBytes(expected_)) : QString();
  QToolTip::showText(help->globalPos(), head + QStringLiteral("<p>%1</p>").arg(marks + arrow), this);
  return true;
}

}  // namespace panicle::ui
