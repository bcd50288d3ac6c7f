#include "ui/memory/runs_panel.h"

#include <QHeaderView>
#include <QLabel>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>
#include <utility>

#include "ui/memory/planned_runs.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/runs_reader.h"
#include "ui/shared/session.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

RunsPanel::RunsPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      model_(new PlannedRunsModel(this)),
      sorted_(new QSortFilterProxyModel(this)),
      view_(new QTableView(this)),
      words_(new QLabel(this)),
      nothing_(new EmptyState(this)) {
  makeTable();
  words_->setObjectName(QStringLiteral("plannerError"));
  words_->setWordWrap(true);
  words_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  words_->setToolTip(tr("<p>Over the runs that were trained to their end, each by the stage that was planned to take most. Tensors are "
                        "compared: what the process takes beside them is an assumption of the profile, until runs have taught it.</p>"));
  nothing_->say(tr("No run has a plan beside its peak"), tr("Train one: what it was planned to take and what it took then stand here."));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(words_);
  layout->addWidget(view_, 1);
  layout->addWidget(nothing_, 1);
  showRuns({}, {});
  using Read = std::pair<QString, std::vector<PlannedStage>>;
  new RunsReader(
      session_, this, tr("Reading what runs took"),
      [](const RunStore& store) {
        const std::vector<MeasuredRun> runs = store.measuredRuns();
        return Read(errorWords(plannerError(runs)), plannedStages(store, runs));
      },
      [this](Read read) { showRuns(read.first, std::move(read.second)); });
}

void RunsPanel::makeTable() {
  sorted_->setSourceModel(model_);
  sorted_->setSortRole(PlannedRunsModel::kSortRole);
  view_->setModel(sorted_);
  view_->setObjectName(QStringLiteral("plannedRuns"));
  view_->setAccessibleName(tr("Runs: planned and measured memory"));
  view_->setSortingEnabled(true);
  view_->sortByColumn(PlannedRunsModel::Run, Qt::AscendingOrder);
  setTableLook(*view_);
  view_->setSelectionMode(QAbstractItemView::SingleSelection);
  view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  QHeaderView* header = view_->horizontalHeader();
  header->setSectionResizeMode(QHeaderView::ResizeToContents);
  header->setSectionResizeMode(PlannedRunsModel::Name, QHeaderView::Stretch);
}

QString RunsPanel::words() const {
  return words_->text();
}

void RunsPanel::showRuns(const QString& error, std::vector<PlannedStage> stages) {
  words_->setText(error);
  const bool any = !stages.empty();
  model_->set(std::move(stages));
  words_->setVisible(any);
  view_->setVisible(any);
  nothing_->setVisible(!any);
}

}  // namespace panicle::ui
