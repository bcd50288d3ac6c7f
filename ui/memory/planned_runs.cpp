#include "ui/memory/planned_runs.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("PlannedRuns", text);
}

quint64 heldOf(const MemoryPeak& peak, bool cuda) {
  return cuda ? peak.reserved : peak.tensors;
}

// "+1.3 %"
QString signedPercent(double share) {
  return (share < 0 ? QStringLiteral("−") : QStringLiteral("+")) + formatPercent(std::abs(share));
}

// nullopt in the trash, and of a run that was deleted meanwhile.
std::optional<RunRecord> kept(const RunStore& store, const std::string& id) {
  try {
    RunRecord run = store.get(id);
    if (run.trashed.empty()) return run;
  } catch (const Error&) {
  }
  return std::nullopt;
}

void addStages(const RunRecord& run, std::vector<PlannedStage>& found) {
  for (const StageMemory& memory : run.memory.stages) {
    const auto at = static_cast<std::size_t>(memory.stage);
    const quint64 measured = heldOf(memory.measured, run.memory.cuda);
    if (!memory.predicted || memory.stage < 0 || at >= run.spec.stages.size() || measured == 0) continue;
    const StageOptions& stage = run.spec.stages[at];
    const BatchOptions& batch = run.spec.batchOf(stage);
    found.push_back({.run = run.id,
                     .name = QString::fromStdString(run.name),
                     .stage = memory.stage,
                     .stages = static_cast<int>(run.spec.stages.size()),
                     .architecture = run.spec.model.arch,
                     .size = networkSize(stage),
                     .batch = batch.size,
                     .accum = (batch.effectiveSize() + batch.size - 1) / std::max(batch.size, 1),
                     .device = QString::fromStdString(run.memory.profile),
                     .planned = memory.predicted->held(),
                     .measured = measured,
                     .whole = memory.whole});
  }
}

}  // namespace

double PlannedStage::error() const {
  return measured == 0 ? 0 : (static_cast<double>(planned) - static_cast<double>(measured)) / static_cast<double>(measured);
}

std::vector<PlannedStage> plannedStages(const RunStore& store, const std::vector<MeasuredRun>& runs) {
  std::vector<PlannedStage> found;
  for (const MeasuredRun& measured : runs) {
    if (const std::optional<RunRecord> run = kept(store, measured.run)) addStages(*run, found);
  }
  return found;
}

QString errorWords(const std::vector<PlannerError>& errors) {
  const auto times = [](double ratio) { return QString::number(ratio, 'f', 2); };
  QStringList lines;
  for (const PlannerError& error : errors) {
    const QString where = error.kind == ComputeKind::Cpu ? tr("Processor") : tr("Card");
    const QString runs = error.runs == 1 ? tr("1 run") : tr("%1 runs").arg(error.runs);
    lines << tr("%1, %2: %3 times the planned was measured in the median, %4 times at worst (run %5).")
                 .arg(where, runs, times(error.median), times(error.worst), QString::fromStdString(error.worst_run));
  }
  return lines.isEmpty() ? tr("No run has been trained to its end with a plan beside it.") : lines.join(u'\n');
}

void PlannedRunsModel::set(std::vector<PlannedStage> stages) {
  beginResetModel();
  stages_ = std::move(stages);
  endResetModel();
}

int PlannedRunsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(stages_.size());
}

int PlannedRunsModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : Columns;
}

QString PlannedRunsModel::text(const PlannedStage& stage, int column) const {
  switch (column) {
    case Run: return stage.stages == 1 ? QString::fromStdString(stage.run)
                                       : tr("%1, stage %2").arg(QString::fromStdString(stage.run)).arg(stage.stage + 1);
    case Name: return stage.name;
    case Network: return QString::fromStdString(stage.architecture);
    case Images: return QString::fromStdString(toString(stage.size));
    case Batch: return QStringLiteral("%1×%2").arg(stage.batch).arg(stage.accum);
    case Device: return stage.device;
    case Planned: return mib(stage.planned);
    case Measured: return mib(stage.measured);
    case Error: return signedPercent(stage.error());
    default: return {};
  }
}

QVariant PlannedRunsModel::key(const PlannedStage& stage, int row, int column) const {
  switch (column) {
    case Planned: return stage.planned;
    case Measured: return stage.measured;
    case Error: return stage.error();
    case Images: return stage.size.height * stage.size.width;
    case Batch: return stage.batch;
    case Run: return row;  // newest first, as the store tells them
    default: return text(stage, column);
  }
}

QVariant PlannedRunsModel::data(const QModelIndex& index, int role) const {
  const PlannedStage& stage = stages_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole: return text(stage, index.column());
    case Qt::TextAlignmentRole: return headerData(index.column(), Qt::Horizontal, role);
    case kSortRole: return key(stage, index.row(), index.column());
    case Qt::ForegroundRole:
      if (!stage.whole) return Theme::instance().colors().mutedText;
      if (index.column() == Error && stage.error() < 0) return Theme::instance().colors().warning;
      return {};
    case Qt::ToolTipRole:
      if (!stage.whole) return tr("<p>It ended before its last epoch: its peak may not have come, and it does not count for the planner's error.</p>");
      return {};
    default: return {};
  }
}

QVariant PlannedRunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= Columns) return {};
  if (role == Qt::TextAlignmentRole) {
    const bool figure = section == Images || section >= Planned || section == Batch;
    return QVariant::fromValue((figure ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  }
  static const QStringList titles{tr("Run"),   tr("Name"),   tr("Network"),      tr("Size"), tr("Batch"),
                                  tr("Where"), tr("Planned, MiB"), tr("Measured, MiB"), tr("Error")};
  static const QStringList helps{tr("The run, newest first, and which of its stages."),
                                 tr("What you called the run."),
                                 tr("timm's name, as in fastai's vision_learner."),
                                 tr("What went into the network, in pixels."),
                                 tr("Images that went through the network together, and how many such batches made a step."),
                                 tr("The memory that the run was planned for, and ran in."),
                                 tr("The peak of its tensors that was planned when it began; on a card with what the allocator keeps."),
                                 tr("The peak that was measured while it ran."),
                                 tr("Of the plan, as a share of what was measured. Above zero: more was planned than it took. Amber: less.")};
  if (role == Qt::DisplayRole) return titles[section];
  if (role == Qt::ToolTipRole) return QStringLiteral("<p>%1</p>").arg(helps[section]);
  return {};
}

}  // namespace panicle::ui
