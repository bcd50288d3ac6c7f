#include "ui/shared/fold_button.h"

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
  const QString action = isOpen() ? tr("Hides the settings of %1") : tr("Shows the settings of %1");
  setToolTip(action.arg(title_));
  setAccessibleName(title_);
  setAccessibleDescription(isOpen() ? tr("open") : tr("folded"));
}

}  // namespace panicle::ui
