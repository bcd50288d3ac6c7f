#include "ui/runs/queue_panel.h"

#include <QApplication>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <functional>
#include <utility>

#include "core/runs/sweep.h"
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
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMostSeeds = 20;

struct ReadQueue {
  std::vector<QueueEntry> entries;
  OnFailure policy = OnFailure::Continue;
};

QPushButton* barButton(const QString& icon, const QString& text, const QString& help, QWidget* parent) {
  auto* button = new QPushButton(lineIcon(icon), text, parent);
  button->setToolTip(QStringLiteral("<p>%1</p>").arg(help.toHtmlEscaped()));
  button->setAccessibleDescription(help);
  return button;
}

}  // namespace

QueuePanel::QueuePanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      queue_(std::make_shared<RunQueue>(session.store())),
      model_(new QueueModel(this)),
      driver_(new QueueDriver(session, queue_, this)),
      run_(barButton(QStringLiteral("play"), tr("&Run the queue"),
                     tr("Trains what waits, one run after the other, until nothing waits or you switch it off. Each run keeps the recipe that it was "
                        "added with."),
                     this)),
      add_(barButton(QStringLiteral("plus"), tr("&Add the recipe"), tr("Puts a copy of the recipe at the end of the queue. What you change afterwards does not reach it."),
                     this)),
      seeds_(new QSpinBox(this)),
      sweep_(barButton(QStringLiteral("table"), tr("S&weep …"), tr("Makes many runs of the recipe, with other values of the settings that you choose."), this)),
      failure_(new QComboBox(this)),
      state_(new QLabel(this)),
      table_(new QTableView(this)),
      up_(rowButton(QStringLiteral("chevron-up"), tr("Up"), tr("Earlier (Alt+Up)"))),
      down_(rowButton(QStringLiteral("chevron-down"), tr("Down"), tr("Later (Alt+Down)"))),
      hold_(rowButton(QStringLiteral("pause"), tr("Hold"), tr("A held run waits until it is released; the others go on"))),
      cancel_(rowButton(QStringLiteral("close"), tr("Cancel"), tr("What waits never runs; what runs is stopped, and keeps its model and predictions"))),
      retry_(rowButton(QStringLiteral("redo"), tr("Try again"), tr("Puts it at the end of the queue again; a run that was cut off goes on where it was"))),
      remove_(rowButton(QStringLiteral("trash"), tr("Forget"), tr("Takes the entry out of this list; its run stays (Del)"))),
      clear_(rowButton(QStringLiteral("check"), tr("Forget all that ended"), tr("Takes what has ended out of this list; the runs stay"))),
      empty_(new EmptyState(this)),
      stack_(new QStackedWidget(this)) {
  run_->setCheckable(true);
  seeds_->setRange(1, kMostSeeds);
  seeds_->setAccessibleName(tr("Seeds"));
  seeds_->setToolTip(tr("<p>How many runs: the recipe with its seed and those after it. Three or more tell how far luck goes.</p>"));
  keepWheelForFocus(seeds_);
  failure_->addItem(tr("go on"), static_cast<int>(OnFailure::Continue));
  failure_->addItem(tr("hold the rest"), static_cast<int>(OnFailure::Hold));
  failure_->setAccessibleName(tr("When a run fails"));
  failure_->setToolTip(tr("<p>What those that wait for the same device do when a run fails.</p>"));
  table_->setModel(model_);
  table_->setAccessibleName(tr("The queue"));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setAlternatingRowColors(true);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setWordWrap(false);
  table_->setTabKeyNavigation(false);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + kGrid);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setStretchLastSection(true);
  empty_->say(tr("Nothing waits"), tr("Add the recipe, with several seeds or as a sweep, and run the queue overnight: it goes on after a failure, and "
                                      "keeps its place when the program is closed."));
  stack_->addWidget(empty_);
  stack_->addWidget(table_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid / 2, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addWidget(makeBar());
  layout->addWidget(makeRowBar());
  layout->addWidget(stack_, 1);
  follow();
  update();
}

QToolButton* QueuePanel::rowButton(const QString& icon, const QString& text, const QString& help) {
  auto* button = new QToolButton(this);
  button->setIcon(lineIcon(icon));
  button->setText(text);
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setAutoRaise(true);
  button->setToolTip(QStringLiteral("<p>%1</p>").arg(help.toHtmlEscaped()));
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
  flow->addWidget(state_);
  return bar;
}

QWidget* QueuePanel::makeRowBar() {
  auto* bar = new QWidget(this);
  auto* flow = new FlowLayout(bar);
  for (QWidget* one : std::initializer_list<QWidget*>{up_, down_, hold_, cancel_, retry_, remove_, clear_}) flow->addWidget(one);
  return bar;
}

