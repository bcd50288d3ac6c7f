#include "ui/runs/message_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMark = 16;

}  // namespace

MessageBar::MessageBar(const QString& icon, QWidget* parent)
    : QFrame(parent), row_(new QHBoxLayout(this)), text_(new QLabel(this)), close_(new QToolButton(this)) {
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  auto* mark = new QLabel(this);
  const auto colour = [mark, icon] { mark->setPixmap(lineIcon(icon).pixmap(kMark, kMark)); };
  colour();
  connect(&Theme::instance(), &Theme::changed, this, colour);
  text_->setTextFormat(Qt::PlainText);
  text_->setWordWrap(true);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  close_->setAutoRaise(true);
  close_->setIcon(lineIcon(QStringLiteral("close")));
  close_->setAccessibleName(tr("Dismiss"));
  close_->setToolTip(tr("Closes this line"));
  row_->setContentsMargins(kGrid, kGrid / 2, kGrid, kGrid / 2);
  row_->setSpacing(kGrid);
  row_->addWidget(mark);
  row_->addWidget(text_, 1);
  row_->addWidget(close_);
  connect(close_, &QToolButton::clicked, this, [this] {
    dismiss();
    Q_EMIT dismissed();
  });
  hide();
}

void MessageBar::say(const QString& text, const std::vector<Choice>& choices) {
  text_->setText(text);
  // One of them may be what has been pressed just now.
  for (QPushButton* button : buttons_) {
    button->hide();
    button->deleteLater();
  }
  buttons_.clear();
  for (const Choice& choice : choices) {
    auto* button = new QPushButton(choice.text, this);
    button->setToolTip(QStringLiteral("<p>%1</p>").arg(choice.help.toHtmlEscaped()));
    button->setAccessibleDescription(choice.help);
    row_->insertWidget(row_->count() - 1, button);
    connect(button, &QPushButton::clicked, this, [this, chosen = choice.chosen] {
      dismiss();
      chosen();
    });
    buttons_.push_back(button);
  }
  show();
}

QString MessageBar::text() const { return isHidden() ? QString() : text_->text(); }

void MessageBar::dismiss() { hide(); }

}  // namespace panicle::ui
