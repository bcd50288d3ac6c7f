#include "ui/frame/chip.h"

#include <QPainter>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMark = 16;

}  // namespace

Chip::Chip(QWidget* parent) : QAbstractButton(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Chip::show(const ChipText& chip) {
  const bool valid = chip.problems.isEmpty();
  setText(chip.stage > 0 ? tr("%1: %2", "stage and what it does").arg(chip.stage).arg(chip.text) : chip.text);
  setAccessibleName(chip.what + QStringLiteral(": ") + chip.text);
  setAccessibleDescription(chip.problems.join(u'\n'));
  const QString note = chip.note.isEmpty() ? QString() : chip.note.toHtmlEscaped() + QStringLiteral("<br>");
  const QString more = valid ? note + tr("Click to change it.") : chip.problems.join(u'\n').toHtmlEscaped();
  setToolTip(chip.details.isEmpty() ? QStringLiteral("<p><b>%1</b><br>%2</p>").arg(chip.what.toHtmlEscaped(), more)
                                    : QStringLiteral("<p><b>%1</b></p>%2").arg(chip.what.toHtmlEscaped(), chip.details));
  valid_ = valid;
  caution_ = valid && chip.caution;
  page_ = chip.page;
  setVisible(true);
  updateGeometry();
  update();
}

QSize Chip::sizeHint() const {
  const int mark = valid_ && !caution_ ? 0 : kMark + 4;
  return {fontMetrics().horizontalAdvance(text()) + mark + 2 * kGrid + 4, fontMetrics().height() + kGrid};
}

void Chip::paintEvent(QPaintEvent*) {
  const ThemeColors& colors = Theme::instance().colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QColor line = !valid_ ? colors.error : caution_ ? colors.warning : hasFocus() ? colors.accent : underMouse() ? colors.mutedText : colors.border;
  painter.setPen(QPen(line, hasFocus() || !valid_ ? 1.5 : 1));
  painter.setBrush(isDown() ? colors.grid : colors.base);
  const QRectF body = QRectF(rect()).adjusted(1, 1, -1, -1);
  painter.drawRoundedRect(body, body.height() / 2, body.height() / 2);
  QRect inside = rect().adjusted(kGrid + 2, 0, -kGrid, 0);
  painter.setPen(!valid_ ? colors.error : caution_ ? colors.warning : colors.text);
  if (!valid_ || caution_) {
    const QRectF mark(inside.left(), (height() - kMark) / 2.0, kMark, kMark);
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(mark.adjusted(1, 1, -1, -1));
    painter.drawText(mark, Qt::AlignCenter, QStringLiteral("!"));
    inside.setLeft(inside.left() + kMark + 4);
  }
  painter.drawText(inside, Qt::AlignVCenter | Qt::AlignLeft, text());
}

void Chip::enterEvent(QEnterEvent* event) {
  QAbstractButton::enterEvent(event);
  update();
}

void Chip::leaveEvent(QEvent* event) {
  QAbstractButton::leaveEvent(event);
  update();
}

}  // namespace panicle::ui
