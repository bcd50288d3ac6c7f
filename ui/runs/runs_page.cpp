#include "ui/runs/runs_page.h"

#include <QCheckBox>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "ui/runs/compare_view.h"
#include "ui/runs/message_bar.h"
#include "ui/runs/query_box.h"
#include "ui/runs/queue_panel.h"
#include "ui/runs/run_commands.h"
#include "ui/runs/run_files.h"
#include "ui/runs/run_changes.h"
#include "ui/runs/runs_model.h"
#include "ui/runs/runs_table.h"
#include "ui/runs/store_watcher.h"
#include "ui/runs/sweep_panel.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/runs_reader.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kGroupedKey("runs/grouped");
const QLatin1StringView kSplitKey("runs/split");
constexpr int kShares = 100;  // a splitter scales what it is given
constexpr int kRows = 5;  // that stay in sight however little room there is

struct ReadRuns {
  std::vector<RunSummary> kept;
  std::vector<RunSummary> trashed;
};

class RunsPage : public Page {
 public:
  RunsPage(Session& session, QWidget* parent);

  QWidget* filterWidget() override { return query_->input(); }
  bool leaveDrillDown() override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* makeFilterBar();
  QWidget* makeActionBar();
  QWidget* makeSplitter();
  void showLower();
  void follow();
  void followActions();
  void take(ReadRuns runs);
  QString comparedState() const;
  void showTrash(bool trash);
  void showWhatThereIs();
  void summarise();
  void tellInterrupted();
  void goOn(const std::string& run);
  void toggleCompared();
  void toggleStars();
  void copyRecipe();
  void offerUndo(const std::vector<std::string>& runs);
  void askToPurge();

  Session& session_;
  RunsModel* model_;
  RunChanges* changes_;
  RunsTable* table_;
  RunCommands* actions_;
  QueryBox* query_;
  QCheckBox* grouped_;
  QToolButton* columns_;
  QToolButton* showQueue_;
  QToolButton* trash_;
  QLabel* summary_;
  MessageBar* notice_;
  MessageBar* interrupted_;
  EmptyState* empty_;
  QStackedWidget* stack_;
  CompareView* compare_;
  QueuePanel* queue_;
  SweepPanel* sweep_;
  QStackedWidget* lower_;
  QSplitter* splitter_;
  std::vector<RunSummary> hidden_;         // the trash, or what is not in it: what the table does not show
  std::vector<std::string> ticked_;        // for the comparison, while the trash is shown
  std::vector<std::string> interruptedRuns_;
  std::vector<std::string> left_;          // interrupted runs that the user does not want to hear of
  bool read_ = false;                      // the store has been read
  bool inTrash_ = false;
};

RunsPage::RunsPage(Session& session, QWidget* parent)
    : Page(parent),
      session_(session),
      model_(new RunsModel(this)),
      changes_(new RunChanges(session, *model_, this)),
      table_(new RunsTable(session, *model_, this)),
      actions_(new RunCommands(*model_, *table_, this)),
      query_(new QueryBox(this)),
      grouped_(new QCheckBox(tr("&Group by architecture"), this)),
      columns_(new QToolButton(this)),
      showQueue_(new QToolButton(this)),
      trash_(new QToolButton(this)),
      summary_(new QLabel(this)),
      notice_(new MessageBar(QStringLiteral("info"), this)),
      interrupted_(new MessageBar(QStringLiteral("warning"), this)),
      empty_(new EmptyState(this)),
      stack_(new QStackedWidget(this)),
      compare_(new CompareView(session, this)),
      queue_(new QueuePanel(session, this)),
      sweep_(new SweepPanel(session, this)),
      lower_(new QStackedWidget(this)),
      splitter_(new QSplitter(Qt::Vertical, this)) {
  empty_->setObjectName(QStringLiteral("no_runs"));
  stack_->addWidget(empty_);
  stack_->addWidget(table_);
  stack_->setMinimumHeight((kRows + 1) * (fontMetrics().height() + kGrid));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  layout->setSpacing(kGrid);
  layout->addWidget(makeFilterBar());
  layout->addWidget(makeActionBar());
  layout->addWidget(notice_);
  layout->addWidget(interrupted_);
  layout->addWidget(makeSplitter(), 1);
  follow();
  followActions();
  showWhatThereIs();
  new RunsReader(
      session, this, tr("Reading the runs"),
      [](const RunStore& store) { return ReadRuns{store.summaries(Shown::Kept), store.summaries(Shown::Trashed)}; },
      [this](ReadRuns runs) { take(std::move(runs)); });
  auto* watcher = new StoreWatcher(session.store(), this);
  // A run of this window tells itself when there is something new.
  connect(watcher, &StoreWatcher::changed, this, [this] {
    if (isVisible() && !session_.runs().active()) Q_EMIT session_.runsChanged();
  });
}

