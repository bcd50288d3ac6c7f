#include "ui/frame/status_strip.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QToolButton>
#include <algorithm>

#include "ui/frame/jobs_view.h"
#include "ui/frame/memory_view.h"
#include "ui/frame/problem_log.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

StatusStrip::StatusStrip(Session& session, ProblemLog& log, QWidget* parent) : QWidget(parent), log_(log) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(2 * kGrid, kGrid / 2, 2 * kGrid, kGrid / 2);
  row->setSpacing(2 * kGrid);
  memory_ = new MemoryView(this);
  row->addWidget(memory_);
  run_ = new QToolButton(this);
  run_->setAutoRaise(true);
  run_->setToolButtonStyle(Qt::ToolButtonTextOnly);
  run_->setToolTip(tr("The run in progress or the last one. Click to go to the Train page."));
  run_->hide();
  row->addWidget(run_);
  row->addStretch(1);
  row->addWidget(new JobsView(session.jobs(), this));
  problems_ = new QToolButton(this);
  problems_->setAutoRaise(true);
  problems_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  problems_->setToolTip(tr("Errors and warnings since the data set was opened. Click for the list."));
  row->addWidget(problems_);
  connect(run_, &QToolButton::clicked, this, &StatusStrip::runRequested);
  connect(problems_, &QToolButton::clicked, this, &StatusStrip::problemsRequested);
  connect(&log, &ProblemLog::changed, this, &StatusStrip::showProblems);
  showProblems();
}

void StatusStrip::showRun(const QString& text) {
  runText_ = text;
  run_->setAccessibleName(text);
  fitRun();
}

// A failure's message can be long: it stays within a third of the window, whole in the tooltip.
void StatusStrip::fitRun() {
  const int room = std::max(width() / 3, 30 * kGrid);
  const QString shown = fontMetrics().elidedText(runText_, Qt::ElideRight, room);
  run_->setText(shown);
  run_->setVisible(!runText_.isEmpty());
  run_->setToolTip(QStringLiteral("<p>%1</p><p>%2</p>").arg(runText_.toHtmlEscaped(), tr("Click to go to the Train page.")));
}

void StatusStrip::showProblems() {
  const QVector<Problem>& all = log_.problems();
  const auto errors = std::count_if(all.begin(), all.end(), [](const Problem& p) { return p.kind == Problem::Kind::Error; });
  const auto warnings = all.size() - errors;
  QStringList words;
  if (errors > 0) words << (errors == 1 ? tr("1 error") : tr("%1 errors").arg(errors));
  if (warnings > 0) words << (warnings == 1 ? tr("1 warning") : tr("%1 warnings").arg(warnings));
  problems_->setText(words.join(QStringLiteral(", ")));
  problems_->setIcon(lineIcon(errors > 0 ? QStringLiteral("error") : QStringLiteral("warning")));
  problems_->setVisible(!words.isEmpty());
}

void StatusStrip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(Theme::instance().colors().border);
  painter.drawLine(rect().topLeft(), rect().topRight());
}

void StatusStrip::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitRun();
}

}  // namespace panicle::ui
