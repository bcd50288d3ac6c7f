#include "ui/train/stage_head.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QToolButton>

#include "ui/shared/fold_button.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

StageHead::StageHead(std::size_t stage, std::size_t stages, QWidget* parent)
    : QWidget(parent), fold_(new FoldButton(tr("Stage %1 of %2").arg(stage + 1).arg(stages), this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, kGrid, 0, 0);
  row->setSpacing(0);
  row->addWidget(fold_, 1);
  fold_->setOpen(true);
  fold_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  const QString number = QString::number(stage + 1);
  QToolButton* up = addButton(QStringLiteral("chevron-up"), tr("Move stage %1 up").arg(number), tr("Trains it before the stage above"));
  QToolButton* down =
      addButton(QStringLiteral("chevron-down"), tr("Move stage %1 down").arg(number), tr("Trains it after the stage below"));
  QToolButton* copy = addButton(QStringLiteral("copy"), tr("Duplicate stage %1").arg(number), tr("Adds a copy of it right after it"));
  QToolButton* remove = addButton(QStringLiteral("close"), tr("Remove stage %1").arg(number), tr("Takes it out of the recipe; undo brings it back"));
  up->setEnabled(stage > 0);
  down->setEnabled(stage + 1 < stages);
  connect(up, &QToolButton::clicked, this, [this] { Q_EMIT moveRequested(-1); });
  connect(down, &QToolButton::clicked, this, [this] { Q_EMIT moveRequested(1); });
  connect(copy, &QToolButton::clicked, this, &StageHead::duplicateRequested);
  connect(remove, &QToolButton::clicked, this, &StageHead::removeRequested);
  embolden();
}

QToolButton* StageHead::addButton(const QString& icon, const QString& name, const QString& help) {
  auto* button = new QToolButton(this);
  button->setIcon(lineIcon(icon));
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::StrongFocus);
  button->setAccessibleName(name);
  button->setToolTip(QStringLiteral("<p><b>%1</b><br>%2</p>").arg(name.toHtmlEscaped(), help.toHtmlEscaped()));
  layout()->addWidget(button);
  return button;
}

void StageHead::setWords(const QString& words) {
  fold_->setNote(fold_->isOpen() ? QString() : words);
}

void StageHead::embolden() {
  QFont bold = font();
  bold.setBold(true);
  fold_->setFont(bold);
  if (fold_->isOpen()) fold_->setMinimumWidth(fold_->sizeHint().width());
}

void StageHead::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) embolden();
}

void StageHead::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(Theme::instance().colors().border);
  painter.drawLine(0, kGrid / 2, width(), kGrid / 2);
}

}  // namespace panicle::ui
