// The Train page: events become curves, rows and words; a run started here ends with what the store says.
#include "ui/train/train_page.h"

#include <QAbstractButton>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFile>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <atomic>
#include <semaphore>

#include "ui/shared/flat_style.h"
#include "ui/shared/fold_button.h"
#include "ui/shared/page.h"
#include "ui/shared/plot_canvas.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/runs_reader.h"
#include "ui/shared/session.h"
#include "ui/shared/weight_states.h"
#include "ui/train/compare_chooser.h"
#include "ui/train/curve_bar.h"
#include "ui/train/epoch_table.h"
#include "ui/train/rate_panel.h"
#include "ui/train/run_controls.h"
#include "ui/train/run_curves.h"
#include "ui/train/run_progress.h"
#include "ui/train/run_view.h"
#include "ui/train/stage_head.h"

namespace panicle::ui {
namespace {

// Two classes that a network tells apart at once: dark and bright noise.
void paintPhotos(const QString& root, int perClass) {
  const QStringList labels{QStringLiteral("blast"), QStringLiteral("normal")};
  quint32 state = 1;
  for (int label = 0; label < 2; ++label) {
    const QString folder = root + QStringLiteral("/train_images/") + labels[label];
    QDir().mkpath(folder);
    for (int i = 0; i < perClass; ++i) {
      QImage image(40, 40, QImage::Format_RGB32);
      for (int y = 0; y < 40; ++y) {
        for (int x = 0; x < 40; ++x) {
          state = state * 1664525U + 1013904223U;
          const int grey = static_cast<int>(state >> 25) + 100 * label;
          image.setPixelColor(x, y, QColor(grey, grey, grey));
        }
      }
      QVERIFY(image.save(folder + QStringLiteral("/%1.png").arg(i)));
    }
  }
}

EpochEnded epochEvent(int epoch, double train, double valid, double error) {
  EpochEnded event;
  event.epoch = epoch;
  event.phase = "one cycle";
  event.train_loss = train;
  event.valid_loss = valid;
  event.metrics = {{"error_rate", error}, {"accuracy", 1 - error}};
  event.seconds = 65.4;
  return event;
}

// A run of two epochs of ten steps.
std::vector<TrainEvent> twoEpochs() {
  RunStarted started;
  started.run = "7";
  started.train_images = 100;
  started.valid_images = 2081;
  started.steps_per_epoch = 10;
  started.epochs = 2;
  started.device = "cpu, 2 threads";
  started.metrics = {"error_rate", "accuracy"};
  std::vector<TrainEvent> events;
  events.reserve(32);
  events.emplace_back(started);
  for (std::uint64_t step = 1; step <= 20; ++step) {
    BatchEnded batch;
    batch.epoch = step <= 10 ? 0 : 1;
    batch.step = step;
    batch.batch = (step - 1) % 10 + 1;
    batch.batches = 10;
    batch.loss = 1.0 / static_cast<double>(step);
    batch.smooth_loss = 1.1 / static_cast<double>(step);
    batch.lr = 1e-3;
    batch.momentum = 0.9;
    batch.seconds = 6.65 * static_cast<double>(step);
    batch.eta_seconds = step < 3 ? -1 : 41;
    events.emplace_back(batch);
    if (step == 10) events.emplace_back(epochEvent(0, 0.11, 0.5, 0.3));
  }
  events.emplace_back(epochEvent(1, 0.055, 0.4, 102.0 / 2081));
  return events;
}

}  // namespace

class TrainPageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    open();
  }

  void cleanup() {
    page_.reset();
    session_.reset();
    folder_.reset();
  }

  void startSaysWhatIsMissing() {
    QPushButton* start = view()->controls()->startButton();
    QVERIFY(!start->isEnabled());
    QVERIFY(!start->toolTip().isEmpty());
    QCOMPARE(start->toolTip(), session_->recipeProblems().join(QLatin1Char('\n')));
  }

  void theEmptyPlotSaysWhatToDoNext() {
    QVERIFY2(emptyText().contains(QStringLiteral("Open a data set")), qPrintable(emptyText()));
    const QString photos = folder_->filePath(QStringLiteral("photos"));
    paintPhotos(photos, 2);
    session_->openDataset(photos);
    QTRY_VERIFY(session_->dataset());
    QVERIFY2(emptyText().startsWith(QStringLiteral("No run yet. Press Start")), qPrintable(emptyText()));
    RunSpec spec = session_->recipe();
    spec.batch.size = 1;
    session_->setRecipe(spec, QStringLiteral("Batch of one"));
    QVERIFY2(emptyText().contains(QStringLiteral("under Start")), qPrintable(emptyText()));
  }

  // Before Start, not after: without weights the first epochs look like a broken run.
  void saysBeforeStartThatItTrainsFromScratch() {
    qputenv("TORCH_HOME", folder_->filePath(QStringLiteral("torch")).toUtf8());
    qputenv("HF_HUB_CACHE", folder_->filePath(QStringLiteral("hub")).toUtf8());
    const QString photos = folder_->filePath(QStringLiteral("photos"));
    paintPhotos(photos, 2);
    RunSpec spec = session_->recipe();
    spec.data.root = photos.toStdString();
    session_->setRecipe(spec, QStringLiteral("Open"));
    const auto* hint = page_->findChild<QLabel*>(QStringLiteral("hint"));
    QTRY_VERIFY(hint->text().contains(QStringLiteral("from scratch: no weights for resnet18")));
    QVERIFY(hint->isVisible());
    QVERIFY(view()->controls()->startButton()->isEnabled());
    QDir(folder_->path()).mkpath(QStringLiteral("workspace/weights"));
    QFile file(folder_->filePath(QStringLiteral("workspace/weights/resnet18.safetensors")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    session_->weights().refresh();
    QTRY_VERIFY(!hint->isVisible());

    // What blocks the start is told with the field's label.
    spec.batch.size = 1;
    session_->setRecipe(spec, QStringLiteral("Batch of one"));
    QTRY_VERIFY(hint->isVisible());
    QVERIFY2(!hint->text().contains(QStringLiteral("batch.size")), qPrintable(hint->text()));
  }

  void eventsBecomeCurvesAndRows() {
    Q_EMIT session_->runs().events(twoEpochs());
    const RunCurves* curves = view()->curves();
    QCOMPARE(curves->loss()->pointCount(0), 20);
    QCOMPARE(curves->loss()->pointCount(1), 20);
    QCOMPARE(curves->loss()->pointCount(2), 2);
    QCOMPARE(curves->metric()->toCsv(),
             QStringLiteral("epoch,error rate\n0,0.3\n1,%1\n").arg(QString::number(102.0 / 2081, 'g', QLocale::FloatingPointShortest)));
    QVERIFY(curves->loss()->toCsv().contains(QStringLiteral("\n10,0.1,0.11")));  // valid at the epoch's last step
    QCOMPARE(curves->rate()->pointCount(0), 20);

    const EpochTable* table = view()->table();
    QCOMPARE(table->toText(), QStringLiteral("epoch\ttrain_loss\tvalid_loss\terror_rate\taccuracy\ttime\n"
                                             "1\t0.110000\t0.500000\t0.300000\t0.700000\t01:05\n"
                                             "2\t0.055000\t0.400000\t0.049015\t0.950985\t01:05\n"));
    QVERIFY(view()->logText().contains(QStringLiteral("Epoch 2 (one cycle)")));
    QCOMPARE(table->bestRow(), 1);
    QVERIFY(table->item(1, 2)->font().bold());
    QVERIFY(!table->item(0, 2)->font().bold());
    QVERIFY(view()->logText().contains(QStringLiteral("2,081 validation photos")));
  }

  void theEndIsSaidInOneLine() {
    std::vector<TrainEvent> events = twoEpochs();
    RunEnded ended;
    ended.run = "7";
    ended.seconds = 133;
    events.emplace_back(ended);
    Q_EMIT session_->runs().events(events);
    Q_EMIT session_->runs().ended(QStringLiteral("7"), RunStatus::Finished, {});
    QCOMPARE(view()->controls()->stateText(), QStringLiteral("Run 7 finished: error 4.9 % (102 of 2,081) in 2:13"));
    QVERIFY(!view()->controls()->inspectButton()->isHidden());
    const QSignalSpy spy(session_.get(), &Session::pageRequested);
    view()->controls()->inspectButton()->click();
    QCOMPARE(spy.count(), 1);
    QCOMPARE(spy.at(0).at(0).toString(), QStringLiteral("inspect"));
  }

  void theEndTellsOfTestTimeAugmentation() {
    RunEnding outcome;
    outcome.run = QStringLiteral("7");
    outcome.status = RunStatus::Finished;
    outcome.add(0, {{"error_rate", 0.25}});
    outcome.keep({{"error_rate", 0.25}, {"tta_error_rate", 0.125}});
    outcome.seconds = 133;
    QCOMPARE(outcomeText(outcome), QStringLiteral("Run 7 finished: error 25.0 %, 12.5 % with test-time augmentation, in 2:13"));
  }

  // However it ended: how far it came.
  void theEndSaysWhere() {
    RunEnding outcome;
    outcome.run = QStringLiteral("1");
    outcome.status = RunStatus::Stopped;
    outcome.epochs = 10;
    QCOMPARE(outcomeText(outcome), QStringLiteral("Run 1 stopped before its first epoch"));
    outcome.add(0, {{"error_rate", 0.125}});
    outcome.add(1, {{"error_rate", 0.25}});
    QCOMPARE(outcomeText(outcome), QStringLiteral("Run 1 stopped after epoch 2 of 10: error 25.0 %, lowest 12.5 % in epoch 1"));
    outcome.in_epoch = true;
    outcome.seconds = 65;
    QCOMPARE(outcomeText(outcome), QStringLiteral("Run 1 stopped in epoch 3 of 10: error 25.0 %, lowest 12.5 % in epoch 1, in 1:05"));
    outcome.keep({{"error_rate", 0.125}});  // the best epoch's weights came back
    QCOMPARE(outcomeText(outcome), QStringLiteral("Run 1 stopped in epoch 3 of 10: error 12.5 % in 1:05"));
    outcome.status = RunStatus::Finished;
    outcome.in_epoch = false;
    outcome.epochs = 2;
    QCOMPARE(outcomeText(outcome), QStringLiteral("Run 1 finished: error 12.5 % in 1:05"));
  }

  void aStoppedRunSaysWhereLiveAndStored() {
    std::vector<TrainEvent> events = twoEpochs();
    events.resize(16);  // four batches into the second epoch
    RunStore& store = session_->store();
    RunSpec spec;
    spec.stages[0].schedule.epochs = 2;
    const std::string run = store.create(spec, Json::object());
    std::get<RunStarted>(events[0]).run = run;
    events.emplace_back(RunEnded{.run = run, .status = RunStatus::Stopped, .message = {}, .metrics = {}, .seconds = 60});
    for (const TrainEvent& event : events) store.record(run, event);
    Q_EMIT session_->runs().events(events);
    Q_EMIT session_->runs().ended(QString::fromStdString(run), RunStatus::Stopped, {});
    QCOMPARE(view()->controls()->stateText(), QStringLiteral("Run 1 stopped in epoch 2 of 2: error 30.0 % (624 of 2,081) in 1:00"));
    reopen();
    QTRY_COMPARE(view()->controls()->stateText(), QStringLiteral("Run 1 stopped in epoch 2 of 2: error 30.0 % in 1:00"));
  }

  void aFailureIsSaidWithItsReason() {
    Q_EMIT session_->runs().ended(QStringLiteral("8"), RunStatus::Failed, QStringLiteral("/photos: is gone. Connect the disk."));
    QVERIFY(view()->controls()->stateText().contains(QStringLiteral("Connect the disk.")));
    QVERIFY(view()->controls()->inspectButton()->isHidden());
  }

  void aSecondRunBeginsAnew() {
    Q_EMIT session_->runs().events(twoEpochs());
    std::vector<TrainEvent> next = twoEpochs();
    next.resize(4);  // started and three batches
    std::get<RunStarted>(next[0]).run = "8";
    Q_EMIT session_->runs().events(next);
    QCOMPARE(view()->curves()->loss()->pointCount(0), 3);
    QCOMPARE(view()->table()->rowCount(), 0);
  }

  void progressIsHonest() {
    RunProgress progress;
    QVERIFY(progress.runShare() < 0);
    progress.apply(PhaseChanged{"reading the data set"});
    QCOMPARE(progress.where(), QStringLiteral("Reading the data set"));
    const std::vector<TrainEvent> events = twoEpochs();
    progress.apply(events[0]);
    progress.apply(events[1]);
    QCOMPARE(progress.where(), QStringLiteral("Epoch 1 of 2, batch 1 of 10"));
    QCOMPARE(progress.left(), QString());  // not known yet
    QCOMPARE(progress.runShare(), 0.05);
    QCOMPARE(progress.epochShare(), 0.1);
    progress.apply(events[3]);
    QCOMPARE(progress.left(), QStringLiteral("0:41 left"));
    progress.apply(ValidationProgress{0, 2, 5});
    QCOMPARE(progress.where(), QStringLiteral("Epoch 1 of 2, validation batch 2 of 5"));
    progress.apply(events.back());
    QCOMPARE(progress.where(), QStringLiteral("Epoch 2 of 2"));
    QCOMPARE(progress.runShare(), 1.0);
    progress.apply(PhaseChanged{"predicting test images"});
    QVERIFY(progress.runShare() < 0);  // it is at work, for nobody knows how long
  }

  void aBarWithoutAnEndIsNotFull() {
    QProgressBar bar;
    FlatStyle style;
    bar.setStyle(&style);
    bar.setTextVisible(false);
    bar.resize(400, 8);
    const auto filled = [&bar] {
      const QImage image = bar.grab().toImage();
      int count = 0;
      for (int x = 0; x < image.width(); ++x) count += image.pixelColor(x, image.height() / 2) == bar.palette().color(QPalette::Highlight);
      return static_cast<double>(count) / image.width();
    };
    bar.setRange(0, 0);
    QVERIFY2(filled() > 0.1 && filled() < 0.4, qPrintable(QString::number(filled())));
  }

  void epochsOfAStoredRunEndWhereTheirLossIs() {
    std::vector<StepRow> steps;
    for (std::uint64_t i = 1; i <= 25; ++i) steps.push_back({i, 0, 1.0 / static_cast<double>(i), 0, 0});
    std::vector<EpochRow> epochs(2);
    epochs[0].train_loss = 1.0 / 10;
    epochs[1].train_loss = 1.0 / 20;  // and five steps of an epoch that was stopped
    QCOMPARE(epochEnds(epochs, steps), (std::vector<double>{10, 20}));
  }

  void skippedStepsAreTold() {
    std::vector<TrainEvent> events = twoEpochs();
    std::get<EpochEnded>(events.back()).skipped_steps = 3;
    Q_EMIT session_->runs().events(events);
    QVERIFY(view()->table()->toText().startsWith(QStringLiteral("epoch\ttrain_loss\tvalid_loss\terror_rate\taccuracy\ttime\tskipped\n")));
    QVERIFY(view()->table()->toText().endsWith(QStringLiteral("\t01:05\t3\n")));
    QVERIFY(view()->logText().contains(QStringLiteral("3 steps skipped")));
    QCOMPARE(view()->controls()->progress().skippedSteps(), std::uint64_t{3});
    std::get<RunStarted>(events[0]).run = "8";
    Q_EMIT session_->runs().events({events[0]});
    QVERIFY(!view()->table()->toText().contains(QStringLiteral("skipped")));
  }

  void timeLeftGoesOnThroughValidation() {
    RunProgress progress;
    const std::vector<TrainEvent> events = twoEpochs();
    for (std::size_t i = 0; i < 11; ++i) progress.apply(events[i]);
    progress.apply(ValidationProgress{0, 2, 5});
    QCOMPARE(progress.left(), QStringLiteral("0:41 left"));
    QCOMPARE(progress.left(11), QStringLiteral("0:30 left"));
    QCOMPARE(progress.left(99), QStringLiteral("0:01 left"));  // it is still at work
    QCOMPARE(progress.runShare(), 0.5);
  }

  void curvesRememberTheirBar() {
    Q_EMIT session_->runs().events(twoEpochs());
    CurveBar* bar = view()->bar();
    QCOMPARE(bar->window(), 50);
    bar->setWindow(200);
    QCOMPARE(view()->curves()->smoothing(), 200);
    bar->metric()->setCurrentIndex(bar->metric()->findText(QStringLiteral("accuracy")));
    Q_EMIT bar->metric()->activated(bar->metric()->currentIndex());
    QVERIFY(view()->curves()->metric()->toCsv().startsWith(QStringLiteral("epoch,accuracy\n0,0.7\n")));
    reopen();
    QCOMPARE(view()->bar()->window(), 200);
    QCOMPARE(view()->curves()->smoothing(), 200);
    QCOMPARE(view()->curves()->chosenMetric(), std::string("accuracy"));
    QCOMPARE(view()->bar()->metric()->currentText(), QStringLiteral("accuracy"));
  }

  void comparesWithAStoredRun() {
    const std::string first = storeRun(0.5), second = storeRun(0.25);
    QVERIFY(view()->bar()->compare()->toolTip().startsWith(QStringLiteral("No other run")));
    reopen();
    CompareChooser* compare = view()->bar()->compare();
    QTRY_COMPARE(compare->count(), 2);  // none, and the first: the second is shown
    QTRY_COMPARE(view()->table()->rowCount(), 2);
    QCOMPARE(compare->itemText(1), QStringLiteral("%1 · resnet18 · best 50.0 %").arg(QString::fromStdString(first)));
    QVERIFY(!compare->toolTip().startsWith(QStringLiteral("No other run")));
    compare->setCurrentIndex(1);
    const QString csv = QStringLiteral("epoch,run %1,error rate\n0,0.5,0.25\n").arg(QString::fromStdString(first));
    QTRY_VERIFY(view()->curves()->metric()->toCsv().startsWith(csv));
    compare->setCurrentIndex(0);
    QTRY_VERIFY(view()->curves()->metric()->toCsv().startsWith(QStringLiteral("epoch,error rate\n0,0.25\n")));
  }

  void changedRatesOfAStoredRunAreTold() {
    storeRun(0.5, RatesChanged{.epoch = 1, .step = 12, .lr_scale = 0.1, .wd = 0.05});
    reopen();
    const QString line = QStringLiteral("Changed from step 12 on: learning rate × 0.1, weight decay 0.05");
    QTRY_VERIFY(view()->logText().contains(line));
    QVERIFY(view()->controls()->stateText().contains(line));
  }

  // Paused in the window: the coming steps have other rates, and the log says so.
  void ratesAreChangedWhilePaused() {
    const RunSpec spec = smallRecipe(200);
    RunControls* controls = view()->controls();
    RatePanel* panel = controls->ratePanel();
    QVERIFY(panel->isHidden());
    QSignalSpy ended(&session_->runs(), &RunController::ended);
    controls->startButton()->click();
    QTRY_VERIFY_WITH_TIMEOUT(view()->curves()->loss()->pointCount(0) > 0, 60000);
    controls->pauseButton()->click();
    QVERIFY(panel->isVisible());
    QCOMPARE(panel->scaleField()->value(), 1.0);
    QCOMPARE(panel->decayField()->value(), spec.optimizer.wd);
    QVERIFY(!panel->undoButton()->isEnabled());
    QVERIFY2(panel->effectText().contains(QStringLiteral("as at the last step")), qPrintable(panel->effectText()));

    panel->scaleField()->setValue(0.5);
    QVERIFY(panel->effectText().contains(QStringLiteral("where the last step had")));
    QVERIFY(!panel->effectText().contains(QStringLiteral("weight decay")));
    QVERIFY(session_->runs().pendingChange());
    panel->undoButton()->click();
    QVERIFY(!session_->runs().pendingChange());
    QCOMPARE(panel->scaleField()->value(), 1.0);
    panel->scaleField()->setValue(0.25);
    panel->decayField()->setValue(0.2);
    controls->pauseButton()->click();
    QVERIFY(panel->isHidden());
    QTRY_VERIFY_WITH_TIMEOUT(view()->logText().contains(QStringLiteral("on: learning rate × 0.25, weight decay 0.2")), 30000);

    // The next pause begins with what holds now.
    controls->pauseButton()->click();
    QCOMPARE(panel->scaleField()->value(), 0.25);
    QCOMPARE(panel->decayField()->value(), 0.2);
    controls->stopNowButton()->click();
    QVERIFY(ended.wait(60000));
    QCOMPARE(session_->store().get("1").changes.size(), std::size_t{1});
  }

  void everyControlHasANameAndATip() {
    for (const QAbstractButton* button : page_->findChildren<QAbstractButton*>()) {
      if (button->objectName().startsWith(QStringLiteral("qt_")) || qobject_cast<QLineEdit*>(button->parent())) continue;
      if (qobject_cast<QTableWidget*>(button->parent())) continue;  // the table's own corner
      QVERIFY2(!button->text().isEmpty() || !button->accessibleName().isEmpty(), button->metaObject()->className());
      QVERIFY2(!button->toolTip().isEmpty(), qPrintable(button->text() + button->accessibleName()));
    }
    for (const PlotCanvas* canvas : page_->findChildren<PlotCanvas*>()) {
      QVERIFY(!canvas->accessibleName().isEmpty());
      QVERIFY(!canvas->toolTip().isEmpty());
    }
    QVERIFY(page_->filterWidget());
  }

  // From the button to the store, and again from the store in a new window.
  void aRealRunEndsAsTheStoreSays() {
    smallRecipe(2);
    RunControls* controls = view()->controls();
    QVERIFY2(controls->startButton()->isEnabled(), qPrintable(session_->recipeProblems().join(QLatin1Char('\n'))));
    QSignalSpy ended(&session_->runs(), &RunController::ended);
    controls->startButton()->click();
    QVERIFY(!controls->startButton()->isEnabled());
    QVERIFY(controls->stopNowButton()->isEnabled());
    QVERIFY(ended.wait(120000));
    QVERIFY2(controls->stateText().startsWith(QStringLiteral("Run 1 finished: error")), qPrintable(controls->stateText()));
    QVERIFY(controls->startButton()->isEnabled());

    const RunRecord record = session_->store().get("1");
    QCOMPARE(view()->table()->rowCount(), 2);
    QCOMPARE(view()->table()->item(1, 2)->text(), QString::number(record.epochs[1].valid_loss, 'f', 6));
    QCOMPARE(static_cast<std::size_t>(view()->curves()->loss()->pointCount(0)), session_->store().steps("1").size());
    const QString table = view()->table()->toText();
    const QString curves = view()->curves()->loss()->toCsv();

    reopen();
    QTRY_COMPARE(view()->table()->toText(), table);
    QCOMPARE(view()->curves()->loss()->toCsv(), curves);
    QVERIFY(view()->controls()->stateText().startsWith(QStringLiteral("Run 1 finished")));
  }

  void aChangeOfTheRunsWhileTheyAreReadIsNotLost() {
    std::counting_semaphore goOn(0);
    std::atomic<int> reads = 0;
    int done = 0;
    const RunsReader reader(
        *session_, page_.get(), QStringLiteral("Reading"),
        [&](const RunStore&) {
          goOn.acquire();
          return ++reads;
        },
        [&](int read) { done = read; });
    for (int i = 0; i < 5; ++i) Q_EMIT session_->runsChanged();
    goOn.release(10);
    QTRY_COMPARE(done, 2);  // once for all of them
    Q_EMIT session_->runsChanged();
    QTRY_COMPARE(done, 3);
    QCOMPARE(reads.load(), 3);
  }

  // A stage's words are cut where there is no room, and then the tooltip has them.
  void aStageInFewWords() {
    StageHead head(1, 3);
    head.fold()->setOpen(false);
    head.setWords(QStringLiteral("fit_one_cycle for 12 epochs at 448, the body frozen"));
    head.resize(280, 40);
    head.show();
    QVERIFY(QTest::qWaitForWindowExposed(&head));
    QVERIFY(head.fold()->text().startsWith(QStringLiteral("Stage 2 of 3")));
    QVERIFY(head.fold()->toolTip().contains(QStringLiteral("the body frozen")));
    head.resize(900, 40);
    QTRY_VERIFY(!head.fold()->toolTip().contains(QStringLiteral("the body frozen")));
  }

 private:
  // Tiny photos, and a recipe that trains on them in no time.
  RunSpec smallRecipe(int epochs) {
    const QString photos = folder_->filePath(QStringLiteral("photos"));
    paintPhotos(photos, 10);
    RunSpec spec = session_->recipe();
    spec.data.root = photos.toStdString();
    spec.device = "cpu";
    spec.threads = 1;
    spec.batch.size = 4;
    spec.stages[0].resize.size = {32, 32};
    spec.stages[0].schedule.epochs = epochs;
    session_->setRecipe(spec, QStringLiteral("Small"));
    return spec;
  }

  QString emptyText() { return view()->curves()->loss()->findChild<QLabel*>()->text(); }

  // A run of two epochs and twenty steps in the workspace.
  std::string storeRun(double error, std::optional<RatesChanged> change = {}) {
    RunStore& store = session_->store();
    const std::string run = store.create(RunSpec{}, Json::object());
    std::vector<TrainEvent> events = twoEpochs();
    for (TrainEvent& event : events) {
      if (auto* started = std::get_if<RunStarted>(&event)) started->run = run;
      if (auto* epoch = std::get_if<EpochEnded>(&event)) epoch->metrics = {{"error_rate", error}, {"accuracy", 1 - error}};
    }
    if (change) events.emplace_back(*change);
    events.emplace_back(RunEnded{.run = run, .status = RunStatus::Finished, .message = {}, .metrics = {}, .seconds = 60});
    for (const TrainEvent& event : events) store.record(run, event);
    return run;
  }

  // The window is closed, and opened again on the same workspace.
  void reopen() {
    page_.reset();
    session_.reset();
    open();
  }

  void open() {
    session_ = std::make_unique<Session>(std::make_unique<RunStore>(folder_->filePath(QStringLiteral("workspace")).toStdString()));
    page_.reset(makeTrainPage(*session_, nullptr));
    page_->resize(800, 640);
    page_->show();
    QVERIFY(QTest::qWaitForWindowExposed(page_.get()));
  }

  RunView* view() { return page_->findChild<RunView*>(); }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Page> page_;
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::TrainPageTest)
#include "train_page_test.moc"
