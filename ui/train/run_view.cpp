#include "ui/train/run_view.h"

#include <QPlainTextEdit>
#include <QSettings>
#include <QSplitter>
#include <QTime>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <optional>
#include <tuple>

#include "ui/shared/jobs.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_sampler.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/compare_chooser.h"
#include "ui/train/curve_bar.h"
#include "ui/train/epoch_table.h"
#include "ui/train/run_controls.h"
#include "ui/train/run_curves.h"

namespace panicle::ui {
namespace {

constexpr int kLogLines = 5000;
const QString kSmoothingKey = QStringLiteral("train/smoothing");
const QString kMetricKey = QStringLiteral("train/metric");

QString warningText(const std::string& message) { return RunView::tr("Warning: %1").arg(QString::fromStdString(message)); }

QString changeText(std::uint64_t step, double lrScale, double wd) {
  return RunView::tr("Changed from step %1 on: %2").arg(formatCount(step), rateWords(lrScale, wd));
}

QString splitText(const BatchesSplit& split) {
  return RunView::tr("A batch did not fit into the memory: from step %1 on batches go through the network in %2 pieces")
      .arg(formatCount(split.step))
      .arg(split.pieces);
}

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
    const QString line = RunView::tr("Epoch %1 (%2) in %3: train_loss %4, valid_loss %5")
                             .arg(epoch->epoch + 1)
                             .arg(QString::fromStdString(epoch->phase), formatDuration(epoch->seconds),
                                  QString::number(epoch->train_loss, 'f', 6), QString::number(epoch->valid_loss, 'f', 6));
    if (epoch->skipped_steps == 0) return line;
    return line + RunView::tr("; %1 steps skipped, their gradients were not finite").arg(formatCount(epoch->skipped_steps));
  }
  if (const auto* change = std::get_if<RatesChanged>(&event)) return changeText(change->step, change->lr_scale, change->wd);
  if (const auto* split = std::get_if<BatchesSplit>(&event)) {
    return splitText(*split);
  }
  if (const auto* phase = std::get_if<PhaseChanged>(&event)) return QString::fromStdString(phase->what);
  if (const auto* written = std::get_if<CheckpointWritten>(&event)) {
    const QString path = QString::fromStdString(written->path);
    return path.endsWith(QStringLiteral("model.safetensors")) ? RunView::tr("Model written to %1").arg(path) : RunView::tr("Checkpoint written to %1").arg(path);
  }
  if (const auto* warning = std::get_if<Warning>(&event)) {
    const QString message = warningText(warning->message);
    const QString path = QString::fromStdString(warning->path);
    return path.isEmpty() || message.contains(path) ? message : message + QStringLiteral(" (%1)").arg(path);
  }
  if (const auto* ended = std::get_if<RunEnded>(&event)) {
    QString line = RunView::tr("Run %1 %2").arg(QString::fromStdString(ended->run), QString::fromUtf8(toString(ended->status)));
    return ended->message.empty() ? line : line + QStringLiteral(": ") + QString::fromStdString(ended->message);
  }
  return {};
}

// The metrics of a stored run in the order that its spec asks for them; of several targets those of the first come first.
std::vector<std::string> tableMetrics(const RunRecord& record) {
  const std::vector<std::string>& asked = record.spec.metrics;
  if (record.epochs.empty()) return asked;
  std::vector<std::tuple<bool, std::string, std::size_t, std::string>> ranked;  // further target, its prefix, rank, name
  for (const auto& [name, value] : record.epochs.back().metrics) {
    const std::string stem = name.substr(0, name.find('/'));
    std::size_t rank = asked.size();
    std::string prefix;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const bool own = stem == asked[i];
      if (!own && !stem.ends_with("_" + asked[i])) continue;
      rank = i;
      prefix = stem.substr(0, stem.size() - asked[i].size());
      if (own) break;
    }
    ranked.emplace_back(!prefix.empty(), prefix, rank, name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (const auto& entry : ranked) names.push_back(std::get<3>(entry));
  return names;
}

// What a run in progress has told before anybody listened, as far as the store knows.
std::vector<TrainEvent> eventsSoFar(const RunRecord& record) {
  std::vector<TrainEvent> events;
  RunStarted started;
  started.run = record.id;
  started.epochs = plannedEpochs(record.spec);
  events.emplace_back(started);
  for (const EpochRow& row : record.epochs) {
    EpochEnded epoch;
    epoch.stage = row.stage;
    epoch.epoch = row.epoch;
    epoch.metrics = row.metrics;
    epoch.skipped_steps = row.skipped_steps;
    events.emplace_back(epoch);
  }
  for (const ChangeRow& change : record.changes) events.emplace_back(RatesChanged{change.epoch, change.step, change.lr_scale, change.wd});
  return events;
}

std::string monitorOf(const RunSpec& spec) { return spec.callbacks.keep_best ? spec.callbacks.keep_best->monitor : std::string(); }

}  // namespace

