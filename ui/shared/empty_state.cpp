#include "ui/shared/empty_state.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/shared/theme.h"

namespace panicle::ui {

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent), title_(new QLabel(this)), text_(new QLabel(this)), button_(new QPushButton(this)) {
  QFont large = font();
  large.setPointSizeF(large.pointSizeF() * 1.35);
  large.setWeight(QFont::DemiBold);
  title_->setFont(large);
  for (QLabel* label : {title_, text_}) {
    label->setAlignment(Qt::AlignHCenter);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
  text_->setForegroundRole(QPalette::PlaceholderText);
  makePrimary(button_);
  button_->setMinimumSize(16 * kGrid, 4 * kGrid);

  auto* column = new QVBoxLayout;
  column->setSpacing(2 * kGrid);
  column->addStretch(2);
  column->addWidget(title_);
  column->addWidget(text_);
  column->addWidget(button_, 0, Qt::AlignHCenter);
  column->addStretch(3);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(4 * kGrid, 4 * kGrid, 4 * kGrid, 4 * kGrid);
  layout->addStretch(1);
  layout->addLayout(column, 4);
  layout->addStretch(1);
  connect(button_, &QPushButton::clicked, this, &EmptyState::clicked);
  say({}, {});
}

void EmptyState::say(const QString& title, const QString& text, const QString& button) {
  title_->setText(title);
  title_->setVisible(!title.isEmpty());
  text_->setText(text);
  text_->setVisible(!text.isEmpty());
  button_->setText(button);
  button_->setVisible(!button.isEmpty());
}

}  // namespace panicle::ui
