#include "ui/shared/fold_button.h"

#include <QStyleOptionToolButton>
#include <QStylePainter>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {

FoldButton::FoldButton(const QString& title, QWidget* parent) : QToolButton(parent), title_(title) {
  setCheckable(true);
  setAutoRaise(true);
  setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setFocusPolicy(Qt::StrongFocus);
  connect(this, &QToolButton::toggled, this, [this](bool open) {
    updateLook();
    Q_EMIT toggledOpen(open);
  });
  connect(&Theme::instance(), &Theme::changed, this, &FoldButton::updateLook);
  updateLook();
}

void FoldButton::setOpen(bool open) {
  setChecked(open);
}

void FoldButton::setNote(const QString& note) {
  if (note == note_) return;
  note_ = note;
  updateLook();
}

void FoldButton::updateLook() {
  setIcon(lineIcon(isOpen() ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
  setText(note_.isEmpty() ? title_ : QStringLiteral("%1  \u00b7  %2").arg(title_, note_));
  updateTip();
  setAccessibleName(title_);
  setAccessibleDescription(isOpen() ? tr("open") : tr("folded"));
}

void FoldButton::updateTip() {
  const QString action = isOpen() ? tr("Hides the settings of %1") : tr("Shows the settings of %1");
  const bool cut = fontMetrics().horizontalAdvance(text()) > textWidth();
  setToolTip(cut ? text() + QLatin1Char('\n') + action.arg(title_) : action.arg(title_));
}

// As the style lays out an icon and its text.
int FoldButton::textWidth() const { return std::max(0, width() - iconSize().width() - 2 * kGrid); }

void FoldButton::resizeEvent(QResizeEvent* event) {
  QToolButton::resizeEvent(event);
  updateTip();
}

// The style would cut a text that is too long at both ends.
void FoldButton::paintEvent(QPaintEvent*) {
  QStylePainter painter(this);
  QStyleOptionToolButton option;
  initStyleOption(&option);
  option.text = fontMetrics().elidedText(text(), Qt::ElideRight, textWidth());
  painter.drawComplexControl(QStyle::CC_ToolButton, option);
}

}  // namespace panicle::ui