QWidget* RunsPage::makeFilterBar() {
  auto* bar = new QWidget(this);
  auto* flow = new FlowLayout(bar);
  grouped_->setToolTip(tr("<p>Puts the runs of each network together, under a row that tells the best of them, as the notebooks' tables do.</p>"));
  grouped_->setChecked(session_.settings().value(kGroupedKey, false).toBool());
  columns_->setText(tr("Columns"));
  columns_->setIcon(lineIcon(QStringLiteral("table")));
  columns_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  columns_->setPopupMode(QToolButton::InstantPopup);
  columns_->setToolTip(tr("<p>Chooses what the table tells of a run. Drag the headings to order them; the choice is remembered.</p>"));
  auto* menu = new QMenu(columns_);
  connect(menu, &QMenu::aboutToShow, this, [this, menu] {
    menu->clear();
    table_->fillColumnMenu(menu);
  });
  columns_->setMenu(menu);
  showQueue_->setText(tr("Queue"));
  showQueue_->setIcon(lineIcon(QStringLiteral("list")));
  showQueue_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  showQueue_->setCheckable(true);
  showQueue_->setToolTip(tr("<p>Shows the runs that wait for their turn below the table: add the recipe with several seeds, order them, run them all.</p>"));
  trash_->setText(tr("Trash"));
  trash_->setIcon(lineIcon(QStringLiteral("trash")));
  trash_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  trash_->setCheckable(true);
  trash_->setToolTip(tr("<p>Shows the runs in the trash, to bring them back or to delete them for good.</p>"));
  summary_->setForegroundRole(QPalette::PlaceholderText);
  summary_->setObjectName(QStringLiteral("summary"));
  for (QWidget* one : std::initializer_list<QWidget*>{query_, grouped_, columns_, showQueue_, trash_, summary_}) flow->addWidget(one);
  const int high = query_->input()->sizeHint().height();
  for (QWidget* one : std::initializer_list<QWidget*>{grouped_, columns_, showQueue_, trash_, summary_}) one->setMinimumHeight(high);
  return bar;
}

QWidget* RunsPage::makeActionBar() {
  auto* bar = new QWidget(this);
  auto* flow = new FlowLayout(bar);
  flow->setSpacing(kGrid / 2);
  std::vector<QAction*> all = actions_->ofKept();
  for (QAction* action : actions_->ofTrashed()) all.push_back(action);
  for (QAction* action : all) {
    auto* button = new QToolButton(bar);
    button->setDefaultAction(action);
    button->setAutoRaise(true);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setFocusPolicy(Qt::TabFocus);
    const auto show = [button, action] { button->setVisible(action->isVisible()); };
    connect(action, &QAction::changed, button, show);
    show();
    flow->addWidget(button);
  }
  return bar;
}

QWidget* RunsPage::makeSplitter() {
  lower_->addWidget(compare_);
  lower_->addWidget(queue_);
  lower_->addWidget(sweep_);
  connect(queue_, &QueuePanel::sweepRequested, this, [this] {
    sweep_->setTimed(model_->runs());
    sweep_->open();
    lower_->setCurrentWidget(sweep_);
  });
  connect(sweep_, &SweepPanel::closed, this, &RunsPage::showLower);
  connect(sweep_, &SweepPanel::queued, this, [this](const std::vector<RunSpec>& specs, const QueueOptions& options) {
    queue_->add(specs, options);
    showLower();
  });
  splitter_->addWidget(stack_);
  splitter_->addWidget(lower_);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(kGrid);
  splitter_->setSizes({2 * kShares, 3 * kShares});
  splitter_->restoreState(session_.settings().value(kSplitKey).toByteArray());
  connect(splitter_, &QSplitter::splitterMoved, this, [this] { session_.settings().setValue(kSplitKey, splitter_->saveState()); });
  connect(showQueue_, &QToolButton::toggled, this, &RunsPage::showLower);
  connect(queue_, &QueuePanel::waitingChanged, this,
          [this](int waiting) { showQueue_->setText(waiting == 0 ? tr("Queue") : tr("Queue (%1)").arg(formatCount(static_cast<quint64>(waiting)))); });
  connect(model_, &RunsModel::comparedChanged, this, [this] {
    if (!model_->compared().empty()) showQueue_->setChecked(false);  // what has just been asked for comes first
    compare_->setRuns(model_->compared());
    showLower();
  });
  showLower();
  return splitter_;
}

