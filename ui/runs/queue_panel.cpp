#include "ui/runs/queue_panel.h"

#include <QComboBox>
#include <QDateTime>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "core/runs/sweep.h"
#include "ui/runs/after_queue.h"
#include "ui/runs/queue_driver.h"
#include "ui/runs/queue_model.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/jobs.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/runs_reader.h"
#include "ui/shared/session.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMostSeeds = 20;

struct ReadQueue {
  std::vector<QueueEntry> entries;
  OnFailure policy = OnFailure::Continue;
  std::string lane;  // of a recipe that leaves the device to Panicle
};

ReadQueue readQueue(const RunQueue& queue) { return {queue.list(), queue.onFailure(), laneOf("auto")}; }

QString paragraph(const QString& words) { return QStringLiteral("<p>%1</p>").arg(words.toHtmlEscaped()); }

QPushButton* barButton(const QString& icon, const QString& text, const QString& help, QWidget* parent) {
  auto* button = new QPushButton(lineIcon(icon), text, parent);
  button->setToolTip(paragraph(help));
  button->setAccessibleDescription(help);
  return button;
}

bool mayCancel(const QueueEntry& entry) { return mayMove(entry) || (entry.state == QueueState::Running && !entry.stop_asked); }

bool isHeld(const QueueEntry& entry) { return entry.state == QueueState::Held; }

bool mayRetry(const QueueEntry& entry) { return hasEnded(entry) && entry.state != QueueState::Finished; }

bool mayRemove(const QueueEntry& entry) { return entry.state != QueueState::Running; }

}  // namespace

