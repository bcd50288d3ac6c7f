#include "ui/runs/run_commands.h"

#include <QMenu>
#include <algorithm>

#include "ui/runs/compared_run.h"
#include "ui/runs/runs_model.h"
#include "ui/runs/runs_table.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

RunCommands::RunCommands(RunsModel& model, RunsTable& table, QObject* parent) : QObject(parent), model_(model), table_(table) {
  compare = make(QStringLiteral("compare"), tr("Compare"), tr("Ticks the selected runs, or takes the ticks away: two to twelve that are ticked are compared below, curves, settings and photos"), Qt::Key_C);
  star = make(QStringLiteral("star"), tr("Star"), tr("Gives the selected runs a star, or takes it away; the filter finds them by the word starred"), Qt::Key_S);
  rename = make(QStringLiteral("rename"), tr("Rename"), tr("Gives the current run another name"), Qt::Key_F2);
  tag = make(QStringLiteral("tag"), tr("Tags"), tr("Edits the tags of the current run, apart by commas; what you add or take away goes for all selected runs"), Qt::Key_T);
  note = make(QStringLiteral("note"), tr("Note"), tr("Writes a line about the current run, the same for all selected ones"), Qt::Key_N);
  duplicate = make(QStringLiteral("copy"), tr("Copy recipe"), tr("Makes the current run's settings the recipe, to change and start again. Undo brings yours back"), Qt::CTRL | Qt::Key_D);
  inspect = make(QStringLiteral("inspect"), tr("Inspect"), tr("Shows what the run gets right and wrong, photo by photo; a double click on the row does so too"), Qt::Key_Return);
  resume = make(QStringLiteral("play"), tr("Resume"), tr("Goes on from its last checkpoint with a run that was cut off, stopped or has failed, as if nothing had happened"), Qt::Key_R);
  keep = make(QStringLiteral("check"), tr("Keep as is"), tr("Leaves the interrupted runs as they stand: stopped, with what they have learned and measured"), Qt::Key_K);
  save = make(QStringLiteral("save"), tr("Save as file …"), tr("Writes the current run with its settings, history, weights and predictions into one zip, to keep or to give away"), Qt::CTRL | Qt::Key_E);
  bring = make(QStringLiteral("folder"), tr("Bring in …"), tr("Reads a run from such a zip into this workspace"), Qt::CTRL | Qt::Key_I);
  trash = make(QStringLiteral("trash"), tr("Move to trash"), tr("Takes the selected runs out of the table; the trash keeps all of them until you empty it"), QKeySequence::Delete);
  restore = make(QStringLiteral("undo"), tr("Bring back"), tr("Takes the selected runs out of the trash, as they were"), Qt::Key_B);
  purge = make(QStringLiteral("trash"), tr("Delete for good"), tr("Deletes the selected runs with their weights and predictions from the disk. This cannot be undone"), Qt::SHIFT | Qt::Key_Delete);
  for (QAction* action : {compare, star}) action->setCheckable(true);  // of what is selected
  connect(&table, &RunsTable::selectedRunsChanged, this, &RunCommands::update);
  connect(&model, &RunsModel::arranged, this, &RunCommands::update);
  connect(&model, &RunsModel::dataChanged, this, &RunCommands::update);
  setTrashShown(false);
}

QAction* RunCommands::make(const QString& icon, const QString& text, const QString& help, const QKeySequence& key) {
  auto* action = new QAction(lineIcon(icon), text, this);
  action->setShortcut(key);
  action->setShortcutContext(Qt::WidgetShortcut);  // letters are for the table alone
  action->setToolTip(QStringLiteral("<p>%1 (%2)</p>").arg(help.toHtmlEscaped(), key.toString(QKeySequence::NativeText).toHtmlEscaped()));
  action->setStatusTip(help);
  table_.addAction(action);
  return action;
}

std::vector<QAction*> RunCommands::ofKept() const { return {inspect, compare, star, rename, tag, note, duplicate, save, resume, keep, trash}; }

std::vector<QAction*> RunCommands::ofTrashed() const { return {restore, purge}; }

void RunCommands::setTrashShown(bool trash) {
  trash_ = trash;
  for (QAction* action : ofKept()) action->setVisible(!trash);
  for (QAction* action : ofTrashed()) action->setVisible(trash);
  bring->setVisible(!trash);
  update();
}

void RunCommands::update() {
  std::vector<const RunSummary*> runs;
  for (const std::string& id : table_.selectedRuns()) {
    if (const RunSummary* run = model_.find(id)) runs.push_back(run);
  }
  const auto all = [&](auto test) { return !runs.empty() && std::all_of(runs.begin(), runs.end(), test); };
  const auto any = [&](auto test) { return std::any_of(runs.begin(), runs.end(), test); };
  const auto active = [](const RunSummary* run) { return run->status == RunStatus::Running; };
  const auto interrupted = [](const RunSummary* run) { return run->status == RunStatus::Interrupted; };
  const auto& ticked = model_.compared();
  const bool allTicked = all([&](const RunSummary* run) { return std::find(ticked.begin(), ticked.end(), run->id) != ticked.end(); });
  compare->setChecked(allTicked);
  star->setChecked(all([](const RunSummary* run) { return run->starred; }));
  for (QAction* action : {compare, star, rename, tag, note, duplicate, save, restore, purge}) action->setEnabled(!runs.empty());
  trash->setEnabled(!runs.empty() && !any(active));
  const auto left = [&](const RunSummary* run) { return interrupted(run) || run->status == RunStatus::Stopped || run->status == RunStatus::Failed; };
  inspect->setEnabled(!trash_ && runs.size() == 1 && !any(active));
  resume->setVisible(!trash_ && any(left));
  resume->setEnabled(runs.size() == 1);
  keep->setVisible(!trash_ && any(interrupted));
  keep->setEnabled(all(interrupted));
}

void RunCommands::fill(QMenu* menu) const {
  for (QAction* action : trash_ ? ofTrashed() : ofKept()) {
    if (action == trash || action == duplicate) menu->addSeparator();
    menu->addAction(action);
    if (action == save) menu->addAction(bring);
  }
}

}  // namespace panicle::ui