// The comparison has its place only where there is one.
void RunsPage::showLower() {
  lower_->setCurrentWidget(showQueue_->isChecked() ? static_cast<QWidget*>(queue_) : compare_);
  lower_->setVisible(showQueue_->isChecked() || !model_->compared().empty());
}

void RunsPage::follow() {
  connect(query_, &QueryBox::queryChanged, this, [this] { model_->setQuery(query_->takeQuery()); });
  query_->input()->installEventFilter(this);
  model_->setGrouped(grouped_->isChecked());
  connect(grouped_, &QCheckBox::toggled, this, [this](bool on) {
    session_.settings().setValue(kGroupedKey, on);
    model_->setGrouped(on);
  });
  connect(trash_, &QToolButton::toggled, this, &RunsPage::showTrash);
  connect(model_, &RunsModel::arranged, this, &RunsPage::showWhatThereIs);
  connect(model_, &RunsModel::edited, this, [this](const QString& run, RunColumn column, const QString& text) {
    changes_->edit(run.toStdString(), column, text, table_->selectedRuns());
  });
  connect(model_, &RunsModel::comparedFull, this, [this] {
    notice_->say(tr("Twelve runs at most can be compared: more colours cannot be told apart."), {});
  });
  connect(table_, &RunsTable::starClicked, this,
          [this](const QString& run, bool starred) { changes_->setStarred({run.toStdString()}, starred); });
  connect(table_, &RunsTable::menuRequested, this, [this](const QPoint& at) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    actions_->fill(menu);
    menu->popup(at);
  });
  connect(empty_, &EmptyState::clicked, this, [this] {
    if (!query_->text().isEmpty()) return query_->setText({});
    if (inTrash_) return trash_->setChecked(false);
    Q_EMIT session_.pageRequested(QStringLiteral("train"));
  });
  connect(interrupted_, &MessageBar::dismissed, this, [this] {
    left_.insert(left_.end(), interruptedRuns_.begin(), interruptedRuns_.end());
  });
}

void RunsPage::followActions() {
  const auto on = [this](QAction* action, auto done) { connect(action, &QAction::triggered, this, done); };
  on(actions_->inspect, [this] {
    const std::vector<std::string> chosen = table_->selectedRuns();
    if (chosen.size() == 1) session_.inspectRun(QString::fromStdString(chosen.front()));
  });
  connect(table_, &QTableView::activated, actions_->inspect, &QAction::trigger);  // by a double click: Enter is the action's own
  on(actions_->compare, [this] { toggleCompared(); });
  on(actions_->star, [this] { toggleStars(); });
  on(actions_->rename, [this] { table_->editCell(RunColumn::Name); });
  on(actions_->tag, [this] { table_->editCell(RunColumn::Tags); });
  on(actions_->note, [this] { table_->editCell(RunColumn::Note); });
  on(actions_->duplicate, [this] { copyRecipe(); });
  on(actions_->save, [this] {
    const std::vector<std::string> chosen = table_->selectedRuns();
    if (chosen.empty()) return;
    saveRun(session_, this, chosen.front(), [this](const QString& file) { notice_->say(tr("Saved as %1").arg(file), {}); });
  });
  on(actions_->bring, [this] {
    bringRun(session_, this, [this](const std::string& run) { notice_->say(tr("It is run %1 here.").arg(QString::fromStdString(run)), {}); });
  });
  on(actions_->resume, [this] {
    const std::vector<std::string> chosen = table_->selectedRuns();
    if (chosen.size() == 1) goOn(chosen.front());
  });
  on(actions_->keep, [this] { changes_->keepAsIs(table_->selectedRuns()); });
  on(actions_->trash, [this] { changes_->moveToTrash(table_->selectedRuns()); });
  on(actions_->restore, [this] { changes_->restore(table_->selectedRuns()); });
  on(actions_->purge, [this] { askToPurge(); });
  connect(changes_, &RunChanges::trashed, this, &RunsPage::offerUndo);
  connect(changes_, &RunChanges::purged, this,
          [this](quint64 bytes) { notice_->say(tr("Deleted: %1 of the disk are free again.").arg(formatBytes(bytes)), {}); });
}

