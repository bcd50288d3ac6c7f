// The curves of a run: smoothed over every step, metrics chosen, another run beneath, changes of the rates marked.
#include "ui/train/run_curves.h"

#include <QSignalSpy>
#include <QTest>
#include <cmath>
#include <limits>

#include "core/train/schedule.h"
#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// Losses as of a training: falling, noisy. By a formula, so that every machine has the same.
double noisyLoss(std::uint64_t step) {
  const double noise = std::fmod(static_cast<double>(step * 7919 % 1009) / 1009.0, 1.0);
  return 0.2 + 2 * std::exp(-static_cast<double>(step) / 40) + 0.3 * noise;
}

std::vector<BatchEnded> makeBatches(std::uint64_t count) {
  std::vector<BatchEnded> batches;
  SmoothLoss smooth;
  for (std::uint64_t step = 1; step <= count; ++step) {
    BatchEnded batch;
    batch.step = step;
    batch.loss = noisyLoss(step);
    smooth.add(static_cast<float>(batch.loss));
    batch.smooth_loss = smooth.value();
    batch.lr = 1e-3 / static_cast<double>(step);
    batch.momentum = 0.9;
    batches.push_back(batch);
  }
  return batches;
}

EpochEnded makeEpoch(int epoch, std::map<std::string, double> metrics) {
  EpochEnded event;
  event.epoch = epoch;
  event.phase = "one cycle";
  event.valid_loss = 0.5 / (epoch + 1);
  event.metrics = std::move(metrics);
  return event;
}

QStringList csvLine(const PlotCanvas& canvas, int line) {
  return canvas.toCsv().split(QLatin1Char('\n')).at(line).split(QLatin1Char(','));
}

// The column of a curve's values in a plot's CSV, empty cells left out.
std::vector<double> column(const PlotCanvas& canvas, const QString& name) {
  std::vector<double> values;
  const QStringList lines = canvas.toCsv().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
  const auto at = lines.first().split(QLatin1Char(',')).indexOf(name);
  if (at < 0) return values;
  for (const QString& line : lines.mid(1)) {
    const QString cell = line.split(QLatin1Char(','))[at];
    if (!cell.isEmpty()) values.push_back(cell.toDouble());
  }
  return values;
}

std::vector<std::string> ids(const std::vector<MetricChoice>& choices) {
  std::vector<std::string> names;
  for (const MetricChoice& choice : choices) names.push_back(choice.id);
  return names;
}

std::shared_ptr<const RunSeries> otherRun() {
  auto series = std::make_shared<RunSeries>();
  for (const BatchEnded& batch : makeBatches(30)) series->add(batch);
  series->add(rowOf(makeEpoch(0, {{"error_rate", 0.25}, {"accuracy", 0.75}})));
  return series;
}

}  // namespace

class RunCurvesTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { Theme::instance().use(ThemeChoice::Light); }

  // Two ways to the same numbers: fastai's average as training computes it, in float, and the one of the slider.
  void smoothingIsFastaisAverage() {
    MovingAverage average(kFastaiWindow);
    for (const BatchEnded& batch : makeBatches(500)) {
      QVERIFY(std::abs(average.add(batch.loss) - batch.smooth_loss) < 1e-5);
    }
    QCOMPARE(MovingAverage(1).add(0.7), 0.7);
    QVERIFY(std::isnan(average.add(std::numeric_limits<double>::infinity())));
    QVERIFY(std::isfinite(average.add(0.3)));
  }

  // The same curve whether the batches came one by one or all at once, and whatever the slider showed before.
  void smoothingCountsEveryStep() {
    RunCurves live;
    live.setSmoothing(200);
    RunSeries series;
    for (const BatchEnded& batch : makeBatches(1000)) {
      live.add(batch);
      series.add(batch);
    }
    RunCurves stored;
    stored.setRun(series);
    stored.setSmoothing(20);
    stored.setSmoothing(200);
    const std::vector<double> one = column(*live.loss(), QStringLiteral("train")), other = column(*stored.loss(), QStringLiteral("train"));
    QCOMPARE(one.size(), std::size_t{1000});
    QVERIFY(one == other);
    // Against the sum that defines it: weights beta^age over their sum.
    const double beta = 1 - 1.0 / 200;
    double sum = 0, weights = 0, weight = 1;
    for (std::uint64_t step = 1000; step >= 1; --step, weight *= beta) {
      sum += weight * noisyLoss(step);
      weights += weight;
    }
    QVERIFY(std::abs(one.back() - sum / weights) < 1e-9);
    stored.setSmoothing(1);
    QVERIFY(column(*stored.loss(), QStringLiteral("train")) == column(*stored.loss(), QStringLiteral("each batch")));
  }

  void theSliderGoesOnWithANewBatch() {
    RunCurves curves;
    std::vector<BatchEnded> batches = makeBatches(301);
    for (std::size_t i = 0; i < 300; ++i) curves.add(batches[i]);
    curves.setSmoothing(10);
    curves.add(batches[300]);
    MovingAverage average(10);
    double last = 0;
    for (const BatchEnded& batch : batches) last = average.add(batch.loss);
    QCOMPARE(column(*curves.loss(), QStringLiteral("train")).back(), last);
  }

  void metricsAreChosen() {
    const std::vector<std::string> names{"error_rate", "f1_macro", "recall/blast", "recall/hispa", "variety_error_rate",
                                         "variety_recall/ADT45"};
    QCOMPARE(ids(metricChoices(names)), (std::vector<std::string>{"error_rate", "f1_macro", "recall/", "variety_error_rate",
                                                                   "variety_recall/", "*"}));
    RunCurves curves;
    QSignalSpy changed(&curves, &RunCurves::metricChoicesChanged);
    curves.setMetrics(names);
    QCOMPARE(changed.count(), 1);
    for (int epoch = 0; epoch < 2; ++epoch) {
      curves.add(makeEpoch(epoch, {{"error_rate", 0.3}, {"f1_macro", 0.6}, {"recall/blast", 0.5}, {"recall/hispa", 0.875}}));
    }
    QCOMPARE(csvLine(*curves.metric(), 0), QStringList({QStringLiteral("epoch"), QStringLiteral("error rate")}));
    curves.chooseMetric("recall/");
    QCOMPARE(csvLine(*curves.metric(), 0), QStringList({QStringLiteral("epoch"), QStringLiteral("blast"), QStringLiteral("hispa")}));
    QCOMPARE(csvLine(*curves.metric(), 2), QStringList({QStringLiteral("1"), QStringLiteral("0.5"), QStringLiteral("0.875")}));
    curves.chooseMetric("*");
    QCOMPARE(csvLine(*curves.metric(), 0).size(), 4);  // without the classes' recalls
    // A run without the metric shows its first one; with it, the choice is back.
    curves.chooseMetric("f1_macro");
    curves.setMetrics({"accuracy"});
    QCOMPARE(curves.chosenMetric(), std::string("accuracy"));
    curves.setMetrics(names);
    QCOMPARE(curves.chosenMetric(), std::string("f1_macro"));
  }

  void ofManyClassesTheWorstAreShown() {
    std::vector<std::string> names;
    std::map<std::string, double> recalls;
    for (int i = 0; i < 1000; ++i) {
      names.push_back("recall/class " + std::to_string(i));
      recalls[names.back()] = i == 123 ? 0.001 : i == 7 ? std::numeric_limits<double>::quiet_NaN() : 0.5 + i * 1e-4;
    }
    RunCurves curves;
    curves.setMetrics(names);
    curves.add(makeEpoch(0, recalls));
    const QStringList header = csvLine(*curves.metric(), 0);
    QCOMPARE(header.size(), 11);
    QCOMPARE(header[1], QStringLiteral("class 123"));
    QVERIFY(!header.contains(QStringLiteral("class 7")));
  }

  void anotherRunLiesBeneath() {
    RunCurves curves;
    for (const BatchEnded& batch : makeBatches(20)) curves.add(batch);
    curves.add(makeEpoch(0, {{"error_rate", 0.5}, {"accuracy", 0.5}}));
    const QString alone = curves.loss()->toCsv();
    curves.setReference(otherRun(), QStringLiteral("run 3"));
    QCOMPARE(csvLine(*curves.loss(), 0).mid(0, 4), QStringList({QStringLiteral("step"), QStringLiteral("each batch"),
                                                                QStringLiteral("run 3 train"), QStringLiteral("run 3 valid")}));
    QCOMPARE(column(*curves.loss(), QStringLiteral("run 3 train")).size(), std::size_t{30});
    QCOMPARE(column(*curves.metric(), QStringLiteral("run 3")), std::vector<double>{0.25});
    QCOMPARE(column(*curves.rate(), QStringLiteral("run 3")).size(), std::size_t{30});
    // The smoothing is of both.
    curves.setSmoothing(1);
    QVERIFY(column(*curves.loss(), QStringLiteral("run 3 train")).at(29) == noisyLoss(30));
    curves.setSmoothing(kFastaiWindow);
    // New batches go to the run, and the other stays when the next run begins.
    curves.add(makeBatches(21).back());
    QCOMPARE(column(*curves.loss(), QStringLiteral("each batch")).size(), std::size_t{21});
    curves.clear();
    QCOMPARE(column(*curves.loss(), QStringLiteral("each batch")).size(), std::size_t{0});
    QCOMPARE(column(*curves.loss(), QStringLiteral("run 3 train")).size(), std::size_t{30});
    curves.setReference(nullptr, {});
    for (const BatchEnded& batch : makeBatches(20)) curves.add(batch);
    curves.add(makeEpoch(0, {{"error_rate", 0.5}, {"accuracy", 0.5}}));
    QCOMPARE(curves.loss()->toCsv(), alone);
  }

  // One cross-hair over the loss and the rates, which tells every curve and the note under it.
  void theCursorTellsBothPlots() {
    RunCurves curves;
    curves.resize(900, 600);
    curves.show();
    QVERIFY(QTest::qWaitForWindowExposed(&curves));
    for (const BatchEnded& batch : makeBatches(40)) curves.add(batch);
    curves.add(RatesChanged{.epoch = 0, .step = 40, .lr_scale = 0.5, .wd = 0.1});
    QTRY_VERIFY(curves.rate()->redraws() > 0);
    QTest::qWait(120);
    QTest::keyClick(curves.loss(), Qt::Key_Right);  // begins at the last step
    QVERIFY2(curves.loss()->cursorText().startsWith(QStringLiteral("step 40\neach batch ")), qPrintable(curves.loss()->cursorText()));
    QVERIFY(curves.loss()->cursorText().endsWith(QStringLiteral("\nlr × 0.5, wd 0.1")));
    QVERIFY2(curves.rate()->cursorText().startsWith(QStringLiteral("step 40\nlearning rate 2.5e-05\nmomentum 0.9")),
             qPrintable(curves.rate()->cursorText()));
    // Removing curves below a visible cross-hair leaves nothing behind.
    curves.setReference(otherRun(), QStringLiteral("run 3"));
    QVERIFY(curves.loss()->cursorText().isEmpty());
    QTest::keyClick(curves.loss(), Qt::Key_Left);
    QVERIFY(!curves.loss()->cursorText().isEmpty());
    QTest::qWait(120);
  }

  void epochsAreReadFromOne() {
    RunCurves curves;
    curves.resize(900, 600);
    curves.show();
    for (int epoch = 0; epoch < 3; ++epoch) curves.add(makeEpoch(epoch, {{"error_rate", 0.3}, {"accuracy", 0.7}}));
    const QStringList labels{QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("3")};
    QTRY_COMPARE(curves.metric()->tickLabels(Qt::Horizontal), labels);
    QTest::keyClick(curves.metric(), Qt::Key_Right);
    QVERIFY2(curves.metric()->cursorText().startsWith(QStringLiteral("epoch 3\n")), qPrintable(curves.metric()->cursorText()));
    QCOMPARE(csvLine(*curves.metric(), 3).first(), QStringLiteral("2"));  // as JSON has it
  }

  void aStoredRunShowsItsStagesAndChanges() {
    RunRecord record;
    std::vector<StepRow> steps;
    for (const BatchEnded& batch : makeBatches(30)) {
      steps.push_back({batch.step, batch.loss, batch.smooth_loss, batch.lr, batch.momentum});
    }
    for (int i = 0; i < 3; ++i) {
      EpochRow row;
      row.stage = i == 2 ? 1 : 0;
      row.epoch = i;
      row.phase = i == 0 ? "frozen" : "unfrozen";
      row.train_loss = steps[static_cast<std::size_t>(10 * i + 9)].smooth_loss;
      record.epochs.push_back(row);
    }
    record.changes.push_back({1, 15, 0.1, 0.05});
    const RunSeries series(record, steps);
    QCOMPARE(series.validLoss().x, (std::vector<double>{10, 20, 30}));
    QCOMPARE(series.notes().size(), std::size_t{3});
    QCOMPARE(series.notes()[0].text, QStringLiteral("unfrozen"));
    QCOMPARE(series.notes()[0].step, 10.0);
    QCOMPARE(series.notes()[1].text, QStringLiteral("stage 2"));
    QCOMPARE(series.notes()[1].step, 20.0);
    QCOMPARE(series.notes()[2].text, QStringLiteral("lr × 0.1, wd 0.05"));
    QCOMPARE(series.notes()[2].step, 15.0);
  }
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::RunCurvesTest)
#include "run_curves_test.moc"
