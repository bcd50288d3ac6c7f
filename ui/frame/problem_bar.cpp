#include "ui/frame/problem_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMark = 16;
constexpr qsizetype kMaxShown = 600;  // characters; the whole text is in the tooltip and the list

}  // namespace

ProblemBar::ProblemBar(ProblemLog& log, QWidget* parent) : QFrame(parent) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(2 * kGrid, kGrid, 2 * kGrid, kGrid);
  row->setSpacing(kGrid);
  text_ = new QLabel(this);
  mark_ = new QLabel(this);
  row->addWidget(mark_, 0, Qt::AlignTop);
  text_->setWordWrap(true);
  text_->setTextFormat(Qt::PlainText);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  text_->setAccessibleName(tr("Problem"));
  row->addWidget(text_, 1);
  dismiss_ = new QPushButton(tr("Dismiss"), this);
  dismiss_->setToolTip(tr("Closes this bar. The problem stays in the list that the status bar opens."));
  row->addWidget(dismiss_, 0, Qt::AlignTop);
  connect(dismiss_, &QPushButton::clicked, this, &ProblemBar::dismiss);
  connect(&log, &ProblemLog::added, this, [this](const Problem& problem) {
    if (problem.kind != Problem::Kind::Warning) show(problem);
  });
  connect(&log, &ProblemLog::changed, this, [this, &log] {
    if (!log.contains(shown_.text)) dismiss();
  });
  connect(&Theme::instance(), &Theme::changed, this, &ProblemBar::colour);
  hide();
}

void ProblemBar::show(const Problem& problem) {
  const QString& text = problem.text;
  shown_ = problem;
  colour();
  text_->setText(text.size() > kMaxShown ? text.left(kMaxShown) + u'…' : text);
  text_->setToolTip(text.size() > kMaxShown ? QStringLiteral("<p>%1</p>").arg(text.toHtmlEscaped()) : QString());
  setVisible(true);
  update();
}

// A sign before the text, so that the colour is never the only one.
void ProblemBar::colour() {
  const bool error = shown_.kind == Problem::Kind::Error;
  mark_->setPixmap(lineIcon(error ? QStringLiteral("error") : QStringLiteral("warning")).pixmap(kMark, kMark));
  mark_->setToolTip(error ? tr("Error") : tr("Notice"));
  mark_->setAccessibleName(mark_->toolTip());
}

void ProblemBar::dismiss() {
  hide();
}

void ProblemBar::paintEvent(QPaintEvent*) {
  const ThemeColors& colors = Theme::instance().colors();
  QPainter painter(this);
  painter.fillRect(rect(), colors.base);
  painter.fillRect(QRect(0, 0, 4, height()), shown_.kind == Problem::Kind::Error ? colors.error : colors.warning);
  painter.setPen(colors.border);
  painter.drawLine(rect().bottomLeft(), rect().bottomRight());
}

}  // namespace panicle::ui
