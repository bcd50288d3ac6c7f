// A run started from the window and the same spec executed the way panicle-cli does it give the same numbers to the bit.
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "core/base/file.h"
#include "tests/ui/painted_photos.h"
#include "ui/shared/run_controller.h"

namespace panicle::ui {

class RunControllerTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    QVERIFY(paintPhotos(folder_.filePath(QStringLiteral("photos")), {QStringLiteral("a"), QStringLiteral("b")}, 16));
    spec_.data.root = folder_.filePath(QStringLiteral("photos")).toStdString();
    spec_.batch.size = 8;
    spec_.stages[0].resize.size = {32, 32};
    spec_.stages[0].schedule.epochs = 2;
  }

  void windowAndCommandLineGiveTheSameNumbers() {
    RunStore store(folder_.filePath(QStringLiteral("workspace")).toStdString());
    RunController controller(store);
    QSignalSpy ended(&controller, &RunController::ended);
    controller.start(spec_);
    QVERIFY(ended.wait(60000));
    QCOMPARE(controller.state(), RunController::State::Idle);

    TrainControl control;
    RunSpec other = spec_;
    other.loader_threads = 1;  // never changes a result
    const RunOutcome outcome = execute(store, other, control, {});
    QCOMPARE(outcome.status, RunStatus::Finished);

    const RunRecord window = store.get(controller.run().toStdString()), commandLine = store.get(outcome.run);
    QCOMPARE(window.status, RunStatus::Finished);
    QCOMPARE(window.epochs.size(), std::size_t{2});
    QCOMPARE(commandLine.epochs.size(), std::size_t{2});
    for (std::size_t i = 0; i < 2; ++i) {
      QVERIFY(window.epochs[i].train_loss == commandLine.epochs[i].train_loss);
      QVERIFY(window.epochs[i].valid_loss == commandLine.epochs[i].valid_loss);
      QVERIFY(window.epochs[i].metrics == commandLine.epochs[i].metrics);
    }
    for (const char* file : {"model.safetensors", "valid_preds.csv"}) {
      QVERIFY2(readText(store.folder(window.id) / file) == readText(store.folder(commandLine.id) / file), file);
    }
  }

  // Until the run goes on a change is only wished for; then it holds from a step on, and the store keeps it.
  void aChangeOfAPauseIsRecorded() {
    RunStore store(folder_.filePath(QStringLiteral("workspace")).toStdString());
    RunController controller(store);
    controller.change(RateChange{.lr_scale = 9, .wd = std::nullopt});
    QVERIFY(!controller.pendingChange());  // nothing is paused
    RunSpec spec = spec_;
    spec.stages[0].schedule.epochs = 50;
    std::vector<BatchEnded> batches;
    std::vector<RatesChanged> changes;
    connect(&controller, &RunController::events, this, [&](const std::vector<TrainEvent>& events) {
      for (const TrainEvent& event : events) {
        if (const auto* batch = std::get_if<BatchEnded>(&event)) batches.push_back(*batch);
        if (const auto* change = std::get_if<RatesChanged>(&event)) changes.push_back(*change);
      }
    });
    QSignalSpy ended(&controller, &RunController::ended);
    controller.start(spec);
    QTRY_VERIFY_WITH_TIMEOUT(!batches.empty(), 30000);
    controller.pause();
    controller.change(RateChange{.lr_scale = 0.25, .wd = 0.5});
    QVERIFY(controller.pendingChange());
    controller.keepRates();
    QVERIFY(!controller.pendingChange());
    controller.change(RateChange{.lr_scale = 0.5, .wd = 0.125});
    QTest::qWait(100);
    QVERIFY(changes.empty());
    controller.resume();
    QVERIFY(!controller.pendingChange());
    QTRY_VERIFY_WITH_TIMEOUT(!changes.empty(), 30000);
    controller.stopNow();
    QVERIFY(ended.wait(30000));
    QCOMPARE(changes.size(), std::size_t{1});
    QCOMPARE(changes[0].lr_scale, 0.5);
    QCOMPARE(changes[0].wd, 0.125);
    const RunRecord record = store.get(controller.run().toStdString());
    QCOMPARE(record.changes.size(), std::size_t{1});
    QCOMPARE(record.changes[0].step, changes[0].step);
    QCOMPARE(record.changes[0].lr_scale, 0.5);
    QCOMPARE(record.changes[0].wd, 0.125);
  }

  void failureIsAnOutcomeWithItsMessage() {
    RunStore store(folder_.filePath(QStringLiteral("workspace")).toStdString());
    RunController controller(store);
    QSignalSpy ended(&controller, &RunController::ended);
    RunSpec wrong = spec_;
    wrong.data.root = folder_.filePath(QStringLiteral("nowhere")).toStdString();
    controller.start(wrong);
    QVERIFY(ended.wait(20000));
    QCOMPARE(ended[0][1].value<RunStatus>(), RunStatus::Failed);
    QVERIFY(ended[0][2].toString().contains(QStringLiteral("nowhere")));
  }

 private:
  QTemporaryDir folder_;
  RunSpec spec_;
};

}  // namespace panicle::ui

QTEST_GUILESS_MAIN(panicle::ui::RunControllerTest)
#include "run_controller_test.moc"
