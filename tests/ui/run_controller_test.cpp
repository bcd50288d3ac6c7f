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
