#include "ui/preview/steps_panel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/preview/latest_job.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

enum Column { StepColumn, DetailColumn, SizeColumn, ValuesColumn, Columns };

}  // namespace

StepsPanel::StepsPanel(QWidget* parent)
    : QWidget(parent),
      mode_(new QComboBox(this)),
      failure_(new QLabel(this)),
      table_(new QTableWidget(0, Columns, this)),
      job_(new LatestJob(this)) {
  mode_->addItem(tr("as in training"), static_cast<int>(Mode::Train));
  mode_->addItem(tr("as in validation"), static_cast<int>(Mode::Valid));
  mode_->setAccessibleName(tr("Training or validation"));
  mode_->setToolTip(
      tr("In training the transforms make random choices; in validation every photo is treated alike."));
  failure_->setWordWrap(true);
  failure_->setTextFormat(Qt::PlainText);
  failure_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  failure_->setAccessibleName(tr("Step that failed"));
  failure_->hide();
  table_->setHorizontalHeaderLabels({tr("Step"), tr("What it does"), tr("Leaves, h,w"), tr("Values")});
  table_->setAccessibleName(tr("Steps from the file to the network"));
  table_->setToolTip(
      tr("What each step leaves of the photo: its size (height, width) and the smallest and largest value. "
         "The last row is what "
         "the network gets."));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setShowGrid(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setTabKeyNavigation(false);
  table_->setWordWrap(true);
  table_->verticalHeader()->hide();
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table_->horizontalHeader()->setSectionResizeMode(DetailColumn, QHeaderView::Stretch);
  for (const int column : {StepColumn, SizeColumn, ValuesColumn}) {
    table_->horizontalHeader()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  }
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  auto* top = new QHBoxLayout;
  top->setSpacing(kGrid);
  auto* title = new QLabel(tr("What the recipe does to this photo,"), this);
  title->setBuddy(mode_);
  top->addWidget(title);
  top->addWidget(mode_);
  top->addStretch(1);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid, 0, 0);
  layout->setSpacing(kGrid);
  layout->addLayout(top);
  layout->addWidget(failure_);
  layout->addWidget(table_, 1);
  layout->addStretch();
  connect(mode_, &QComboBox::currentIndexChanged, this, &StepsPanel::refresh);
}

void StepsPanel::setSubject(const QString& file, const Pipeline& pipeline) {
  file_ = file;
  pipeline_ = pipeline;
  stale_ = true;
  if (isVisible()) refresh();
}

void StepsPanel::clear() {
  file_.clear();
  job_->cancel();
  show(PipelineSummary{});
}

void StepsPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (stale_) refresh();
}

void StepsPanel::refresh() {
  if (file_.isEmpty()) return;
  stale_ = false;
  const auto mode = static_cast<Mode>(mode_->currentData().toInt());
  const std::filesystem::path file = file_.toStdString();
  job_->start([pipeline = pipeline_, file, mode](std::stop_token) { return summarize(pipeline, file, mode); },
              [this](const PipelineSummary& summary) { show(summary); },
              [this](const QString& message) { show(PipelineSummary{.failure = message.toStdString()}); });
}

void StepsPanel::show(const PipelineSummary& summary) {
  table_->setRowCount(static_cast<int>(summary.steps.size()));
  table_->setVisible(!summary.steps.empty());
  int row = 0;
  for (const SummaryStep& step : summary.steps) {
    const QString size = step.size.width > 0 ? QString::fromStdString(toString(step.size)) : QString();
    const QString texts[]{QString::fromStdString(step.name), QString::fromStdString(step.detail), size,
                          QString::fromStdString(step.values)};
    for (int column = 0; column < Columns; ++column) {
      auto* item = new QTableWidgetItem(texts[column]);
      item->setTextAlignment(Qt::AlignLeft | Qt::AlignTop);
      table_->setItem(row, column, item);
    }
    ++row;
  }
  failure_->setVisible(summary.failure.has_value());
  if (!summary.failure) return;
  QPalette palette = failure_->palette();
  palette.setColor(QPalette::WindowText, Theme::instance().colors().error);
  failure_->setPalette(palette);
  failure_->setText(QString::fromStdString(*summary.failure));
}

}  // namespace panicle::ui