void RunsPage::take(ReadRuns runs) {
  read_ = true;
  interruptedRuns_.clear();
  for (const RunSummary& run : runs.kept) {
    if (run.status == RunStatus::Interrupted) interruptedRuns_.push_back(run.id);
  }
  const std::size_t trashed = runs.trashed.size();
  trash_->setText(trashed == 0 ? tr("Trash") : tr("Trash (%1)").arg(formatCount(trashed)));
  const QString before = comparedState();
  hidden_ = std::move(inTrash_ ? runs.kept : runs.trashed);
  model_->setRuns(std::move(inTrash_ ? runs.trashed : runs.kept));
  if (inTrash_ && trashed == 0) trash_->setChecked(false);
  trash_->setEnabled(trashed > 0 || inTrash_);
  if (comparedState() != before) compare_->refresh();
  tellInterrupted();
}

// What the comparison shows of the table: when it is another, the curves are too.
QString RunsPage::comparedState() const {
  QStringList parts;
  for (const std::string& id : model_->compared()) {
    const RunSummary* run = model_->find(id);
    if (run) parts << QStringLiteral("%1/%2/%3/%4").arg(QString::fromStdString(id)).arg(run->epochs).arg(static_cast<int>(run->status)).arg(runTitle(*run));
  }
  return parts.join(QLatin1Char('\n'));
}

void RunsPage::showTrash(bool trash) {
  inTrash_ = trash;
  if (trash) ticked_ = model_->compared();
  actions_->setTrashShown(trash);
  table_->clearSelection();
  hidden_ = model_->setRuns(std::exchange(hidden_, {}));
  if (!trash) model_->setCompared(ticked_);
  trash_->setEnabled(trash || !hidden_.empty());
}

void RunsPage::showWhatThereIs() {
  if (!read_) {
    empty_->say(tr("Reading the runs"), {});
  } else if (model_->total() == 0) {
    empty_->say(tr("No run yet"),
                tr("Every run that you start is kept here: its settings, its curves, what it got right and wrong. Compare runs, find the one that was "
                   "best, take its recipe again."),
                tr("Go to Train"));
  } else if (model_->shown() == 0) {
    empty_->say(tr("No run matches the filter"), tr("%1 runs are hidden by it.").arg(formatCount(model_->total())), tr("Clear the filter"));
  }
  const bool some = read_ && model_->shown() > 0;
  stack_->setCurrentWidget(some ? static_cast<QWidget*>(table_) : empty_);
  summarise();
}

void RunsPage::summarise() {
  const QString all = formatCount(model_->total());
  const bool filtered = model_->shown() != model_->total();
  QString words = filtered ? tr("%1 of %2 runs").arg(formatCount(model_->shown()), all) : model_->total() == 1 ? tr("1 run") : tr("%1 runs").arg(all);
  if (inTrash_) words += tr(" in the trash");
  summary_->setText(read_ ? words : QString());
}

// What a crash has left is told until it is decided on.
void RunsPage::tellInterrupted() {
  std::vector<std::string> ids;
  for (const std::string& id : interruptedRuns_) {
    if (std::find(left_.begin(), left_.end(), id) == left_.end()) ids.push_back(id);
  }
  if (ids.empty()) return interrupted_->dismiss();
  const MessageBar::Choice keep{tr("Keep as is"), actions_->keep->statusTip(), [this, ids] { changes_->keepAsIs(ids); }};
  if (ids.size() == 1) {
    const MessageBar::Choice resume{tr("Resume"), actions_->resume->statusTip(), [this, ids] { goOn(ids.front()); }};
    interrupted_->say(tr("Run %1 was interrupted: the program ended before it did.").arg(QString::fromStdString(ids.front())), {resume, keep});
    return;
  }
  const MessageBar::Choice show{tr("Show them"), tr("Filters the table for them"),
                                [this] { query_->setText(QStringLiteral("status:interrupted")); }};
  interrupted_->say(tr("%1 runs were interrupted: the program ended before they did.").arg(ids.size()), {show, keep});
}

