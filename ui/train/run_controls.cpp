#include "ui/train/run_controls.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>
#include <cmath>

#include "ui/shared/field_rules.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/training_start.h"
#include "ui/shared/weight_states.h"
#include "ui/train/memory_curve.h"
#include "ui/train/rate_panel.h"
#include "ui/train/remedy_bar.h"
#include "ui/train/run_series.h"

namespace panicle::ui {
namespace {

constexpr int kBarSteps = 1000;

QPushButton* makeButton(const QString& text, const QString& icon, const QString& tip, QWidget* parent) {
  auto* button = new QPushButton(lineIcon(icon), text, parent);
  button->setToolTip(tip);
  button->setAccessibleDescription(tip);
  return button;
}

QProgressBar* makeBar(const QString& name, int height, QWidget* parent) {
  auto* bar = new QProgressBar(parent);
  bar->setTextVisible(false);
  bar->setFixedHeight(height);
  bar->setAccessibleName(name);
  bar->setToolTip(name);
  bar->setRange(0, kBarSteps);
  return bar;
}

// Below 0 the bar only shows that something goes on.
void setShare(QProgressBar* bar, double share) {
  bar->setRange(0, share < 0 ? 0 : kBarSteps);
  if (share >= 0) bar->setValue(static_cast<int>(std::lround(share * kBarSteps)));
}

}  // namespace

RunControls::RunControls(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      state_(new QLabel(this)),
      hint_(new QLabel(this)),
      where_(new QLabel(this)),
      left_(new QLabel(this)),
      progressBox_(new QWidget(this)),
      remedies_(new RemedyBar(session, this)),
      rates_(new RatePanel(session.runs(), this)) {
  makeButtons();
  runBar_ = makeBar(tr("Progress of the run"), kGrid, progressBox_);
  epochBar_ = makeBar(tr("Progress of the epoch"), kGrid / 2, progressBox_);
  state_->setWordWrap(true);
  state_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  hint_->setWordWrap(true);
  hint_->setObjectName(QStringLiteral("hint"));
  hint_->setTextFormat(Qt::PlainText);
  where_->setWordWrap(true);  // a phase may say much, and must not widen the window
  left_->setAlignment(Qt::AlignRight);
  left_->setToolTip(tr("Until the run ends, as the batches so far went. Blank until there are enough of them."));
  arrange();

  RunController& runs = session_.runs();
  connect(&runs, &RunController::stateChanged, this, [this] {
    sinceBatch_.start();  // a pause is not time that the run spent
    updateButtons();
    updateProgress();
  });
  connect(&runs, &RunController::ended, this, &RunControls::showEnd);
  connect(&session_, &Session::recipeChanged, this, &RunControls::updateButtons);
  connect(&session_, &Session::draftProblemsChanged, this, &RunControls::updateButtons);
  connect(&session_, &Session::datasetChanged, this, &RunControls::updateButtons);
  connect(&session_.weights(), &WeightStates::changed, this, &RunControls::updateButtons);
  connect(&session_.forecast(), &MemoryForecast::changed, this, &RunControls::updateButtons);
  connect(&Theme::instance(), &Theme::changed, this, [this] {
    updateButtons();
    setState(state_->text(), problem_);
  });
  setState({}, false);
  updateButtons();
  updateProgress();
}

void RunControls::makeButtons() {
  start_ = makeButton(tr("&Start"), QStringLiteral("play"), {}, this);
  makePrimary(start_);
  pause_ = makeButton(tr("&Pause"), QStringLiteral("pause"), {}, this);
  stopAfterEpoch_ = makeButton(tr("Stop after &epoch"), QStringLiteral("stop-epoch"),
                               tr("Finishes this epoch with its validation, then stops.\nKept: the model, every metric, and the "
                                  "predictions of the validation and test photos."),
                               this);
  stopNow_ = makeButton(tr("Stop &now"), QStringLiteral("stop"),
                        tr("Stops after the batch in work.\nKept: the model as it is then, the metrics of the finished epochs, and its "
                           "predictions. The unfinished epoch gets no row in the table."),
                        this);
  inspect_ = makeButton(tr("&Inspect"), QStringLiteral("inspect"), tr("See what this run got wrong, and the photos behind it"), this);
  models_ = makeButton(tr("&Models"), QStringLiteral("models"), tr("Goes to the page that finds, downloads and imports weights"), this);
  connect(start_, &QPushButton::clicked, this, &RunControls::start);
  connect(models_, &QPushButton::clicked, this, [this] { Q_EMIT session_.pageRequested(QStringLiteral("models")); });
  connect(pause_, &QPushButton::clicked, this, &RunControls::pauseOrResume);
  connect(stopAfterEpoch_, &QPushButton::clicked, this, [this] { session_.runs().stopAfterEpoch(); });
  connect(stopNow_, &QPushButton::clicked, this, [this] { session_.runs().stopNow(); });
  connect(inspect_, &QPushButton::clicked, this, [this] { Q_EMIT session_.pageRequested(QStringLiteral("inspect")); });
  inspect_->hide();
}

void RunControls::arrange() {
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(kGrid);
  for (QPushButton* button : {start_, pause_, stopAfterEpoch_, stopNow_}) buttons->addWidget(button);
  buttons->addStretch(1);

  auto* hintRow = new QHBoxLayout;
  hintRow->setSpacing(kGrid);
  hintRow->addWidget(hint_, 1);
  hintRow->addWidget(models_, 0, Qt::AlignTop);

  auto* line = new QHBoxLayout;
  line->setSpacing(kGrid);
  line->addWidget(state_, 1);
  line->addWidget(inspect_, 0, Qt::AlignTop);

  auto* words = new QHBoxLayout;
  words->setSpacing(kGrid);
  words->addWidget(where_, 1);
  words->addWidget(left_);
  auto* box = new QVBoxLayout(progressBox_);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(kGrid / 2);
  box->addLayout(words);
  box->addWidget(runBar_);
  box->addWidget(epochBar_);

  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addLayout(buttons);
  layout->addLayout(hintRow);
  layout->addLayout(line);
  layout->addWidget(remedies_);
  layout->addWidget(progressBox_);
  layout->addWidget(rates_);
}

void RunControls::start() {
  // Frozen as it is: later edits of the recipe are for the next run.
  session_.start();
}

void RunControls::pauseOrResume() {
  if (session_.runs().state() == RunController::State::Paused) {
    session_.runs().resume();
  } else {
    session_.runs().pause();
  }
}

void RunControls::updateButtons() {
  using State = RunController::State;
  const State state = session_.runs().state();
  const bool idle = state == State::Idle;
  const bool paused = state == State::Paused;
  QStringList problems = session_.recipeProblems();
  for (QString& problem : problems) problem = labelledProblem(problem, session_.recipe());
  start_->setEnabled(idle && problems.isEmpty());
  start_->setText(session_.forecast().refused() ? tr("&Start anyway") : tr("&Start"));
  const QString startTip = !problems.isEmpty() ? problems.join(QLatin1Char('\n'))
                           : idle              ? tr("Trains with the settings at the left, on a copy of them")
                                               : tr("A run is in progress");
  start_->setToolTip(startTip);
  start_->setAccessibleDescription(startTip);
  pause_->setEnabled(state == State::Running || paused);
  pause_->setText(paused ? tr("Resu&me") : tr("&Pause"));
  pause_->setIcon(lineIcon(paused ? QStringLiteral("play") : QStringLiteral("pause")));
  pause_->setToolTip(paused ? tr("Goes on where it was")
                            : tr("Holds the run after the batch in work. Nothing is lost, and the memory stays taken."));
  stopAfterEpoch_->setEnabled(state == State::Running || paused);
  stopNow_->setEnabled(!idle);

  const TrainingStart start = trainingStart(session_.recipe().model, session_.weights());
  const bool missing = idle && problems.isEmpty() && start.kind == TrainingStart::Kind::Scratch && !start.wanted;
  models_->setVisible(missing);
  QString hint;
  if (!idle) {
    hint = state == State::Stopping ? tr("Stopping; the model and the predictions are being kept.")
                                    : tr("Changes at the left are for the next run.");
  } else if (!problems.isEmpty()) {
    hint = problems.first();
  } else if (start.kind == TrainingStart::Kind::Scratch) {
    hint = start.sentence;
  }
  hint_->setText(hint);
  hint_->setVisible(!hint.isEmpty());
  QPalette palette = hint_->palette();
  const ThemeColors& colors = Theme::instance().colors();
  palette.setColor(QPalette::WindowText, idle && !problems.isEmpty()  ? colors.error
                                            : idle && !start.wanted      ? colors.warning
                                                                         : colors.mutedText);
  hint_->setPalette(palette);
  if (!idle) {
    setState({}, false);
    remedies_->offer({}, {});
  }
}

void RunControls::updateProgress() {
  const RunController& runs = session_.runs();
  progressBox_->setVisible(runs.active());
  QString where = progress_.where();
  if (const std::uint64_t skipped = progress_.skippedSteps(); skipped > 0) where += tr(", %1 skipped").arg(formatCount(skipped));
  where_->setText(runs.state() == RunController::State::Paused ? tr("Paused: %1").arg(where) : where);
  const double since = sinceBatch_.isValid() ? static_cast<double>(sinceBatch_.elapsed()) / 1000 : 0;
  left_->setText(runs.state() == RunController::State::Running ? progress_.left(since) : QString());
  setShare(runBar_, progress_.runShare());
  setShare(epochBar_, std::max(0.0, progress_.epochShare()));
}

void RunControls::apply(const std::vector<TrainEvent>& events) {
  for (const TrainEvent& event : events) {
    progress_.apply(event);
    rates_->apply(event);
    if (const auto* started = std::get_if<RunStarted>(&event)) {
      outcome_ = {.predicted = outcome_.predicted};
      outcome_.run = QString::fromStdString(started->run);
      outcome_.epochs = started->epochs;
      outcome_.valid_images = started->valid_images;
    }
    if (const auto* epoch = std::get_if<EpochEnded>(&event)) outcome_.add(epoch->epoch, epoch->metrics);
    if (const auto* batch = std::get_if<BatchEnded>(&event)) {
      outcome_.in_epoch = true;
      outcome_.seconds = batch->seconds;
      sinceBatch_.start();
    }
    if (const auto* measured = std::get_if<MemoryMeasured>(&event)) {
      outcome_.peak = std::max(outcome_.peak, heldBytes(measured->peak));
    }
    if (const auto* ended = std::get_if<RunEnded>(&event)) {
      remedies_->offer(ended->remedies, session_.runs().spec());
      outcome_.seconds = ended->seconds;
      outcome_.keep(ended->metrics);
    }
  }
  updateProgress();
}

void RunControls::setPredicted(quint64 bytes) { outcome_.predicted = bytes; }

void RunControls::showEnd(const QString& run, RunStatus status, const QString& message) {
  if (!run.isEmpty()) outcome_.run = run;
  outcome_.status = status;
  QString text = outcomeText(outcome_);
  const bool failed = status == RunStatus::Failed;
  if (failed && !message.isEmpty()) text += QStringLiteral(": ") + message;
  setState(text, failed);
  inspect_->setVisible(status == RunStatus::Finished || (status == RunStatus::Stopped && outcome_.done > 0));
  progress_ = {};
  outcome_ = {};
  updateProgress();
}

void RunControls::setOutcome(const RunRecord& record, bool inEpoch) {
  RunEnding outcome;
  outcome.run = QString::fromStdString(record.id);
  outcome.status = record.status;
  outcome.epochs = plannedEpochs(record.spec);
  outcome.seconds = record.seconds;
  for (const EpochRow& epoch : record.epochs) outcome.add(epoch.epoch, epoch.metrics);
  outcome.keep(record.results);
  outcome.in_epoch = inEpoch;
  outcome.peak = record.memory.measuredHeld();
  if (outcome.peak == 0) outcome.peak = record.peak_tensor_bytes;
  outcome.predicted = record.memory.predictedHeld().value_or(0);
  remedies_->offer(record.remedies, record.spec);
  QString text = outcomeText(outcome);
  const bool failed = record.status == RunStatus::Failed;
  if (failed && !record.message.empty()) text += QStringLiteral(": ") + QString::fromStdString(record.message);
  for (const ChangeRow& change : record.changes) {
    text += tr("\nChanged from step %1 on: %2").arg(formatCount(change.step), rateWords(change.lr_scale, change.wd));
  }
  setState(text, failed);
  inspect_->setVisible(record.status == RunStatus::Finished || (record.status == RunStatus::Stopped && outcome.done > 0));
}

void RunControls::setState(const QString& text, bool problem) {
  problem_ = problem;
  state_->setText(text);
  state_->setVisible(!text.isEmpty());
  if (text.isEmpty()) inspect_->hide();
  QPalette palette = state_->palette();
  const ThemeColors& colors = Theme::instance().colors();
  palette.setColor(QPalette::WindowText, problem ? colors.error : colors.text);
  state_->setPalette(palette);
}

QString RunControls::stateText() const { return state_->text(); }

}  // namespace panicle::ui
