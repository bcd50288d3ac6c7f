// The Rate page: what it says before a sweep, a sweep live, its suggestions, several sweeps, the rate into the right field of
// the right stage, cancelling here and in the job list, by mouse and keyboard. The curves are made, but for one real sweep.
#include "ui/rate/rate_page.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <cmath>

#include "tests/ui/made_sweep.h"
#include "tests/ui/painted_photos.h"
#include "ui/rate/rate_words.h"
#include "ui/rate/sweep.h"
#include "ui/rate/sweep_plot.h"
#include "ui/rate/sweep_table.h"
#include "ui/shared/jobs.h"
#include "ui/shared/page.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kSweepMs = 120'000;  // patience, not a measure

class RatePageTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    qputenv("TORCH_HOME", folder_->filePath(QStringLiteral("torch")).toUtf8());
    qputenv("HF_HUB_CACHE", folder_->filePath(QStringLiteral("hub")).toUtf8());
    made_ = std::make_shared<MadeSweep>();
    session_ = std::make_unique<Session>(
        std::make_unique<RunStore>(folder_->filePath(QStringLiteral("workspace")).toStdString()));
    RunSpec spec = session_->recipe();
    spec.data.root = folder_->filePath(QStringLiteral("photos")).toStdString();
    spec.stages[0].schedule.kind = ScheduleKind::FineTune;
    QVERIFY(paintPhotos(folder_->filePath(QStringLiteral("photos")), {QStringLiteral("blast"), QStringLiteral("normal")}, 1));
    session_->setRecipe(spec, QStringLiteral("Begin"));
    QTRY_VERIFY(session_->dataset() && session_->jobs().running().isEmpty());
    page_.reset(makeRatePage(
        *session_,
        [made = made_](const RunSpec& spec, const std::filesystem::path&, const LrFindOptions& options, TrainControl& control,
                       const LrFindObserver& observer) { return made->find(spec, options, control, observer); },
        nullptr));
    page_->resize(1000, 700);
    page_->show();
    page_->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(page_.get()));
  }

  void cleanup() {
    page_.reset();
    session_.reset();
    folder_.reset();
  }

  // --- Before

  void saysWhatWouldLearn() {
    QVERIFY2(label("sweepStatement")->text().contains(QStringLiteral("the body is frozen")), qPrintable(label("sweepStatement")->text()));
    setSchedule([](ScheduleOptions& schedule) { schedule.freeze_epochs = 0; });
    QVERIFY(label("sweepStatement")->text().contains(QStringLiteral("everything learns")));
    setSchedule([](ScheduleOptions& schedule) { schedule.kind = ScheduleKind::FitOneCycle; });
    QVERIFY(label("sweepStatement")->text().contains(QStringLiteral("everything learns")));
    setSchedule([](ScheduleOptions& schedule) { schedule.freeze_to = -1; });
    QVERIFY(label("sweepStatement")->text().contains(QStringLiteral("the body is frozen")));
  }

  void freezeToCountsAsPythonDoes() {
    ScheduleOptions schedule;
    const auto frozenAt = [&](int freeze_to) {
      schedule.freeze_to = freeze_to;
      return learnsWords(schedule).contains(QStringLiteral("frozen"));
    };
    QVERIFY(!frozenAt(0));
    QVERIFY(frozenAt(-1));
    QVERIFY(frozenAt(1));
    QVERIFY(!frozenAt(-2));
  }

  void problemOfTheRecipeKeepsItFromStarting() {
    QVERIFY(button("startSweep")->isEnabled());
    session_->setRecipeField(QStringLiteral("model.arch"), "resnet999");
    QVERIFY(!button("startSweep")->isEnabled());
    QVERIFY(label("sweepStatement")->text().contains(QStringLiteral("resnet999")));
    session_->undo();
    QVERIFY(button("startSweep")->isEnabled());
  }

  void wrongRangeKeepsItFromStarting() {
    QLineEdit* from = edit("Lowest rate");
    from->setText(QStringLiteral("20"));
    QVERIFY(!button("startSweep")->isEnabled());
    QVERIFY(label("sweepStatement")->text().contains(QStringLiteral("below")));
    from->setText(QStringLiteral("1e-5"));
    QVERIFY(button("startSweep")->isEnabled());
    page_->findChild<QSpinBox*>()->setValue(50);
    sweep();
    QCOMPARE(made_->options.sweep.start_lr, 1e-5);
    QCOMPARE(made_->options.sweep.num_it, 50);
    QCOMPARE(made_->options.sweep.end_lr, 10.0);
    QVERIFY(made_->options.sweep.stop_div);
  }

  // --- A sweep

  void curveGrowsLiveAndTheJobListShowsIt() {
    made_->allow(0);
    button("startSweep")->click();
    QTRY_COMPARE(label("sweepStatus")->text(), QStringLiteral("Reading the data set"));
    QVERIFY(button("cancelSweep")->isVisible() && !button("startSweep")->isVisible());
    made_->allow(37);
    QTRY_COMPARE(plot()->pointCount(smooth()), 37);
    QVERIFY2(label("sweepStatus")->text().startsWith(QStringLiteral("37 of 100 batches, rate 7.59e-5, loss ")),
             qPrintable(label("sweepStatus")->text()));
    QCOMPARE(page_->findChild<QProgressBar*>()->value(), 37);
    const auto sweepJob = [&] {
      const QVector<JobInfo> jobs = session_->jobs().running();
      const auto job = std::find_if(jobs.begin(), jobs.end(), [](const JobInfo& one) { return one.title.contains(QStringLiteral("rate")); });
      return job == jobs.end() ? JobInfo() : *job;
    };
    QCOMPARE(sweepJob().done, quint64(37));
    QCOMPARE(sweepJob().total, quint64(100));
    // The page and the status bar have one clock.
    QTRY_VERIFY(sweepJob().secondsLeft >= 1);
    QTRY_VERIFY(label("sweepStatus")->text().endsWith(QStringLiteral(", %1 left").arg(formatDuration(sweepJob().secondsLeft))));
    QCOMPARE(plot()->markers().size(), std::size_t(1));  // nothing is suggested yet: the recipe's rate alone
    made_->allow(1000);
    QTRY_COMPARE(plot()->pointCount(smooth()), 100);
    QTRY_VERIFY(button("startSweep")->isVisible());
    QVERIFY(!page_->findChild<QProgressBar*>()->isVisible());
    QVERIFY(label("sweepStatus")->text().contains(QStringLiteral("100 batches")));
    QVERIFY(label("sweepStatus")->text().contains(QStringLiteral("001.jpg")));
  }

  void statementNamesTheSweepInProgress() {
    made_->allow(12);
    button("startSweep")->click();
    QTRY_COMPARE(plot()->pointCount(smooth()), 12);
    const QString running = QStringLiteral("Sweep 1 is training a copy of %1: %2.")
                                .arg(sweepSubject(session_->recipe(), 0), learnsWords(session_->recipe().stages[0].schedule));
    QCOMPARE(label("sweepStatement")->text(), running);
    session_->setRecipeField(QStringLiteral("batch.size"), 7);
    QCOMPARE(label("sweepStatement")->text(), running);
    session_->setRecipeField(QStringLiteral("model.arch"), "resnet999");
    QCOMPARE(label("sweepStatement")->text(), running);
    session_->undo();
    button("cancelSweep")->click();
    QVERIFY(label("sweepStatement")->text().startsWith(QStringLiteral("A sweep trains")));
    QVERIFY(label("sweepStatement")->text().contains(QStringLiteral("batch 7")));
  }

  void statusIsReadableInAnotherTheme() {
    made_->allow(12);
    button("startSweep")->click();
    QTRY_COMPARE(plot()->pointCount(smooth()), 12);
    button("cancelSweep")->click();
    Theme& theme = Theme::instance();
    for (const ThemeChoice choice : {ThemeChoice::Dark, ThemeChoice::Light}) {
      theme.use(choice);
      QCOMPARE(label("sweepStatus")->palette().color(QPalette::WindowText), theme.colors().text);
    }
  }

  void suggestionsAreLabelledMarkers() {
    sweep();
    const auto& markers = plot()->markers();
    QCOMPARE(markers.size(), std::size_t(5));
    const QStringList labels{QStringLiteral("valley 8.32e-4"), QStringLiteral("slide 0.0302"), QStringLiteral("minimum 0.0145"),
                             QStringLiteral("steep 2.51e-4"), QStringLiteral("recipe 0.002")};
    for (std::size_t i = 0; i < markers.size(); ++i) {
      QCOMPARE(markers[i].label, labels[static_cast<int>(i)]);
      QVERIFY(markers[i].draggable);
      QCOMPARE(markers[i].strong, i == 0);  // fastai's default is what is offered
    }
    QVERIFY(radio("valley")->isChecked());
    QCOMPARE(button("useRate")->text(), QStringLiteral("&Use 8.32e-4"));
    QCOMPARE(table()->model()->index(0, 3).data().toString(),
             QStringLiteral("the body is frozen (11.2 of 11.7 million parameters); the head and the norm layers learn"));
  }

  void suggestionLeftOfTheSweepIsInSight() {
    made_->minimum = 1.2e-8;
    sweep();
    QCOMPARE(plot()->markers()[2].x, 1.2e-8);
    QTRY_VERIFY(!plot()->markerLabel(2).isEmpty());
  }

  void withoutSuggestionsTheRecipesRateIsThere() {
    made_->suggests = false;
    sweep();
    QCOMPARE(plot()->markers().size(), std::size_t(1));
    QVERIFY(radio("by_hand")->isChecked());
    QVERIFY(!radio("valley")->isEnabled());
    QVERIFY(!button("useRate")->isEnabled());
    moveByKeys(1);
    QVERIFY(button("useRate")->isEnabled());
  }

  // --- Into the recipe

  void baseRateOfFineTune() {
    sweep();
    button("useRate")->click();
    QCOMPARE(session_->recipe().stages[0].schedule.base_lr, 8.32e-4);
    QCOMPARE(session_->recipe().stages[0].schedule.lr_max, LearningRate());
    QVERIFY(!button("useRate")->isEnabled());
    QVERIFY(label("rateTarget")->text().contains(QStringLiteral("8.32e-4")));
    session_->undo();
    QCOMPARE(session_->recipe().stages[0].schedule.base_lr, 2e-3);
    QVERIFY(button("useRate")->isEnabled());
  }

  void highestRateOfTheSweptStage() {
    RunSpec spec = session_->recipe();
    spec.stages.resize(3);
    spec.stages[1].schedule.kind = ScheduleKind::FitOneCycle;
    spec.stages[2].schedule.kind = ScheduleKind::FlatCos;
    session_->setRecipe(spec, QStringLiteral("Three stages"));
    auto* stages = page_->findChild<QComboBox*>(QStringLiteral("sweepStage"));
    QVERIFY(stages->isVisible());
    stages->setCurrentIndex(1);
    sweep();
    QCOMPARE(made_->stage.load(), 1);
    stages->setCurrentIndex(2);  // what is looked at next does not change what was swept
    QCOMPARE(label("rateTarget")->text(), QStringLiteral("Sets lr_max of stage 2, now 0.003, to 8.32e-4."));
    button("useRate")->click();
    QCOMPARE(session_->recipe().stages[1].schedule.lr_max.high, 8.32e-4);
    QCOMPARE(session_->recipe().stages[2].schedule.lr_max, LearningRate());
    QCOMPARE(session_->recipe().stages[0].schedule.base_lr, 2e-3);
    spec.stages.resize(1);
    session_->setRecipe(spec, QStringLiteral("One stage"));
    QVERIFY(!button("useRate")->isEnabled());
    QVERIFY(label("rateTarget")->text().contains(QStringLiteral("no stage 2")));
  }

  void sliceKeepsItsForm() {
    ScheduleOptions schedule;
    schedule.lr_max = {.high = 1e-4, .low = 1e-6, .slice = true};
    const ScheduleOptions changed = withRate(schedule, 3e-3);
    QCOMPARE(changed.lr_max.high, 3e-3);
    QCOMPARE(*changed.lr_max.low, 3e-5);
    QVERIFY(changed.lr_max.slice);
    setSchedule([&](ScheduleOptions& of) {
      of = schedule;
      of.kind = ScheduleKind::FitOneCycle;
    });
    sweep();
    button("useRate")->click();
    QCOMPARE(session_->recipe().stages[0].schedule.lr_max.high, 8.32e-4);
    QCOMPARE(*session_->recipe().stages[0].schedule.lr_max.low, 8.32e-6);
  }

  void rateThatIsTypedIsTakenAsItIs() {
    auto* hand = page_->findChild<QLineEdit*>(QStringLiteral("handRate"));
    QCOMPARE(hand->text(), QStringLiteral("0.002"));
    hand->setFocus();
    hand->selectAll();
    QTest::keyClicks(hand, QStringLiteral("0.0012345"));
    QCOMPARE(hand->text(), QStringLiteral("0.0012345"));
    QVERIFY(radio("by_hand")->isChecked());
    QCOMPARE(button("useRate")->text(), QStringLiteral("&Use 0.0012345"));
    QTest::keyClick(hand, Qt::Key_Return);
    QCOMPARE(session_->recipe().stages[0].schedule.base_lr, 0.0012345);
  }

  void anotherRecipeThanTheSweptIsSaid() {
    sweep();
    QVERIFY(!label("rateWarning")->isVisible());
    session_->setRecipeField(QStringLiteral("batch.size"), 7);
    QVERIFY(label("rateWarning")->isVisible());
    QVERIFY(label("rateWarning")->text().contains(QStringLiteral("batch 7")));
  }

  void formIsOneClickAway() {
    QSignalSpy asked(session_.get(), &Session::pageRequested);
    button("showForm")->click();
    QCOMPARE(asked.front().front().toString(), QStringLiteral("train"));
  }

  // --- Markers

  void draggingMovesASuggestionAndBack() {
    sweep();
    QTRY_VERIFY(!plot()->markerLabel(3).isEmpty());
    QWidget* canvas = plot()->findChild<QWidget*>();
    const QPoint from = plot()->markerLabel(3).center();
    QTest::mousePress(canvas, Qt::LeftButton, {}, from);
    QVERIFY(radio("steep")->isChecked());
    const QPoint to = from + QPoint(60, 0);
    QMouseEvent move(QEvent::MouseMove, to, canvas->mapToGlobal(to), Qt::NoButton, Qt::LeftButton, {});
    QCoreApplication::sendEvent(canvas, &move);
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, to);
    const double moved = plot()->markers()[3].x;
    QVERIFY(moved > 3e-4);
    QCOMPARE(moved, roundedRate(moved));
    QVERIFY2(plot()->markers()[3].label.startsWith(QStringLiteral("steep, moved ")), qPrintable(plot()->markers()[3].label));
    button("useRate")->click();
    QCOMPARE(session_->recipe().stages[0].schedule.base_lr, moved);
    auto* back = page_->findChild<QToolButton*>(QStringLiteral("back_steep"));
    QVERIFY(back->isVisible());
    back->click();
    QCOMPARE(plot()->markers()[3].x, 2.51e-4);
    QVERIFY(!back->isVisible());
  }

  void everythingByKeys() {
    button("startSweep")->setFocus();
    QTest::keyClick(button("startSweep"), Qt::Key_Space);
    QTRY_COMPARE(table()->model()->index(0, 4).data().toString(), QStringLiteral("100 batches"));
    plot()->setFocus();
    QTest::keyClick(plot(), Qt::Key_Up);  // from the valley to the steep one at its left
    QVERIFY(radio("steep")->isChecked());
    moveByKeys(3);
    const double moved = plot()->markers()[3].x;
    QVERIFY(moved > 2.51e-4);
    QTest::keyClick(plot(), Qt::Key_Return);
    QCOMPARE(session_->recipe().stages[0].schedule.base_lr, moved);
    table()->setFocus();
    QTest::keyClick(table(), Qt::Key_Delete);
    QCOMPARE(table()->model()->rowCount(), 0);
  }

  // --- Several sweeps

  void earlierSweepsStayAndCanBeRemoved() {
    sweep();
    moveByKeys(5);
    sweep();
    sweep();
    QCOMPARE(table()->model()->rowCount(), 3);
    QCOMPARE(table()->currentIndex().row(), 2);
    QCOMPARE(columnsOfPlot(), (QStringList{QStringLiteral("sweep 1"), QStringLiteral("sweep 2"), QStringLiteral("each batch"), QStringLiteral("sweep 3")}));
    QVERIFY(!markerMoved());
    table()->setCurrentIndex(table()->model()->index(0, 0));
    QCOMPARE(columnsOfPlot().last(), QStringLiteral("sweep 1"));
    QVERIFY(markerMoved());  // each keeps its own
    table()->setCurrentIndex(table()->model()->index(1, 0));
    button("removeSweep")->click();
    QCOMPARE(table()->model()->rowCount(), 2);
    QCOMPARE(columnsOfPlot(), (QStringList{QStringLiteral("sweep 1"), QStringLiteral("each batch"), QStringLiteral("sweep 3")}));
    button("removeSweep")->click();
    button("removeSweep")->click();
    QCOMPARE(columnsOfPlot(), QStringList());
    QVERIFY(plot()->markers().empty());
    QVERIFY(!button("removeSweep")->isEnabled());
    sweep();
    QCOMPARE(table()->model()->index(0, 0).data().toString(), QStringLiteral("4"));  // a number is not used twice
  }

  // What learned is cut before the end of the sweep goes behind the scroll bar.
  void theEndOfASweepIsInSight() {
    page_->resize(860, 700);
    for (int i = 0; i < 12; ++i) sweep();
    const QTableView* view = table();
    QTRY_VERIFY(view->verticalScrollBar()->isVisible());
    int widths = 0;
    for (int column = 0; column < 4; ++column) widths += view->columnWidth(column);
    const int needed = view->fontMetrics().horizontalAdvance(QStringLiteral("100 batches"));
    QVERIFY2(widths + needed < view->viewport()->width(), qPrintable(QStringLiteral("%1 + %2").arg(widths).arg(needed)));
    QVERIFY(!view->horizontalScrollBar()->isVisible());
  }

  void blowUpDoesNotFlattenTheValley() {
    sweep();
    const std::vector<LrPoint> points = pointsOfPlot();
    const auto [low, high] = lossRange(points);
    QVERIFY2(std::abs(low - 0.45) < 0.02, qPrintable(QString::number(low)));  // a batch's own, which lies lower
    QVERIFY(std::abs(high - 2) < 0.05);
    QVERIFY(points.back().smooth_loss > 100);
    QCOMPARE(lossRange({}), std::pair(0.0, 0.0));
  }

  // --- Ending early

  void cancelKeepsTheCurve() {
    made_->allow(12);
    button("startSweep")->click();
    QTRY_COMPARE(plot()->pointCount(smooth()), 12);
    button("cancelSweep")->click();
    QVERIFY(button("startSweep")->isVisible());
    QCOMPARE(table()->model()->index(0, 4).data().toString(), QStringLiteral("cancelled after 12 batches"));
    QCOMPARE(plot()->pointCount(smooth()), 12);
    QVERIFY(session_->jobs().running().isEmpty());
  }

  void cancelInTheJobListCountsToo() {
    made_->allow(12);
    button("startSweep")->click();
    QTRY_COMPARE(plot()->pointCount(smooth()), 12);
    for (const JobInfo& job : session_->jobs().running()) session_->jobs().cancel(job.id);
    QTRY_VERIFY(button("startSweep")->isVisible());
    QVERIFY(label("sweepStatus")->text().contains(QStringLiteral("cancelled")));
  }

  void cancelBeforeTheFirstBatchLeavesNothing() {
    made_->allow(0);
    button("startSweep")->click();
    QTRY_COMPARE(made_->started.load(), 1);
    button("cancelSweep")->click();
    QCOMPARE(table()->model()->rowCount(), 0);
    made_->allow(1000);
    sweep();
    QCOMPARE(plot()->pointCount(smooth()), 100);
  }

  void removingTheRunningOneCancelsIt() {
    made_->allow(12);
    button("startSweep")->click();
    QTRY_COMPARE(plot()->pointCount(smooth()), 12);
    button("removeSweep")->click();
    QCOMPARE(table()->model()->rowCount(), 0);
    QVERIFY(button("startSweep")->isVisible());
    QVERIFY(session_->jobs().running().isEmpty());
    QVERIFY(!label("sweepStatus")->isVisible());
  }

  void failureIsSaid() {
    made_->error = "train.csv: line 3 names no label; fill it in or remove the line";
    QSignalSpy reported(session_.get(), &Session::problemReported);
    button("startSweep")->click();
    QTRY_COMPARE(reported.size(), 1);
    QVERIFY(label("sweepStatus")->text().contains(QStringLiteral("line 3")));
    QCOMPARE(table()->model()->rowCount(), 0);
    QVERIFY(button("startSweep")->isVisible());
  }

  void closingThePageCancels() {
    made_->allow(5);
    button("startSweep")->click();
    QTRY_COMPARE(plot()->pointCount(smooth()), 5);
    page_.reset();
    QVERIFY(session_->jobs().running().isEmpty());
  }

  // --- The real thing, on a few painted photos

  void realSweep() {
    page_.reset();
    const QString root = folder_->filePath(QStringLiteral("rice"));
    QVERIFY(paintPhotos(root, {QStringLiteral("blast"), QStringLiteral("normal")}, 12));
    session_->openDataset(root);
    QTRY_VERIFY(session_->dataset());
    RunSpec spec = session_->recipe();
    spec.stages[0].resize.size = {32, 32};
    spec.stages[0].augment.reset();
    spec.batch.size = 4;
    session_->setRecipe(spec, QStringLiteral("Small"));
    page_.reset(makeRatePage(*session_, nullptr));
    page_->show();
    page_->findChild<QSpinBox*>()->setValue(20);
    button("startSweep")->click();
    QTRY_VERIFY_WITH_TIMEOUT(button("startSweep")->isVisible(), kSweepMs);
    QVERIFY2(table()->model()->rowCount() == 1, qPrintable(label("sweepStatus")->text()));
    QVERIFY(plot()->pointCount(smooth()) > 5);
    QVERIFY2(table()->model()->index(0, 3).data().toString().contains(QStringLiteral("frozen")),
             qPrintable(table()->model()->index(0, 3).data().toString()));
    QVERIFY(session_->store().list().empty());  // no run was made
  }

  void everyControlTeaches() {
    sweep();
    for (const auto* one : page_->findChildren<QAbstractButton*>()) {
      if (!one->isVisible() || !one->isEnabled() || one->inherits("QTableCornerButton")) continue;
      QVERIFY2(!one->toolTip().isEmpty(), qPrintable(one->text() + one->objectName()));
      QVERIFY2(!one->text().isEmpty() || !one->accessibleName().isEmpty(), qPrintable(one->objectName()));
    }
    for (const auto* one : page_->findChildren<QLineEdit*>()) {
      if (one->objectName().startsWith(QStringLiteral("qt_"))) continue;  // of the spin box
      QVERIFY2(!one->toolTip().isEmpty() && !one->accessibleName().isEmpty(), qPrintable(one->text()));
    }
  }

 private:
  void sweep() {
    const int before = table()->model()->rowCount();
    button("startSweep")->click();
    QTRY_VERIFY(button("startSweep")->isVisible());
    QCOMPARE(table()->model()->rowCount(), before + 1);
  }

  template <typename Change>
  void setSchedule(Change change) {
    RunSpec spec = session_->recipe();
    change(spec.stages[0].schedule);
    session_->setRecipe(spec, QStringLiteral("Change"));
  }

  void moveByKeys(int pixels) {
    QTRY_VERIFY(!plot()->markers().empty() && !plot()->markerLabel(0).isEmpty());
    for (int i = 0; i < pixels; ++i) QTest::keyClick(plot(), Qt::Key_Right, Qt::ShiftModifier);
  }

  bool markerMoved() const {
    const auto& markers = plot()->markers();
    return std::none_of(markers.begin(), markers.end(), [](const PlotMarker& one) { return one.x == 8.317637e-4; });
  }

  // The curves' names, but for the x's; with the smoothed one in front last.
  QStringList columnsOfPlot() const {
    return plot()->toCsv().section(u'\n', 0, 0).split(u',').mid(1);
  }
  int smooth() const { return static_cast<int>(columnsOfPlot().size()) - 1; }

  std::vector<LrPoint> pointsOfPlot() const {
    std::vector<LrPoint> points;
    const QStringList lines = plot()->toCsv().split(u'\n', Qt::SkipEmptyParts).mid(1);
    for (const QString& line : lines) {
      points.push_back({.iteration = 0, .lr = line.section(u',', 0, 0).toDouble(), .loss = line.section(u',', -2, -2).toDouble(), .smooth_loss = line.section(u',', -1).toDouble()});
    }
    return points;
  }

  SweepPlot* plot() const { return page_->findChild<SweepPlot*>(); }
  QTableView* table() const { return page_->findChild<SweepTable*>()->view(); }
  QPushButton* button(const char* name) const { return page_->findChild<QPushButton*>(QLatin1StringView(name)); }
  QLabel* label(const char* name) const { return page_->findChild<QLabel*>(QLatin1StringView(name)); }
  QRadioButton* radio(const char* name) const {
    return page_->findChild<QRadioButton*>(QStringLiteral("rate_") + QLatin1StringView(name));
  }
  QLineEdit* edit(const char* name) const {
    for (QLineEdit* one : page_->findChildren<QLineEdit*>()) {
      if (one->accessibleName() == QLatin1StringView(name)) return one;
    }
    return nullptr;
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::shared_ptr<MadeSweep> made_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Page> page_;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::RatePageTest)
#include "rate_page_test.moc"