void RunsPage::goOn(const std::string& run) {
  changes_->resume(run, [this] { Q_EMIT session_.pageRequested(QStringLiteral("train")); });
}

void RunsPage::toggleCompared() {
  const std::vector<std::string> chosen = table_->selectedRuns();
  std::vector<std::string> next = model_->compared();
  const auto ticked = [&](const std::string& id) { return std::find(next.begin(), next.end(), id) != next.end(); };
  if (std::all_of(chosen.begin(), chosen.end(), ticked)) {
    for (const std::string& id : chosen) std::erase(next, id);
  } else {
    for (const std::string& id : chosen) {
      if (!ticked(id)) next.push_back(id);
    }
  }
  model_->setCompared(next);
}

void RunsPage::toggleStars() {
  const std::vector<std::string> chosen = table_->selectedRuns();
  const bool all = std::all_of(chosen.begin(), chosen.end(), [this](const std::string& id) {
    const RunSummary* run = model_->find(id);
    return run && run->starred;
  });
  changes_->setStarred(chosen, !all);
}

void RunsPage::copyRecipe() {
  const std::vector<std::string> chosen = table_->selectedRuns();
  if (chosen.empty()) return;
  session_.jobs().start(
      this, tr("Reading run %1").arg(QString::fromStdString(chosen.front())),
      [store = &session_.store(), id = chosen.front()](std::stop_token, const Progress&) { return store->get(id).spec; },
      [this, id = chosen.front()](const RunSpec& spec) {
        session_.replaceRecipe(spec, tr("Copy recipe of run %1").arg(QString::fromStdString(id)));
        Q_EMIT session_.pageRequested(QStringLiteral("train"));
      });
}

void RunsPage::offerUndo(const std::vector<std::string>& runs) {
  const QString words = runs.size() == 1 ? tr("Run %1 went to the trash.").arg(QString::fromStdString(runs.front()))
                                         : tr("%1 runs went to the trash.").arg(runs.size());
  notice_->say(words, {{tr("Undo"), tr("Brings them back as they were"), [this, runs] { changes_->restore(runs); }}});
}

void RunsPage::askToPurge() {
  const std::vector<std::string> runs = table_->selectedRuns();
  if (runs.empty()) return;
  const QString what = runs.size() == 1 ? tr("Delete run %1 for good?").arg(QString::fromStdString(runs.front()))
                                        : tr("Delete %1 runs for good?").arg(runs.size());
  auto* box = new QMessageBox(QMessageBox::Warning, tr("Delete for good"),
                              what + QLatin1Char(' ') + tr("Their weights, predictions and figures are deleted from the disk. This cannot be undone."),
                              QMessageBox::NoButton, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  QPushButton* remove = box->addButton(tr("Delete"), QMessageBox::DestructiveRole);
  QPushButton* leave = box->addButton(tr("Leave them in the trash"), QMessageBox::RejectRole);
  box->setDefaultButton(leave);
  box->setEscapeButton(leave);
  connect(remove, &QPushButton::clicked, this, [this, runs] { changes_->purge(runs); });
  box->open();
}

bool RunsPage::leaveDrillDown() {
  if (lower_->isVisible() && lower_->currentWidget() == sweep_) {
    showLower();
    return true;
  }
  if (!query_->text().isEmpty()) {
    query_->setText({});
    return true;
  }
  if (inTrash_) {
    trash_->setChecked(false);
    return true;
  }
  if (model_->compared().empty()) return false;
  model_->setCompared({});
  return true;
}

// From the filter the arrows and Enter lead into the table.
bool RunsPage::eventFilter(QObject* watched, QEvent* event) {
  if (watched == query_->input() && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if ((key == Qt::Key_Down || key == Qt::Key_Return || key == Qt::Key_Enter) && model_->rowCount() > 0) {
      if (!table_->currentIndex().isValid()) table_->setCurrentIndex(model_->index(0, 0));
      table_->setFocus();
      return true;
    }
  }
  return Page::eventFilter(watched, event);
}

}  // namespace

Page* makeRunsPage(Session& session, QWidget* parent) { return new RunsPage(session, parent); }

}  // namespace panicle::ui