QueuePanel::QueuePanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      queue_(std::make_shared<RunQueue>(session.store())),
      model_(new QueueModel(this)),
      driver_(new QueueDriver(session, queue_, this)),
      after_(new AfterQueue(session, this)),
      run_(barButton(QStringLiteral("play"), tr("&Run the queue"),
                     tr("Trains what waits, one run after the other on each device, until nothing waits or you switch it off. Each run keeps the recipe "
                        "that it was added with."),
                     this)),
      add_(barButton(QStringLiteral("plus"), tr("&Add the recipe"), tr("Puts a copy of the recipe at the end of the queue. What you change afterwards does not reach it."),
                     this)),
      seeds_(new QSpinBox(this)),
      sweep_(barButton(QStringLiteral("table"), tr("S&weep …"), tr("Makes many runs of the recipe, with other values of the settings that you choose."), this)),
      failure_(new QComboBox(this)),
      ending_(new QComboBox(this)),
      state_(new QLabel(this)),
      table_(new QTableView(this)),
      up_(rowButton(QStringLiteral("chevron-up"), tr("Up"), tr("Earlier (Alt+Up). Rows can also be dragged"))),
      down_(rowButton(QStringLiteral("chevron-down"), tr("Down"), tr("Later (Alt+Down). Rows can also be dragged"))),
      hold_(rowButton(QStringLiteral("pause"), tr("Hold"), tr("A held run waits until it is released; the others go on"))),
      cancel_(rowButton(QStringLiteral("close"), tr("Cancel"), tr("What waits never runs; what runs is stopped, and keeps its model and predictions"))),
      retry_(rowButton(QStringLiteral("redo"), tr("Try again"), tr("Puts it at the end of the queue again; a run that was cut off goes on where it was"))),
      remove_(rowButton(QStringLiteral("trash"), tr("Forget"), tr("Takes the entry out of this list; its run stays (Del)"))),
      clear_(rowButton(QStringLiteral("check"), tr("Forget all that ended"), tr("Takes what has ended out of this list; the runs stay"))),
      empty_(new EmptyState(this)),
      stack_(new QStackedWidget(this)) {
  setUp();
  setUpTable();
  stack_->addWidget(empty_);
  stack_->addWidget(table_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid / 2, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addWidget(makeBar());
  layout->addWidget(makeRowBar());
  layout->addWidget(stack_, 1);
  follow();
  followDriver();
  followRows();
  update();
}

void QueuePanel::setUp() {
  run_->setCheckable(true);
  seeds_->setRange(1, kMostSeeds);
  seeds_->setAccessibleName(tr("Seeds"));
  seeds_->setToolTip(tr("<p>How many runs: the recipe with its seed and those after it. Three or more tell how far luck goes.</p>"));
  keepWheelForFocus(seeds_);
  failure_->addItem(tr("go on"), static_cast<int>(OnFailure::Continue));
  failure_->addItem(tr("hold the rest"), static_cast<int>(OnFailure::Hold));
  failure_->setAccessibleName(tr("When a run fails"));
  failure_->setToolTip(tr("<p>What those that wait for the same device do when a run fails.</p>"));
  ending_->addItem(tr("do nothing"), static_cast<int>(WhenQueueEnds::Nothing));
  ending_->addItem(tr("notify me"), static_cast<int>(WhenQueueEnds::Notify));
  ending_->addItem(tr("shut down"), static_cast<int>(WhenQueueEnds::ShutDown));
  ending_->setObjectName(QStringLiteral("when_queue_ends"));
  ending_->setAccessibleName(tr("When the queue ends"));
  ending_->setToolTip(tr("<p>When nothing waits or runs any more: a notification on the desktop, or the computer shuts down, after a minute in which you can "
                         "call it off. It stays on where another run is in progress. Shutting down is for this time only.</p>"));
  for (QComboBox* box : {failure_, ending_}) keepWheelForFocus(box);
  empty_->say(tr("Nothing waits"), tr("Add the recipe, with several seeds or as a sweep, and run the queue overnight: it goes on after a failure, and "
                                      "keeps its place when the program is closed."));
  showAfter();
}

void QueuePanel::setUpTable() {
  model_->setProgress([this](const std::string& run) { return driver_->progress(run); });
  table_->setModel(model_);
  table_->setAccessibleName(tr("The queue"));
  setTableLook(*table_);
  table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  table_->setDragDropMode(QAbstractItemView::InternalMove);
  table_->setDragDropOverwriteMode(false);  // between rows
  table_->setDropIndicatorShown(true);
  table_->horizontalHeader()->setStretchLastSection(true);
}

QToolButton* QueuePanel::rowButton(const QString& icon, const QString& text, const QString& help) {
  auto* button = new QToolButton(this);
  button->setIcon(lineIcon(icon));
  button->setText(text);
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setToolTip(paragraph(help));
  button->setAccessibleDescription(help);
  return button;
}

QWidget* QueuePanel::makeBar() {
  auto* bar = new QWidget(this);
  auto* flow = new FlowLayout(bar);
  state_->setForegroundRole(QPalette::PlaceholderText);
  state_->setObjectName(QStringLiteral("queue_state"));
  flow->addWidget(run_);
  flow->addWidget(add_);
  flow->addWidget(labelledField(tr("see&ds"), seeds_, bar)->parentWidget());
  flow->addWidget(sweep_);
  flow->addWidget(labelledField(tr("When one &fails"), failure_, bar)->parentWidget());
  flow->addWidget(labelledField(tr("When the queue &ends"), ending_, bar)->parentWidget());
  flow->addWidget(state_);
  return bar;
}

QWidget* QueuePanel::makeRowBar() {
  auto* bar = new QWidget(this);
  auto* flow = new FlowLayout(bar);
  flow->setSpacing(kGrid / 2);
  for (QWidget* one : std::initializer_list<QWidget*>{up_, down_, hold_, cancel_, retry_, remove_, clear_}) flow->addWidget(one);
  return bar;
}

void QueuePanel::follow() {
  new RunsReader(
      session_, this, tr("Reading the queue"), [queue = queue_](const RunStore&) { return readQueue(*queue); },
      [this](ReadQueue read) { take(std::move(read.entries), read.policy, read.lane); });
  connect(add_, &QPushButton::clicked, this, &QueuePanel::addRecipe);
  connect(sweep_, &QPushButton::clicked, this, &QueuePanel::sweepRequested);
  connect(failure_, &QComboBox::activated, this, [this] {
    const auto policy = static_cast<OnFailure>(failure_->currentData().toInt());
    change(tr("Changing the queue"), [policy](RunQueue& queue) { queue.setOnFailure(policy); });
  });
}

void QueuePanel::followDriver() {
  connect(run_, &QPushButton::toggled, this, [this](bool on) {
    if (on) since_ = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
    driver_->setOn(on);
  });
  connect(driver_, &QueueDriver::onChanged, this, [this] {
    run_->setChecked(driver_->isOn());
    showState();
  });
  connect(driver_, &QueueDriver::progressed, this, [this] {
    if (isVisible()) model_->tellProgress();
  });
  connect(driver_, &QueueDriver::ended, this, [this] {
    const QString words = outcomes();
    run_->setChecked(false);
    state_->setText(tr("The queue has ended: %1.").arg(words));
    after_->queueEnded(words, driver_->runsElsewhere());
  });
  connect(ending_, &QComboBox::activated, this, [this] { after_->choose(static_cast<WhenQueueEnds>(ending_->currentData().toInt())); });
  connect(after_, &AfterQueue::choiceChanged, this, &QueuePanel::showAfter);
}

void QueuePanel::followRows() {
  connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &QueuePanel::update);
  connect(model_, &QueueModel::moved, this,
          [this](const QList<qint64>& ids, qint64 before) { moveBefore(ids, before < 0 ? std::nullopt : std::optional(before)); });
  connect(up_, &QToolButton::clicked, this, [this] { move(-1); });
  connect(down_, &QToolButton::clicked, this, [this] { move(1); });
  const auto on = [this](QToolButton* button, const QString& title, auto may, auto what) {
    connect(button, &QToolButton::clicked, this, [this, title, may, what] {
      std::vector<QueueEntry> chosen = selected();
      std::erase_if(chosen, [&](const QueueEntry& entry) { return !may(entry); });
      change(title, [what, chosen](RunQueue& queue) {
        for (const QueueEntry& entry : chosen) what(queue, entry);
      });
    });
  };
  connect(hold_, &QToolButton::clicked, this, &QueuePanel::holdOrRelease);
  on(cancel_, tr("Cancelling runs"), mayCancel, [](RunQueue& queue, const QueueEntry& entry) { queue.cancel(entry.id); });
  on(retry_, tr("Queueing runs again"), mayRetry, [](RunQueue& queue, const QueueEntry& entry) { queue.retry(entry.id); });
  on(remove_, tr("Changing the queue"), mayRemove, [](RunQueue& queue, const QueueEntry& entry) { queue.remove(entry.id); });
  connect(clear_, &QToolButton::clicked, this, [this] { change(tr("Changing the queue"), [](RunQueue& queue) { queue.removeEnded(); }); });
  const std::pair<QKeySequence, QToolButton*> keys[]{{Qt::ALT | Qt::Key_Up, up_}, {Qt::ALT | Qt::Key_Down, down_}, {QKeySequence::Delete, remove_}};
  for (const auto& [key, button] : keys) {
    auto* shortcut = new QShortcut(key, table_);
    shortcut->setContext(Qt::WidgetShortcut);
    connect(shortcut, &QShortcut::activated, button, &QToolButton::click);
  }
}

