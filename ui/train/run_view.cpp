#include "ui/train/run_view.h"

#include <QPlainTextEdit>
#include <QSplitter>
#include <QTime>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <optional>

#include "ui/shared/jobs.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/epoch_table.h"
#include "ui/train/run_controls.h"
#include "ui/train/run_curves.h"

namespace panicle::ui {
namespace {

constexpr int kLogLines = 5000;

// What the log says of an event, or "" for those that the curves show.
QString logLine(const TrainEvent& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    return RunView::tr("Run %1: %2 training and %3 validation photos, %4 epochs of %5 steps, on %6")
        .arg(QString::fromStdString(started->run), formatCount(started->train_images), formatCount(started->valid_images))
        .arg(started->epochs)
        .arg(started->steps_per_epoch)
        .arg(QString::fromStdString(started->device));
  }
  if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
    return RunView::tr("Epoch %1 (%2) in %3: train_loss %4, valid_loss %5")
        .arg(epoch->epoch)
        .arg(QString::fromStdString(epoch->phase), formatDuration(epoch->seconds), QString::number(epoch->train_loss, 'f', 6),
             QString::number(epoch->valid_loss, 'f', 6));
  }
  if (const auto* phase = std::get_if<PhaseChanged>(&event)) return QString::fromStdString(phase->what);
  if (const auto* written = std::get_if<CheckpointWritten>(&event)) {
    return RunView::tr("Model written to %1").arg(QString::fromStdString(written->path));
  }
  if (const auto* warning = std::get_if<Warning>(&event)) {
    const QString message = RunView::tr("Warning: %1").arg(QString::fromStdString(warning->message));
    const QString path = QString::fromStdString(warning->path);
    return path.isEmpty() || message.contains(path) ? message : message + QStringLiteral(" (%1)").arg(path);
  }
  if (const auto* ended = std::get_if<RunEnded>(&event)) {
    QString line = RunView::tr("Run %1 %2").arg(QString::fromStdString(ended->run), QString::fromUtf8(toString(ended->status)));
    return ended->message.empty() ? line : line + QStringLiteral(": ") + QString::fromStdString(ended->message);
  }
  return {};
}

EpochRow rowOf(const EpochEnded& epoch) {
  EpochRow row;
  row.stage = epoch.stage;
  row.epoch = epoch.epoch;
  row.phase = epoch.phase;
  row.train_loss = epoch.train_loss;
  row.valid_loss = epoch.valid_loss;
  row.metrics = epoch.metrics;
  row.seconds = epoch.seconds;
  return row;
}

