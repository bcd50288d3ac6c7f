#include "ui/frame/jobs_view.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kTitleWidth = 220;
constexpr int kListTitleWidth = 320;
constexpr int kBarWidth = 96;
constexpr int kSteps = 1000;

}  // namespace

JobRow::JobRow(QWidget* parent) : QWidget(parent) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  title_ = new QLabel(this);
  bar_ = new QProgressBar(this);
  bar_->setFixedSize(kBarWidth, 10);
  bar_->setTextVisible(false);
  left_ = new QLabel(this);
  cancel_ = new QToolButton(this);
  cancel_->setAutoRaise(true);
  cancel_->setIcon(lineIcon(QStringLiteral("cancel")));
  row->addWidget(title_);
  row->addWidget(bar_);
  row->addWidget(left_);
  row->addWidget(cancel_);
  connect(cancel_, &QToolButton::clicked, this, [this] { Q_EMIT cancelled(id_); });
}

void JobRow::show(const JobInfo& job, int titleWidth) {
  id_ = job.id;
  title_->setText(fontMetrics().elidedText(job.title, Qt::ElideMiddle, titleWidth));
  title_->setToolTip(job.title);
  bar_->setRange(0, job.total > 0 ? kSteps : 0);
  if (job.total > 0) bar_->setValue(static_cast<int>(kSteps * std::min(1.0, static_cast<double>(job.done) / static_cast<double>(job.total))));
  const QString count = job.total > 0 ? tr("%1 of %2").arg(formatCount(job.done), formatCount(job.total)) : tr("just begun");
  bar_->setToolTip(count);
  bar_->setAccessibleName(job.title + QStringLiteral(", ") + count);
  left_->setText(job.secondsLeft >= 0 ? tr("%1 left").arg(formatDuration(job.secondsLeft)) : QString());
  left_->setVisible(job.secondsLeft >= 0);
  cancel_->setToolTip(tr("Cancels: %1").arg(job.title));
  cancel_->setAccessibleName(tr("Cancel %1").arg(job.title));
  setVisible(true);
}

JobsView::JobsView(Jobs& jobs, QWidget* parent) : QWidget(parent), jobs_(jobs) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  row_ = new JobRow(this);
  more_ = new QToolButton(this);
  more_->setAutoRaise(true);
  more_->setToolTip(tr("Shows all jobs"));
  row->addWidget(row_);
  row->addWidget(more_);

  list_ = new QFrame(this, Qt::Popup);
  list_->setFrameShape(QFrame::StyledPanel);
  list_->setAccessibleName(tr("Jobs"));
  listColumn_ = new QVBoxLayout(list_);
  listColumn_->setContentsMargins(kGrid, kGrid, kGrid, kGrid);
  listColumn_->setSpacing(kGrid);
  connect(more_, &QToolButton::clicked, this, &JobsView::openList);
  connect(row_, &JobRow::cancelled, this, [this](quint64 id) { jobs_.cancel(id); });
  connect(&jobs, &Jobs::changed, this, &JobsView::refresh);
  refresh();
}

void JobsView::refresh() {
  const QVector<JobInfo> running = jobs_.running();
  if (running.isEmpty()) {
    row_->hide();
  } else {
    row_->show(running.front(), kTitleWidth);
  }
  more_->setVisible(running.size() > 1);
  more_->setText(tr("+ %1").arg(running.size() - 1));
  if (!list_->isVisible()) return;
  while (listRows_.size() < running.size()) {
    auto* row = new JobRow(list_);
    connect(row, &JobRow::cancelled, this, [this](quint64 id) { jobs_.cancel(id); });
    listColumn_->addWidget(row);
    listRows_.push_back(row);
  }
  for (qsizetype i = 0; i < listRows_.size(); ++i) {
    if (i < running.size()) {
      listRows_[i]->show(running[i], kListTitleWidth);
    } else {
      listRows_[i]->hide();
    }
  }
  if (running.isEmpty()) list_->hide();
  list_->adjustSize();
}

void JobsView::openList() {
  list_->setVisible(true);
  refresh();
  const QPoint corner = more_->mapToGlobal(QPoint(more_->width(), 0));
  list_->move(corner - QPoint(list_->width(), list_->height()));
}

}  // namespace panicle::ui