void QueuePanel::take(std::vector<QueueEntry> entries, OnFailure policy, const std::string& lane) {
  model_->setEntries(std::move(entries));
  failure_->setCurrentIndex(failure_->findData(static_cast<int>(policy)));
  if (!sized_ && model_->rowCount() > 0) {
    fitColumnsToContents(*table_);
    sized_ = true;
  }
  update();
  driver_->setEntries(model_->entries(), lane);
  Q_EMIT waitingChanged(static_cast<int>(model_->waiting()));
}

// Every change is the store's: the list shows it when it has been read again.
void QueuePanel::change(const QString& title, std::function<void(RunQueue&)> what) {
  session_.jobs().start(
      this, title,
      [queue = queue_, what = std::move(what)](std::stop_token, const Progress&) {
        what(*queue);
        return true;
      },
      [this](bool) { Q_EMIT session_.runsChanged(); },
      [this](const QString& problem) {
        session_.report(problem);
        Q_EMIT session_.runsChanged();
      });
}

void QueuePanel::addRecipe() {
  commitFocusedField();
  const QStringList problems = session_.recipeProblems();
  if (!problems.isEmpty()) return session_.report(tr("The recipe cannot be queued: %1").arg(problems.join(QLatin1Char('\n'))));
  const int seeds = seeds_->value();
  add(withSeeds(session_.recipe(), seeds), {.group = seeds > 1 ? tr("%1 seeds").arg(seeds).toStdString() : std::string()});
}