RunView::RunView(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      controls_(new RunControls(session, this)),
      bar_(new CurveBar(session, this)),
      curves_(new RunCurves(this)),
      table_(new EpochTable(this)) {
  makeLog();
  makeBar();
  auto* upper = new QWidget(this);
  auto* upperLayout = new QVBoxLayout(upper);
  upperLayout->setContentsMargins(0, 0, 0, 0);
  upperLayout->setSpacing(kGrid);
  upperLayout->addWidget(bar_);
  upperLayout->addWidget(curves_, 1);
  auto* lower = new QWidget(this);
  auto* lowerLayout = new QVBoxLayout(lower);
  lowerLayout->setContentsMargins(0, 0, 0, 0);
  lowerLayout->setSpacing(kGrid / 2);
  lowerLayout->addWidget(table_, 2);
  lowerLayout->addWidget(logTitle_);
  lowerLayout->addWidget(log_, 1);
  auto* splitter = new QSplitter(Qt::Vertical, this);
  splitter->addWidget(upper);
  splitter->addWidget(lower);
  splitter->setStretchFactor(0, 3);
  splitter->setStretchFactor(1, 1);
  splitter->setSizes({3, 1});
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
  connect(&session_.memory(), &MemorySampler::sampled, this, [this](const MemoryReading& reading) {
    if (live_ && session_.runs().active()) curves_->add(reading);
  });
  connect(&session_, &Session::datasetChanged, this, &RunView::updateEmptyText);
  connect(&session_, &Session::datasetFailed, this, &RunView::updateEmptyText);
  connect(&session_, &Session::recipeChanged, this, &RunView::updateEmptyText);
  connect(&session_, &Session::draftProblemsChanged, this, &RunView::updateEmptyText);
  updateEmptyText();
  active_ = runs.active();
  if (active_) {
    catchUp();
  } else {
    loadNewest();
  }
}

// What to do next, or why there are no curves.
void RunView::updateEmptyText() {
  QString text;
  if (session_.runs().active()) {
    text = tr("The curves begin with the first batch.");
  } else if (!shownRun_.empty()) {
    text = tr("Run %1 ended before its first batch.").arg(QString::fromStdString(shownRun_));
  } else if (session_.opening()) {
    text = tr("No run yet. The data set is being read; then press Start.");
  } else if (!session_.dataset()) {
    text = tr("No run yet. Open a data set on the Data page, choose the settings at the left and press Start: the curves grow here while the "
              "network learns.");
  } else if (!session_.recipeProblems().isEmpty()) {
    text = tr("No run yet. The line under Start says what the settings at the left lack; with that mended, press Start.");
  } else {
    text = tr("No run yet. Press Start to train with the settings at the left: the curves grow here while the network learns.");
  }
  curves_->setEmptyText(text);
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

void RunView::makeBar() {
  QSettings& settings = session_.settings();
  connect(curves_, &RunCurves::metricChoicesChanged, bar_, [this] { bar_->setMetrics(curves_->metricChoices(), curves_->chosenMetric()); });
  connect(bar_, &CurveBar::windowChanged, this, [this, &settings](int batches) {
    curves_->setSmoothing(batches);
    settings.setValue(kSmoothingKey, batches);
  });
  connect(bar_, &CurveBar::metricChosen, this, [this, &settings](const std::string& id) {
    curves_->chooseMetric(id);
    settings.setValue(kMetricKey, QString::fromStdString(id));
  });
  connect(bar_->compare(), &CompareChooser::runChosen, this, &RunView::compare);
  bar_->setWindow(settings.value(kSmoothingKey, kFastaiWindow).toInt());
  curves_->chooseMetric(settings.value(kMetricKey).toString().toStdString());
  bar_->setMetrics(curves_->metricChoices(), curves_->chosenMetric());
}

void RunView::compare() {
  const std::string run = bar_->compare()->chosen();
  if (run.empty()) return curves_->setReference(nullptr, {});
  session_.jobs().start(
      this, tr("Reading run %1 to compare with").arg(QString::fromStdString(run)),
      [store = &session_.store(), run](std::stop_token, const Progress&) {
        return std::make_shared<const RunSeries>(read(*store, run).series);
      },
      [this, run](std::shared_ptr<const RunSeries> series) {
        // Another may have been chosen while this one was read.
        if (bar_->compare()->chosen() == run) curves_->setReference(std::move(series), tr("run %1").arg(QString::fromStdString(run)));
      });
}

void RunView::updateLogTitle() {
  logTitle_->setIcon(lineIcon(logTitle_->isChecked() ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
  logTitle_->setText(warnings_ == 0   ? tr("Log")
                     : warnings_ == 1 ? tr("Log (1 warning)")
                                      : tr("Log (%1 warnings)").arg(warnings_));
}

QString RunView::logText() const { return log_->toPlainText(); }

// --- A run of before ----------------------------------------------------------------------------------------------

RunView::Stored RunView::read(const RunStore& store, const std::string& run) {
  RunRecord record = store.get(run);
  RunSeries series(record, store.steps(run));
  return {std::move(record), std::move(series), store.memory(run)};
}

void RunView::loadNewest() {
  if (live_ || loading_ || session_.runs().active()) return;
  loading_ = true;
  session_.jobs().start(
      this, tr("Reading the newest run"),
      [store = &session_.store()](std::stop_token, const Progress&) -> std::optional<Stored> {
        const std::vector<RunRecord> runs = store->list();
        if (runs.empty()) return std::nullopt;
        return read(*store, runs.front().id);
      },
      [this](std::optional<Stored> newest) {
        loading_ = false;
        if (newest && !live_ && !session_.runs().active()) showStored(std::move(*newest));
      },
      [this](const QString& problem) {
        loading_ = false;
        session_.report(problem);
      });
}

void RunView::showStored(Stored stored) {
  const RunRecord& record = stored.record;
  const std::vector<std::string> metrics = tableMetrics(record);
  const std::vector<double>& ends = stored.series.validLoss().x;
  const bool inEpoch = stored.series.lastStep() > (ends.empty() ? 0 : ends.back());
  shownRun_ = record.id;
  shownSteps_ = static_cast<std::uint64_t>(stored.series.lastStep());
  shownEpochs_ = static_cast<int>(record.epochs.size());
  shownChange_ = record.changes.empty() ? 0 : record.changes.back().step;
  bar_->compare()->setShown(record.id);
  curves_->clear();
  curves_->setMetrics(metrics);
  curves_->setRun(std::move(stored.series));
  curves_->setMemory(record.memory, stored.memory);
  const QString name = record.name.empty() ? QString() : QStringLiteral(" \"%1\"").arg(QString::fromStdString(record.name));
  curves_->setTitle(tr("run %1%2 (%3)").arg(QString::fromStdString(record.id), name, QString::fromUtf8(toString(record.status))));
  table_->begin(metrics, monitorOf(record.spec));
  for (const EpochRow& epoch : record.epochs) table_->add(epoch);
  logStored(record);
  updateEmptyText();
  if (!catchingUp_) return controls_->setOutcome(record, inEpoch);
  controls_->apply(eventsSoFar(record));
}

// What the store kept of the log; the hours are gone.
void RunView::logStored(const RunRecord& record) {
  log_->clear();
  for (const ChangeRow& change : record.changes) log_->appendPlainText(changeText(change.step, change.lr_scale, change.wd));
  for (const BatchesSplit& split : record.splits) log_->appendPlainText(splitText(split));
  for (const std::string& warning : record.warnings) log_->appendPlainText(warningText(warning));
  warnings_ = static_cast<int>(record.warnings.size());
  updateLogTitle();
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
        return read(*store, run);
      },
      [this](Stored stored) {
        showStored(std::move(stored));
        catchingUp_ = false;
        receive(std::exchange(waiting_, {}));
      });
}

void RunView::runStateChanged() {
  const bool active = session_.runs().active();
  if (active && !active_) beginLive();
  active_ = active;
  updateEmptyText();
}

void RunView::beginLive() {
  live_ = true;
  curves_->clear();
  const MemoryForecast& forecast = session_.forecast();
  const RunPlan* plan = forecast.runPlan();
  curves_->expectMemory(plan ? expectationOf(*plan, forecast.profile().total) : MemoryExpectation());
  controls_->setPredicted(plan ? plannedBytes(*plan) : 0);
  table_->begin({"error_rate", "accuracy"});
  log_->clear();
  warnings_ = 0;
  shownSteps_ = 0;
  shownEpochs_ = 0;
  shownChange_ = 0;
  shownRun_.clear();
  updateLogTitle();
  updateEmptyText();
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
    bar_->compare()->setShown(started->run);
    curves_->setTitle(tr("run %1").arg(QString::fromStdString(started->run)));
    curves_->setMetrics(started->metrics);
    table_->begin(started->metrics, monitorOf(session_.runs().spec()));
  } else if (const auto* batch = std::get_if<BatchEnded>(&event)) {
    if (batch->step > shownSteps_) curves_->add(*batch);
    shownSteps_ = std::max(shownSteps_, batch->step);
  } else if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
    if (epoch->epoch >= shownEpochs_) {
      curves_->add(*epoch);
      table_->add(rowOf(*epoch));
      shownEpochs_ = epoch->epoch + 1;
    }
  } else if (const auto* change = std::get_if<RatesChanged>(&event)) {
    if (change->step > shownChange_) curves_->add(*change);
    shownChange_ = std::max(shownChange_, change->step);
  } else if (const auto* measured = std::get_if<MemoryMeasured>(&event)) {
    curves_->add(*measured);
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
