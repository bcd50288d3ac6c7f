#include "ui/shared/run_chooser.h"

#include <QSignalBlocker>
#include <algorithm>
#include <utility>

#include "core/eval/predictions.h"
#include "core/runs/run_store.h"
#include "ui/shared/runs_reader.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kShownCharacters = 20;

// A data set may be named by its CSV; the photos lie below its folder.
std::filesystem::path photoRoot(const std::string& named) {
  const std::filesystem::path root(named);
  std::error_code ignored;
  return std::filesystem::is_regular_file(root, ignored) ? root.parent_path() : root;
}

std::vector<KeptPredictions> keptPredictions(const std::filesystem::path& folder, const DataOptions& data,
                                             const std::string& split) {
  std::vector<KeptPredictions> kept;
  for (const bool tta : {false, true}) {
    const std::string first = tta ? ttaStem(split) : split;
    for (std::size_t i = 0; i < data.label_columns.size(); ++i) {
      const std::string& name = data.label_columns[i];
      const std::string stem = i == 0 ? first : targetStem(first, name);
      if (!hasPredictions(folder, stem)) continue;
      const auto& numbers = data.regression_columns;
      const bool number = std::find(numbers.begin(), numbers.end(), name) != numbers.end();
      kept.push_back({QString::fromStdString(name), stem, number, tta});
    }
  }
  return kept;
}

RunChoice choiceOf(const RunStore& store, const RunRecord& record, const std::string& split) {
  RunChoice choice{.id = QString::fromStdString(record.id),
                   .name = QString::fromStdString(record.name),
                   .arch = QString::fromStdString(record.spec.model.arch),
                   .folder = store.folder(record.id),
                   .root = photoRoot(record.spec.data.root),
                   .epochs = static_cast<int>(record.epochs.size()),
                   .error_rate = std::nullopt,
                   .kept = keptPredictions(store.folder(record.id), record.spec.data, split)};
  // Runs of older workspaces have no results.
  const bool last = record.results.empty() && !record.epochs.empty();
  const auto& metrics = last ? record.epochs.back().metrics : record.results;
  if (const auto found = metrics.find("error_rate"); found != metrics.end()) choice.error_rate = found->second;
  return choice;
}

std::vector<RunChoice> runsWithPredictions(const RunStore& store, const std::string& stem) {
  std::vector<RunChoice> choices;
  for (const RunSummary& run : store.summaries()) {
    // Until a run has ended, its predictions may still be on their way.
    if (run.status == RunStatus::Running || run.status == RunStatus::Queued) continue;
    if (hasPredictions(store.folder(run.id), stem)) choices.push_back(choiceOf(store, store.get(run.id), stem));
  }
  return choices;
}

QString entryText(const RunChoice& choice) {
  QStringList parts{choice.name.isEmpty() ? choice.id : QStringLiteral("%1  %2").arg(choice.id, choice.name), choice.arch};
  if (choice.error_rate) parts << RunChooser::tr("final error %1").arg(formatPercent(*choice.error_rate));
  return parts.join(QStringLiteral(" · "));
}

}  // namespace

QString RunChoice::title() const {
  return name.isEmpty() ? RunChooser::tr("run %1").arg(id) : RunChooser::tr("run %1, %2").arg(id, name);
}

RunChooser::RunChooser(Session& session, std::string stem, QWidget* parent) : QComboBox(parent) {
  setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  setMinimumContentsLength(kShownCharacters);
  setAccessibleName(tr("Run"));
  setToolTip(tr("Runs that have kept their predictions, newest first.\n"
                "While the newest is chosen, the next run to finish takes its place."));
  connect(this, &QComboBox::currentIndexChanged, this, [this] {
    const RunChoice* choice = current();
    const QString run = choice ? choice->id : QString();
    if (run == currentRun_) return;
    currentRun_ = run;
    Q_EMIT runChanged();
  });
  new RunsReader(
      session, this, tr("Looking for runs with predictions"),
      [stem = std::move(stem)](const RunStore& store) { return runsWithPredictions(store, stem); },
      [this](std::vector<RunChoice> choices) { list(std::move(choices)); });
}

const RunChoice* RunChooser::current() const {
  const auto index = static_cast<std::size_t>(currentIndex());
  return currentIndex() >= 0 && index < choices_.size() ? &choices_[index] : nullptr;
}

bool RunChooser::choose(const QString& run) {
  const auto found = std::find_if(choices_.begin(), choices_.end(), [&](const RunChoice& c) { return c.id == run; });
  if (found == choices_.end()) return false;
  setCurrentIndex(static_cast<int>(found - choices_.begin()));
  return true;
}

void RunChooser::list(std::vector<RunChoice> choices) {
  const bool first = !std::exchange(listed_, true);
  if (!first && choices == choices_) return;
  const bool followsNewest = currentIndex() <= 0;
  choices_ = std::move(choices);
  {
    const QSignalBlocker quiet(this);
    clear();
    for (const RunChoice& choice : choices_) {
      addItem(entryText(choice));
      setItemData(count() - 1, entryText(choice), Qt::ToolTipRole);
    }
    setEnabled(!choices_.empty());
    int index = choices_.empty() ? -1 : 0;
    if (!followsNewest) {
      const auto kept =
          std::find_if(choices_.begin(), choices_.end(), [this](const RunChoice& c) { return c.id == currentRun_; });
      if (kept != choices_.end()) index = static_cast<int>(kept - choices_.begin());
    }
    setCurrentIndex(index);
  }
  const QString run = current() ? current()->id : QString();
  if (run == currentRun_ && !first) return;
  currentRun_ = run;
  Q_EMIT runChanged();
}

}  // namespace panicle::ui
