// What runs take of memory beside what was planned: at the end of a run, over its steps, of all runs; and the way on after one that was
// out of memory.
#include <QAction>
#include <QTableView>
#include <QTest>
#include <QToolButton>

#include "tests/ui/page_session.h"
#include "ui/memory/planned_runs.h"
#include "ui/memory/runs_panel.h"
#include "ui/shared/plot_canvas.h"
#include "ui/shared/run_controller.h"
#include "ui/train/memory_curve.h"
#include "ui/train/remedy_bar.h"
#include "ui/train/run_controls.h"
#include "ui/train/run_curves.h"
#include "ui/train/run_view.h"
#include "ui/train/train_page.h"

namespace panicle::ui {
namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

DeviceProfile processor() {
  DeviceProfile profile;
  profile.name = "This machine: processor";
  profile.kind = ComputeKind::Cpu;
  profile.total = 8000 * kMib;
  profile.overhead = 500 * kMib;
  return profile;
}

// Of stages that hold as many MiB at their peak.
RunPlan planOf(const std::vector<std::uint64_t>& stages) {
  RunPlan plan;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    StagePlan stage;
    stage.stage = i;
    stage.parts.activations = stages[i] * kMib;
    stage.parts.overhead = 500 * kMib;
    plan.stages.push_back(stage);
    if (stages[i] > stages[plan.worst]) plan.worst = i;
  }
  return plan;
}

MemoryPeak peakOf(std::uint64_t mib) {
  return {.tensors = mib * kMib, .reserved = mib * kMib, .process = (mib + 400) * kMib, .others = 0};
}

BatchEnded batchOf(std::uint64_t step) {
  BatchEnded batch;
  batch.step = step;
  batch.batch = (step - 1) % 10 + 1;
  batch.batches = 10;
  batch.epoch = static_cast<int>((step - 1) / 10);
  batch.loss = batch.smooth_loss = 1.0 / static_cast<double>(step);
  batch.seconds = static_cast<double>(step) * 2;
  return batch;
}

EpochEnded epochOf(int stage, int epoch) {
  EpochEnded event;
  event.stage = stage;
  event.epoch = epoch;
  event.train_loss = event.valid_loss = 0.1 / (epoch + 1);  // as its last batch says
  event.metrics = {{"error_rate", 0.25}};
  return event;
}

class RunMemoryTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() { session_.begin(); }
  void cleanup() { session_.end(); }

  void theEndTellsThePeakBesideThePrediction() {
    storeRun({1250}, {1200});
    openPage();
    QTRY_COMPARE(view()->controls()->stateText(), QStringLiteral("Run 1 finished: error 25.0 % in 1:00; peak 1,200 MiB, predicted 1,250"));
  }

  void aRunLiveTellsItToo() {
    openPage();
    RunControls* controls = view()->controls();
    RunStarted started;
    started.run = "7";
    started.epochs = 1;
    Q_EMIT session_->runs().events({started});
    controls->setPredicted(1250 * kMib);
    Q_EMIT session_->runs().events({batchOf(1), MemoryMeasured{.stage = 0, .whole = true, .peak = peakOf(900)},
                                    MemoryMeasured{.stage = kOutsideStages, .whole = false, .peak = peakOf(950)},
                                    RunEnded{.run = "7", .status = RunStatus::Finished, .message = {}, .metrics = {}, .seconds = 60}});
    Q_EMIT session_->runs().ended(QStringLiteral("7"), RunStatus::Finished, {});
    QVERIFY2(controls->stateText().endsWith(QStringLiteral("; peak 950 MiB, predicted 1,250")), qPrintable(controls->stateText()));
  }

  void eachStageHasItsPeakOverItsSteps() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("MiB"));
    MemoryCurve curve(canvas);
    curve.expect(expectationOf(planOf({300, 700}), 8000 * kMib));
    curve.add(1, 100 * kMib, 250 * kMib);
    curve.add(10, 120 * kMib, 0);
    curve.endStage(290 * kMib, 10);
    curve.add(10, 900 * kMib, 900 * kMib);  // after the stage: not another one
    curve.add(11, 400 * kMib, 0);
    curve.add(20, 500 * kMib, 0);
    curve.endStage(650 * kMib, 20);
    const QString csv = canvas.toCsv();
    QVERIFY2(csv.startsWith(QStringLiteral("step,80 %,95 %,planned,highest,tensors\n1,,,300,290,100\n")), qPrintable(csv));
    QVERIFY2(csv.contains(QStringLiteral("\n20,,,700,650,500\n")), qPrintable(csv));
  }

  // Only where the run comes near: the axis is the run's.
  void theThresholdsShowWhereTheRunComesNear() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("MiB"));
    MemoryCurve curve(canvas);
    curve.expect(expectationOf(planOf({500}), 1300 * kMib));  // 80 %: 1,040, of which tensors have 540
    curve.add(1, 100 * kMib, 0);
    curve.add(2, 100 * kMib, 0);
    QCOMPARE(canvas.pointCount(0), 2);
    QCOMPARE(canvas.pointCount(1), 0);
    QVERIFY(canvas.toCsv().contains(QStringLiteral("\n1,540,,500,100,100\n")));
  }

  void aStoredRunHasItsCurveAgain() {
    storeRun({300, 700}, {290, 650});
    openPage();
    QTRY_VERIFY(!view()->curves()->memory()->isHidden());
    const QString csv = view()->curves()->memory()->toCsv();
    QVERIFY2(csv.contains(QStringLiteral(",300,290,")) && csv.contains(QStringLiteral(",700,650,")), qPrintable(csv));
  }

  void aRemedyIsOnePressAway() {
    openPage();
    RunSpec spec = session_->recipe();
    const int before = spec.batch.size;
    offerRemedy();
    auto* bar = view()->findChild<RemedyBar*>();
    QVERIFY(!bar->isHidden());
    QCOMPARE(bar->buttons().size(), std::size_t{1});
    QToolButton* button = bar->buttons().front();
    QCOMPARE(button->text(), QStringLiteral("batch 16 with accum 4"));
    QVERIFY(button->toolTip().contains(QStringLiteral("800 MiB")));
    button->actions().front()->trigger();
    QCOMPARE(session_->recipe().batch.size, 16);
    QCOMPARE(session_->recipe().batch.accum, 4);
    session_->undo();
    QCOMPARE(session_->recipe().batch.size, before);
    // The next run takes the offer back.
    RunStarted started;
    started.run = "9";
    Q_EMIT session_->runs().events({started, RunEnded{.run = "9", .status = RunStatus::Finished, .message = {}, .metrics = {}, .seconds = 1}});
    QVERIFY(bar->isHidden());
  }

  void aRemedyOfAStoredRunIsThereToo() {
    const std::string run = session_->store().create(session_->recipe(), Json::object());
    session_->store().record(run, failure(run));
    openPage();
    QTRY_COMPARE(view()->findChild<RemedyBar*>()->buttons().size(), std::size_t{1});
  }

  void thePlannersErrorIsOverRunsTrainedWhole() {
    storeRun({1100}, {1000});
    storeRun({300, 690}, {300, 700});
    storeRun({500}, {100}, false);  // stopped before its peak came
    const std::vector<PlannedStage> stages = plannedStages(session_->store(), session_->store().measuredRuns());
    QCOMPARE(stages.size(), std::size_t{4});
    QCOMPARE(stages.front().run, std::string("3"));
    QCOMPARE(stages.back().error(), 0.1);
    // 1000 / 1100 and 700 / 690
    QCOMPARE(errorWords(plannerError(session_->store().measuredRuns())),
             QStringLiteral("Processor, 2 runs: 0.96 times the planned was measured in the median, 0.91 times at worst (run 1)."));
  }

  void theRunsStandInATable() {
    storeRun({300, 690}, {300, 700});
    RunsPanel panel(*session_);
    panel.show();
    QTRY_COMPARE(panel.view()->model()->rowCount(), 2);
    const auto cell = [&](int row, int column) { return panel.view()->model()->index(row, column).data().toString(); };
    QCOMPARE(cell(1, PlannedRunsModel::Run), QStringLiteral("1, stage 2"));
    QCOMPARE(cell(1, PlannedRunsModel::Planned), QStringLiteral("690"));
    QCOMPARE(cell(1, PlannedRunsModel::Measured), QStringLiteral("700"));
    QCOMPARE(cell(1, PlannedRunsModel::Error), QStringLiteral("−1.4 %"));
    QVERIFY2(panel.words().startsWith(QStringLiteral("Processor, 1 run: 1.01 times")), qPrintable(panel.words()));
    for (int column = 0; column < PlannedRunsModel::Columns; ++column) {
      QVERIFY(!panel.view()->model()->headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString().isEmpty());
    }
  }

 private:
  // Stages of ten steps, planned and measured as many MiB.
  void storeRun(const std::vector<std::uint64_t>& planned, const std::vector<std::uint64_t>& measured, bool whole = true) {
    RunStore& store = session_->store();
    RunSpec spec;
    spec.stages.resize(planned.size());
    for (StageOptions& stage : spec.stages) stage.schedule.epochs = 1;
    const std::string run = store.create(spec, Json::object());
    store.keepPlan(run, processor(), planOf(planned));
    std::uint64_t step = 0;
    for (std::size_t stage = 0; stage < measured.size(); ++stage) {
      for (int batch = 0; batch < 10; ++batch) {
        store.record(run, batchOf(++step));
        MemorySampled sample;
        sample.seconds = static_cast<double>(step) * 2;
        sample.step = step;
        sample.tensor_bytes = sample.tensor_peak_bytes = sample.reserved_bytes = measured[stage] * kMib / 2;
        store.record(run, sample);
      }
      store.record(run, epochOf(static_cast<int>(stage), static_cast<int>(stage)));
      store.record(run, MemoryMeasured{.stage = static_cast<int>(stage), .whole = whole, .peak = peakOf(measured[stage])});
    }
    store.record(run, RunEnded{.run = run, .status = RunStatus::Finished, .message = {}, .metrics = {}, .seconds = 60});
  }

  static RunEnded failure(const std::string& run) {
    RunEnded ended;
    ended.run = run;
    ended.status = RunStatus::Failed;
    ended.message = "Out of memory";
    ended.remedies = {{.words = "batch 16 with accum 4", .settings = {{"batch.size", "16"}, {"batch.accum", "4"}}, .predicted = 800 * kMib}};
    return ended;
  }

  void offerRemedy() {
    RunStarted started;
    started.run = "8";
    Q_EMIT session_->runs().events({started, failure("8")});
    Q_EMIT session_->runs().ended(QStringLiteral("8"), RunStatus::Failed, QStringLiteral("Out of memory"));
  }

  void openPage() {
    QVERIFY(session_.open(makeTrainPage));
  }

  RunView* view() { return session_.page().findChild<RunView*>(); }

  PageSession session_;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::RunMemoryTest)
#include "run_memory_test.moc"