void QueuePanel::follow() {
  new RunsReader(
      session_, this, tr("Reading the queue"), [queue = queue_](const RunStore&) { return ReadQueue{queue->list(), queue->onFailure()}; },
      [this](ReadQueue read) { take(std::move(read.entries), read.policy); });
  connect(run_, &QPushButton::toggled, this, [this](bool on) { driver_->setOn(on); });
  connect(driver_, &QueueDriver::onChanged, this, &QueuePanel::showState);
  connect(driver_, &QueueDriver::ended, this, [this] {
    run_->setChecked(false);
    state_->setText(tr("The queue has ended."));
    QApplication::alert(window());  // the window may be behind others by then
  });
  connect(add_, &QPushButton::clicked, this, &QueuePanel::addRecipe);
  connect(sweep_, &QPushButton::clicked, this, &QueuePanel::sweepRequested);
  connect(failure_, &QComboBox::activated, this, [this] {
    const auto policy = static_cast<OnFailure>(failure_->currentData().toInt());
    change(tr("Changing the queue"), [policy](RunQueue& queue) { queue.setOnFailure(policy); });
  });
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &QueuePanel::update);
  connect(up_, &QToolButton::clicked, this, [this] { move(-1); });
  connect(down_, &QToolButton::clicked, this, [this] { move(1); });
  const auto on = [this](QToolButton* button, const QString& title, auto what) {
    connect(button, &QToolButton::clicked, this, [this, title, what] {
      if (const QueueEntry* entry = current()) change(title, [what, entry = *entry](RunQueue& queue) { what(queue, entry); });
    });
  };
  on(hold_, tr("Holding a run"), [](RunQueue& queue, const QueueEntry& entry) {
    if (entry.state == QueueState::Held) {
      queue.release(entry.id);
    } else {
      queue.hold(entry.id);
    }
  });
  on(cancel_, tr("Cancelling a run"), [](RunQueue& queue, const QueueEntry& entry) { queue.cancel(entry.id); });
  on(retry_, tr("Queueing a run again"), [](RunQueue& queue, const QueueEntry& entry) { queue.retry(entry.id); });
  on(remove_, tr("Changing the queue"), [](RunQueue& queue, const QueueEntry& entry) { queue.remove(entry.id); });
  connect(clear_, &QToolButton::clicked, this, [this] { change(tr("Changing the queue"), [](RunQueue& queue) { queue.removeEnded(); }); });
  const std::pair<QKeySequence, QToolButton*> keys[]{{Qt::ALT | Qt::Key_Up, up_}, {Qt::ALT | Qt::Key_Down, down_}, {QKeySequence::Delete, remove_}};
  for (const auto& [key, button] : keys) {
    auto* shortcut = new QShortcut(key, table_);
    shortcut->setContext(Qt::WidgetShortcut);
    connect(shortcut, &QShortcut::activated, button, &QToolButton::click);
  }
}

void QueuePanel::take(std::vector<QueueEntry> entries, OnFailure policy) {
  const bool first = model_->rowCount() == 0;
  model_->setEntries(std::move(entries));
  {
    const QSignalBlocker quiet(failure_);
    failure_->setCurrentIndex(failure_->findData(static_cast<int>(policy)));
  }
  if (first) table_->resizeColumnsToContents();
  driver_->setEntries(model_->entries());
  update();
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
  add(withSeeds(session_.recipe(), seeds_->value()), seeds_->value() > 1 ? tr("%1 seeds").arg(seeds_->value()) : QString());
}

void QueuePanel::add(const std::vector<RunSpec>& specs, const QString& group) {
  change(tr("Adding to the queue"), [specs, group = group.toStdString()](RunQueue& queue) { queue.add(specs, {.group = group}); });
}

const QueueEntry* QueuePanel::current() const { return model_->entry(table_->currentIndex()); }

void QueuePanel::update() {
  const QueueEntry* entry = current();
  const bool movable = entry && mayMove(*entry);
  up_->setEnabled(movable && model_->neighbour(entry->id, -1));
  down_->setEnabled(movable && model_->neighbour(entry->id, 1));
  hold_->setEnabled(movable);
  hold_->setText(entry && entry->state == QueueState::Held ? tr("Release") : tr("Hold"));
  hold_->setIcon(lineIcon(entry && entry->state == QueueState::Held ? QStringLiteral("play") : QStringLiteral("pause")));
  cancel_->setEnabled(entry && (movable || (entry->state == QueueState::Running && !entry->stop_asked)));
  retry_->setEnabled(entry && hasEnded(*entry) && entry->state != QueueState::Finished);
  remove_->setEnabled(entry && entry->state != QueueState::Running);
  bool ended = false;
  for (const QueueEntry& one : model_->entries()) ended = ended || hasEnded(one);
  clear_->setEnabled(ended);
  stack_->setCurrentWidget(model_->rowCount() > 0 ? static_cast<QWidget*>(table_) : empty_);
  showState();
}

void QueuePanel::showState() {
  QStringList parts;
  if (model_->running()) parts << tr("1 runs");
  if (model_->waiting() > 0) parts << tr("%1 wait").arg(formatCount(model_->waiting()));
  if (driver_->isOn() && session_.runs().active() && !model_->running()) parts << tr("after the run in progress");
  state_->setText(parts.join(QStringLiteral(", ")));
}

void QueuePanel::move(int by) {
  const QueueEntry* entry = current();
  if (!entry) return;
  // Before the one above; or before the one after the next, which may be the end.
  const std::optional<std::int64_t> other = model_->neighbour(entry->id, by < 0 ? -1 : 2);
  change(tr("Ordering the queue"), [id = entry->id, other](RunQueue& queue) { queue.moveBefore(id, other); });
}

}  // namespace panicle::ui
