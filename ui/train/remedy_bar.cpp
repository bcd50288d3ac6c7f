#include "ui/train/remedy_bar.h"

#include <QAction>
#include <QLabel>
#include <QToolButton>
#include <string_view>

#include "core/base/error.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

RemedyBar::RemedyBar(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), flow_(new FlowLayout(this)), title_(new QLabel(tr("Start again with"), this)) {
  flow_->addWidget(title_);
  hide();
}

void RemedyBar::offer(const std::vector<Remedy>& remedies, const RunSpec& spec) {
  for (QToolButton* button : buttons_) {
    flow_->removeWidget(button);
    button->hide();
    button->deleteLater();  // it may be the one that was pressed
  }
  buttons_.clear();
  for (const Remedy& remedy : remedies) add(remedy, spec);
  setVisible(!remedies.empty());
}

void RemedyBar::add(const Remedy& remedy, const RunSpec& spec) {
  const QString words = QString::fromStdString(remedy.words);
  auto* button = new QToolButton(this);
  button->setText(words);
  button->setIcon(lineIcon(QStringLiteral("play")));
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setPopupMode(QToolButton::MenuButtonPopup);
  button->setFocusPolicy(Qt::StrongFocus);
  const QString tip = tr("Puts %1 into the recipe of this run and starts it again. It is planned to take %2 MiB then. "
                         "The arrow: only into the recipe.")
                          .arg(words, mib(remedy.predicted));
  button->setToolTip(QStringLiteral("<p>%1</p>").arg(tip.toHtmlEscaped()));
  button->setAccessibleName(tr("Start again with %1").arg(words));
  button->setAccessibleDescription(tip);
  auto* only = new QAction(tr("Only put it into the recipe"), button);
  button->addAction(only);
  connect(only, &QAction::triggered, this, [this, remedy, spec] { take(remedy, spec); });
  connect(button, &QToolButton::clicked, this, [this, remedy, spec] {
    if (take(remedy, spec)) session_.start();
  });
  flow_->addWidget(button);
  buttons_.push_back(button);
}

bool RemedyBar::take(const Remedy& remedy, RunSpec spec) {
  try {
    for (const auto& [path, value] : remedy.settings) setByPath(spec, path, std::string_view(value));
  } catch (const Error& error) {
    session_.report(QString::fromUtf8(error.what()));
    return false;
  }
  session_.replaceRecipe(spec, tr("Train with %1").arg(QString::fromStdString(remedy.words)));
  return true;
}

}  // namespace panicle::ui