// error_rate and accuracy first, as fastai users list them; the others follow.
std::vector<std::string> metricNames(const RunRecord& record) {
  std::vector<std::string> names{"error_rate", "accuracy"};
  if (record.epochs.empty()) return names;
  const auto& metrics = record.epochs.back().metrics;
  std::erase_if(names, [&](const std::string& name) { return !metrics.contains(name); });
  for (const auto& [name, value] : metrics) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace

RunView::RunView(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      controls_(new RunControls(session, this)),
      curves_(new RunCurves(this)),
      table_(new EpochTable(this)) {
  makeLog();
  auto* lower = new QWidget(this);
  auto* lowerLayout = new QVBoxLayout(lower);
  lowerLayout->setContentsMargins(0, 0, 0, 0);
  lowerLayout->setSpacing(kGrid / 2);
  lowerLayout->addWidget(table_, 2);
  lowerLayout->addWidget(logTitle_);
  lowerLayout->addWidget(log_, 1);
  auto* splitter = new QSplitter(Qt::Vertical, this);
  splitter->addWidget(curves_);
  splitter->addWidget(lower);
  splitter->setStretchFactor(0, 2);
  splitter->setStretchFactor(1, 1);
  splitter->setSizes({2, 1});
  splitter->setChildrenCollapsible(false);
  splitter->setHandleWidth(kGrid);

  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(controls_);
  layout->addWidget(splitter, 1);

  RunController& runs = session_.runs();
  connect(&runs, &RunController::stateChanged, this, &RunView::runStateChanged);
  connect(&runs, &RunController::events, this, &RunView::receive);
  connect(&session_, &Session::runsChanged, this, &RunView::loadNewest);
  connect(curves_, &RunCurves::failed, &session_, &Session::report);
  curves_->setEmptyText(tr("No run yet. Open a data set, choose the settings at the left and press Start: the curves grow here while "
                           "the network learns."));
  active_ = runs.active();
  if (active_) {
    catchUp();
  } else {
    loadNewest();
  }
}

void RunView::makeLog() {
  logTitle_ = new QToolButton(this);
  logTitle_->setCheckable(true);
  logTitle_->setAutoRaise(true);
  logTitle_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  logTitle_->setToolTip(tr("Shows or hides what the run reported: phases, warnings, files"));
  log_ = new QPlainTextEdit(this);
  log_->setReadOnly(true);
  log_->setMaximumBlockCount(kLogLines);
  log_->setMinimumHeight(10 * kGrid);
  log_->setAccessibleName(tr("Log of the run"));
  log_->setTabChangesFocus(true);
  log_->hide();
  connect(logTitle_, &QToolButton::toggled, this, [this](bool open) {
    log_->setVisible(open);
    updateLogTitle();
  });
  updateLogTitle();
}

void RunView::updateLogTitle() {
  logTitle_->setIcon(lineIcon(logTitle_->isChecked() ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
  logTitle_->setText(warnings_ == 0   ? tr("Log")
                     : warnings_ == 1 ? tr("Log (1 warning)")
                                      : tr("Log (%1 warnings)").arg(warnings_));
}

QString RunView::logText() const { return log_->toPlainText(); }

// --- A run of before ----------------------------------------------------------------------------------------------

void RunView::loadNewest() {
  if (live_ || loading_ || session_.runs().active()) return;
  loading_ = true;
  session_.jobs().start(
      this, tr("Reading the newest run"),
      [store = &session_.store()](std::stop_token, const Progress&) -> std::optional<Stored> {
        const std::vector<RunRecord> runs = store->list();
        if (runs.empty()) return std::nullopt;
        return Stored{runs.front(), store->steps(runs.front().id)};
      },
      [this](std::optional<Stored> newest) {
        loading_ = false;
        if (newest && !live_ && !session_.runs().active()) showStored(*newest);
      },
      [this](const QString& problem) {
        loading_ = false;
        session_.report(problem);
      });
}

void RunView::showStored(const Stored& stored) {
  const RunRecord& record = stored.record;
  curves_->clear();
  curves_->setRun(record, stored.steps);
  const QString name = record.name.empty() ? QString() : QStringLiteral(" \"%1\"").arg(QString::fromStdString(record.name));
  curves_->setTitle(tr("run %1%2 (%3)").arg(QString::fromStdString(record.id), name, QString::fromUtf8(toString(record.status))));
  table_->begin(metricNames(record));
  for (const EpochRow& epoch : record.epochs) table_->add(epoch);
  shownRun_ = record.id;
  shownSteps_ = stored.steps.empty() ? 0 : stored.steps.back().step;
  shownEpochs_ = static_cast<int>(record.epochs.size());
  if (!catchingUp_) controls_->setOutcome(record);
}

// --- The run in progress ------------------------------------------------------------------------------------------

void RunView::catchUp() {
  live_ = true;
  const std::string run = session_.runs().run().toStdString();
  if (run.empty()) return;  // it has not begun: every event is still to come
  catchingUp_ = true;
  session_.jobs().start(
      this, tr("Reading the run so far"),
      [store = &session_.store(), run](std::stop_token, const Progress&) {
        return Stored{store->get(run), store->steps(run)};
      },
      [this](const Stored& stored) {
        showStored(stored);
        catchingUp_ = false;
        receive(std::exchange(waiting_, {}));
      });
}

void RunView::runStateChanged() {
  const bool active = session_.runs().active();
  if (active && !active_) beginLive();
  active_ = active;
}

void RunView::beginLive() {
  live_ = true;
  curves_->clear();
  table_->begin({"error_rate", "accuracy"});
  log_->clear();
  warnings_ = 0;
  shownSteps_ = 0;
  shownEpochs_ = 0;
  shownRun_.clear();
  updateLogTitle();
}

void RunView::receive(const std::vector<TrainEvent>& events) {
  if (catchingUp_) {
    waiting_.insert(waiting_.end(), events.begin(), events.end());
    return;
  }
  for (const TrainEvent& event : events) take(event);
  controls_->apply(events);
}

void RunView::take(const TrainEvent& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    if (!shownRun_.empty() || !live_) beginLive();
    shownRun_ = started->run;
    curves_->setTitle(tr("run %1").arg(QString::fromStdString(started->run)));
    table_->begin(started->metrics);
  } else if (const auto* batch = std::get_if<BatchEnded>(&event)) {
    if (batch->step > shownSteps_) curves_->add(*batch);
    shownSteps_ = std::max(shownSteps_, batch->step);
  } else if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
    if (epoch->epoch >= shownEpochs_) {
      curves_->add(*epoch);
      table_->add(rowOf(*epoch));
      shownEpochs_ = epoch->epoch + 1;
    }
  } else if (const auto* ended = std::get_if<RunEnded>(&event)) {
    curves_->setTitle(tr("run %1 (%2)").arg(QString::fromStdString(ended->run), QString::fromUtf8(toString(ended->status))));
  }
  if (std::holds_alternative<Warning>(event)) {
    ++warnings_;
    updateLogTitle();
  }
  if (const QString line = logLine(event); !line.isEmpty()) log(line);
}

void RunView::log(const QString& line) {
  log_->appendPlainText(QTime::currentTime().toString(QStringLiteral("HH:mm:ss  ")) + line);
}

}  // namespace panicle::ui
