// What the Runs page offers for a run whose program was killed: Resume trains it to its end, Keep as is leaves it as it stands.
#include <QApplication>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <cstdio>
#include <cstring>
#include <thread>

#include "tests/ui/page_session.h"
#include "tests/ui/painted_photos.h"
#include "ui/runs/message_bar.h"
#include "ui/runs/run_columns.h"
#include "ui/runs/runs_model.h"
#include "ui/runs/runs_page.h"
#include "ui/shared/run_controller.h"

using namespace panicle;
using namespace panicle::ui;

namespace {

constexpr int kEpochs = 5;
constexpr int kTrainingMs = 120'000;  // patience, not a measure

RunSpec specOf(const std::string& photos) {
  RunSpec spec;
  spec.name = "cut off";
  spec.device = "cpu";
  spec.data.root = photos;
  spec.batch.size = 8;
  spec.stages[0].resize.size = {32, 32};
  spec.stages[0].schedule.epochs = kEpochs;
  return spec;
}

// Trains up to a batch of the third epoch, says so, and waits there to be killed.
[[noreturn]] void trainAndWait(const char* workspace, const char* photos) {
  RunStore store(workspace);
  TrainControl control;
  execute(store, specOf(photos), control, [](const TrainEvent& event) {
    const auto* batch = std::get_if<BatchEnded>(&event);
    if (!batch || batch->epoch < 2) return;
    std::puts("here");
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::hours(1));
  });
  std::exit(1);
}

}  // namespace

class RunsResumeTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    session_.begin();
    QVERIFY(paintPhotos(session_.path(QStringLiteral("photos")), {QStringLiteral("a"), QStringLiteral("b")}, 16));
    QProcess other;
    other.start(QCoreApplication::applicationFilePath(),
                {QStringLiteral("--train"), session_.path(QStringLiteral("workspace")), session_.path(QStringLiteral("photos"))});
    QVERIFY(other.waitForReadyRead(kTrainingMs));
    QCOMPARE(session_->store().get("1").status, RunStatus::Running);
    other.kill();
    QVERIFY(other.waitForFinished());
    QCOMPARE(session_->store().get("1").status, RunStatus::Interrupted);
    QVERIFY(session_.open(makeRunsPage));
    QTRY_COMPARE(model().rowCount(), 1);
    QCOMPARE(statusShown(), QStringLiteral("interrupted"));
  }

  void cleanup() { session_.end(); }

  void resumeTrainsToTheEnd() {
    QSignalSpy asked(&*session_, &Session::pageRequested);
    QPushButton* resume = choice(QStringLiteral("Resume"));
    QVERIFY(resume);
    resume->click();
    QTRY_COMPARE(asked.size(), 1);
    QCOMPARE(asked.front().front().toString(), QStringLiteral("train"));
    QTRY_COMPARE_WITH_TIMEOUT(statusShown(), QStringLiteral("finished"), kTrainingMs);
    const RunRecord run = session_->store().get("1");
    QCOMPARE(run.epochs.size(), std::size_t{kEpochs});
    for (int epoch = 0; epoch < kEpochs; ++epoch) QCOMPARE(run.epochs[static_cast<std::size_t>(epoch)].epoch, epoch);
    QVERIFY(!choice(QStringLiteral("Resume")));
    QVERIFY(std::filesystem::exists(session_->store().folder("1") / "valid_preds.csv"));
  }

  void keptAsItIsItIsAStoppedRun() {
    QPushButton* keep = choice(QStringLiteral("Keep as is"));
    QVERIFY(keep);
    keep->click();
    QCOMPARE(statusShown(), QStringLiteral("stopped"));  // at once
    QTRY_COMPARE(session_->store().get("1").status, RunStatus::Stopped);
    QCOMPARE(session_->store().get("1").epochs.size(), std::size_t{2});
    QVERIFY(!choice(QStringLiteral("Keep as is")));
    QVERIFY(!session_->runs().active());
  }

 private:
  RunsModel& model() const { return *session_.page().findChild<RunsModel*>(); }
  QString statusShown() const { return model().indexOf("1").siblingAtColumn(static_cast<int>(RunColumn::Status)).data().toString(); }
  // A button in one of the bars over the table; null: there is none.
  QPushButton* choice(const QString& text) const {
    for (const auto* bar : session_.page().findChildren<MessageBar*>()) {
      for (auto* button : bar->findChildren<QPushButton*>()) {
        if (button->isVisible() && button->text() == text) return button;
      }
    }
    return nullptr;
  }

  PageSession session_;
};

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "--train") == 0) trainAndWait(argv[2], argv[3]);
  QApplication application(argc, argv);
  RunsResumeTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "runs_resume_test.moc"