void QueuePanel::add(const std::vector<RunSpec>& specs, const QueueOptions& options) {
  change(tr("Adding to the queue"), [specs, options](RunQueue& queue) { queue.add(specs, options); });
}

std::vector<QueueEntry> QueuePanel::selected() const {
  QModelIndexList rows = table_->selectionModel()->selectedRows();
  std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
  std::vector<QueueEntry> entries;
  for (const QModelIndex& row : rows) entries.push_back(*model_->entry(row));
  return entries;
}

void QueuePanel::update() {
  const std::vector<QueueEntry> chosen = selected();
  const auto any = [&](auto test) { return std::any_of(chosen.begin(), chosen.end(), test); };
  const auto all = [&](auto test) { return !chosen.empty() && std::all_of(chosen.begin(), chosen.end(), test); };
  const bool movable = all(mayMove);
  const bool held = all(isHeld);
  up_->setEnabled(movable && model_->neighbour(chosen.front().id, -1));
  down_->setEnabled(movable && model_->neighbour(chosen.back().id, 1));
  hold_->setEnabled(any(mayMove));
  hold_->setText(held ? tr("Release") : tr("Hold"));
  hold_->setIcon(lineIcon(held ? QStringLiteral("play") : QStringLiteral("pause")));
  cancel_->setEnabled(any(mayCancel));
  retry_->setEnabled(any(mayRetry));
  remove_->setEnabled(any(mayRemove));
  const auto& entries = model_->entries();
  clear_->setEnabled(std::any_of(entries.begin(), entries.end(), hasEnded));
  stack_->setCurrentWidget(model_->rowCount() > 0 ? static_cast<QWidget*>(table_) : empty_);
  showState();
}

void QueuePanel::showState() {
  QStringList parts;
  const auto running = static_cast<int>(model_->running());
  if (running > 0) parts << (running == 1 ? tr("1 runs") : tr("%1 run").arg(running));
  if (model_->waiting() > 0) parts << (model_->waiting() == 1 ? tr("1 waits") : tr("%1 wait").arg(formatCount(model_->waiting())));
  if (driver_->isOn() && session_.runs().active() && running == 0) parts << tr("after the run in progress");
  state_->setText(parts.join(QStringLiteral(", ")));
}

void QueuePanel::showAfter() { ending_->setCurrentIndex(ending_->findData(static_cast<int>(after_->choice()))); }

// Of the entries that have ended since the queue was switched on: "4 finished, 1 failed".
QString QueuePanel::outcomes() const {
  QStringList parts;
  for (const QueueState state : {QueueState::Finished, QueueState::Stopped, QueueState::Failed, QueueState::Interrupted}) {
    const auto& entries = model_->entries();
    const auto count = std::count_if(entries.begin(), entries.end(), [&](const QueueEntry& entry) { return entry.state == state && entry.ended >= since_; });
    if (count > 0) parts << QStringLiteral("%1 %2").arg(formatCount(static_cast<quint64>(count)), QString::fromUtf8(toString(state)));
  }
  return parts.isEmpty() ? tr("nothing ran") : parts.join(QStringLiteral(", "));
}

// Releases where all are held; else holds those that are not.
void QueuePanel::holdOrRelease() {
  const std::vector<QueueEntry> chosen = selected();
  const bool release = std::all_of(chosen.begin(), chosen.end(), isHeld);
  change(release ? tr("Releasing runs") : tr("Holding runs"), [chosen, release](RunQueue& queue) {
    for (const QueueEntry& entry : chosen) {
      if (release) queue.release(entry.id);
      if (!release && entry.state == QueueState::Waiting) queue.hold(entry.id);
    }
  });
}

void QueuePanel::move(int by) {
  const std::vector<QueueEntry> chosen = selected();
  if (chosen.empty()) return;
  QList<qint64> ids;
  for (const QueueEntry& entry : chosen) ids << entry.id;
  // Before the one above; or before the one after the next, which may be the end.
  moveBefore(ids, by < 0 ? model_->neighbour(chosen.front().id, -1) : model_->neighbour(chosen.back().id, 2));
}

void QueuePanel::moveBefore(const QList<qint64>& ids, std::optional<qint64> before) {
  change(tr("Ordering the queue"), [ids, before](RunQueue& queue) {
    for (const qint64 id : ids) queue.moveBefore(id, before);
  });
}

}  // namespace panicle::ui
