// The queue and the sweeps of the Runs page: what is added, ordered, held, cancelled, trained on which device, what happens at its end, and
// what a sweep would make.
#include <SQLiteCpp/Database.h>

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <atomic>
#include <chrono>
#include <thread>

#include "ui/runs/after_queue.h"
#include "ui/runs/queue_driver.h"
#include "ui/runs/queue_model.h"
#include "ui/runs/queue_panel.h"
#include "ui/runs/sweep_model.h"
#include "ui/runs/sweep_panel.h"
#include "ui/shared/lane_runs.h"
#include "ui/shared/runs_reader.h"
#include "ui/shared/session.h"

using namespace panicle;
using namespace panicle::ui;

namespace {

struct Opened {
  QTemporaryDir folder;
  Session session{std::make_unique<RunStore>(std::filesystem::path(folder.path().toStdString()) / "workspace")};

  Opened() {
    RunSpec spec;
    spec.name = "trial";
    spec.device = "cpu";
    spec.data.root = folder.path().toStdString();
    spec.model.arch = "resnet18";
    spec.model.weights = "none";
    session.setRecipe(spec, QStringLiteral("Make"));
  }
};

template <typename Button>
Button* button(const QWidget& panel, const QString& text) {
  for (auto* one : panel.findChildren<Button*>()) {
    if (one->text().remove(QLatin1Char('&')) == text) return one;
  }
  return nullptr;
}

std::vector<std::uint64_t> seeds(const QueueModel& model) {
  std::vector<std::uint64_t> all;
  for (const QueueEntry& entry : model.entries()) all.push_back(entry.spec.seed);
  return all;
}

// Runs that train nothing, and last until they may end.
EntryWork lastingUntil(const std::atomic<bool>& over) {
  return [&over](RunStore& store, const QueueEntry& entry, TrainControl& control, const TrainObserver& observer) {
    const std::string run = store.create(entry.spec, {});
    RunStarted started;
    started.run = run;
    observer(started);
    while (!over && !control.token().stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    RunEnded end;
    end.run = run;
    store.record(run, end);
    return RunOutcome{run, RunStatus::Finished, {}};
  };
}

// The queue without its panel: the second of three entries waits for a card, which this machine need not have.
struct TwoDevices {
  Opened opened;
  std::shared_ptr<RunQueue> queue = std::make_shared<RunQueue>(opened.session.store());
  std::atomic<bool> over = false;
  QObject owner;
  QueueDriver driver{opened.session, queue, nullptr, lastingUntil(over)};

  TwoDevices() {
    queue->add(withSeeds(opened.session.recipe(), 3));
    SQLite::Database db((opened.session.store().workspace() / "panicle.db").string(), SQLite::OPEN_READWRITE, 5000);
    db.exec("UPDATE queue SET lane = 'cuda:0' WHERE id = 2");
    new RunsReader(
        opened.session, &owner, QStringLiteral("Reading"), [queue = queue](const RunStore&) { return queue->list(); },
        [this](const std::vector<QueueEntry>& entries) { driver.setEntries(entries, "cpu"); });
  }
  ~TwoDevices() { over = true; }
  QueueState state(std::int64_t id) const { return queue->get(id).state; }
};

// What a desktop was asked for.
struct Asked {
  int notified = 0;
  int shutDown = 0;
  Desktop desktop() {
    return {[this](const QString&, const QString&) { ++notified; }, [this](const std::function<void(const QString&)>&) { ++shutDown; }};
  }
};

}  // namespace

class RunsQueueTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void recipesWaitInOrder() {
    Opened opened;
    QueuePanel panel(opened.session);
    panel.resize(800, 400);
    panel.show();
    panel.findChild<QSpinBox*>()->setValue(3);
    QSignalSpy told(&panel, &QueuePanel::waitingChanged);
    button<QPushButton>(panel, QStringLiteral("Add the recipe"))->click();
    QTRY_COMPARE(panel.model().waiting(), std::size_t{3});
    QCOMPARE(told.back().front().toInt(), 3);
    QCOMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{42, 43, 44}));
    auto* table = panel.findChild<QTableView*>();
    auto* up = button<QToolButton>(panel, QStringLiteral("Up"));
    auto* down = button<QToolButton>(panel, QStringLiteral("Down"));
    table->setCurrentIndex(panel.model().index(2, 0));
    QVERIFY(up->isEnabled() && !down->isEnabled());
    up->click();
    QTRY_COMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{42, 44, 43}));
    QCOMPARE(table->currentIndex().row(), 1);  // the entry stays the current one
    down->click();
    QTRY_COMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{42, 43, 44}));
    table->setCurrentIndex(panel.model().index(0, 0));
    down->click();
    QTRY_COMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{43, 42, 44}));
    // What is changed in the recipe afterwards does not reach them.
    opened.session.setRecipeField(QStringLiteral("model.arch"), Json("resnet34"));
    for (const QueueEntry& entry : panel.queue().list()) QCOMPARE(entry.spec.model.arch, std::string("resnet18"));
  }

  void rowsAreDraggedToAnotherPlace() {
    Opened opened;
    QueuePanel panel(opened.session);
    panel.show();
    panel.add(withSeeds(opened.session.recipe(), 4), {});
    QTRY_COMPARE(panel.model().waiting(), std::size_t{4});
    const auto* table = panel.findChild<QTableView*>();
    QCOMPARE(table->dragDropMode(), QAbstractItemView::InternalMove);
    QVERIFY(panel.model().flags(panel.model().index(0, 0)) & Qt::ItemIsDragEnabled);
    const auto drop = [&](std::initializer_list<int> rows, int before) {
      QModelIndexList dragged;
      for (int row : rows) dragged << panel.model().index(row, 0) << panel.model().index(row, 1);
      const std::unique_ptr<QMimeData> data(panel.model().mimeData(dragged));
      return panel.model().dropMimeData(data.get(), Qt::MoveAction, before, 0, {});
    };
    QVERIFY(drop({3}, 1));
    QTRY_COMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{42, 45, 43, 44}));
    QVERIFY(drop({0, 1}, 4));  // behind the last
    QTRY_COMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{43, 44, 42, 45}));
    panel.queue().cancel(2);   // 43
    Q_EMIT opened.session.runsChanged();
    QTRY_COMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{44, 42, 45, 43}));
    QVERIFY(!(panel.model().flags(panel.model().index(3, 0)) & Qt::ItemIsDragEnabled));
    QVERIFY(drop({2}, 0));
    QTRY_COMPARE(seeds(panel.model()), (std::vector<std::uint64_t>{45, 44, 42, 43}));
  }

  void whatIsSelectedIsHeldTogether() {
    Opened opened;
    QueuePanel panel(opened.session);
    panel.show();
    panel.add(withSeeds(opened.session.recipe(), 3), {});
    QTRY_COMPARE(panel.model().waiting(), std::size_t{3});
    panel.queue().hold(2);
    Q_EMIT opened.session.runsChanged();
    QTRY_COMPARE(panel.model().waiting(), std::size_t{2});
    panel.findChild<QTableView*>()->selectAll();
    button<QToolButton>(panel, QStringLiteral("Hold"))->click();  // not all are: none is released
    QTRY_COMPARE(panel.model().waiting(), std::size_t{0});
    button<QToolButton>(panel, QStringLiteral("Release"))->click();
    QTRY_COMPARE(panel.model().waiting(), std::size_t{3});
    button<QToolButton>(panel, QStringLiteral("Cancel"))->click();
    QTRY_COMPARE(panel.model().entries().back().state, QueueState::Cancelled);
    for (const QueueEntry& entry : panel.queue().list()) QCOMPARE(entry.state, QueueState::Cancelled);
  }

  void devicesDoNotWaitForEachOther() {
    TwoDevices two;
    QSignalSpy ended(&two.driver, &QueueDriver::ended);
    two.driver.setOn(true);
    QTRY_COMPARE(two.state(1), QueueState::Running);
    QTRY_COMPARE(two.state(2), QueueState::Running);
    QVERIFY(two.opened.session.runs().active());
    QVERIFY(two.opened.session.laneRuns().activeOn("cuda:0"));
    QCOMPARE(two.state(3), QueueState::Waiting);  // for the device of the first
    QVERIFY(two.opened.session.deviceIsBusy("cuda:0"));
    two.over = true;
    QTRY_COMPARE(ended.size(), 1);
    for (const std::int64_t id : {1, 2, 3}) QCOMPARE(two.state(id), QueueState::Finished);
    QVERIFY(!two.opened.session.laneRuns().active());
  }

  void aRunByHandKeepsItsDevice() {
    TwoDevices two;
    std::atomic<bool> over = false;
    two.opened.session.runs().start(two.opened.session.recipe(), [&over](RunStore&, const RunController::TakeControl&, const TrainObserver&) {
      while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return RunOutcome{"", RunStatus::Finished, ""};
    });
    two.driver.setOn(true);
    QTRY_COMPARE(two.state(2), QueueState::Running);
    QCOMPARE(two.state(1), QueueState::Waiting);
    over = true;
    QTRY_COMPARE(two.state(1), QueueState::Running);
    QVERIFY(two.opened.session.runs().active());
    two.opened.session.laneRuns().stopNow();  // as the window does when it closes
    QVERIFY(!two.driver.isOn());
    QTRY_VERIFY(!two.opened.session.laneRuns().active());
    two.over = true;
    QTRY_VERIFY(!two.opened.session.runs().active());
    QCOMPARE(two.state(3), QueueState::Waiting);
  }

  void theComputerShutsDownAfterAMinute() {
    Opened opened;
    QWidget owner;
    owner.show();
    Asked asked;
    AfterQueue after(opened.session, &owner, asked.desktop());
    QCOMPARE(after.choice(), WhenQueueEnds::Nothing);
    after.queueEnded(QStringLiteral("2 finished"), false);
    QCOMPARE(asked.notified, 0);
    after.choose(WhenQueueEnds::ShutDown);
    after.queueEnded(QStringLiteral("2 finished"), false);
    QCOMPARE(asked.notified, 1);
    QCOMPARE(after.secondsLeft(), AfterQueue::kSeconds);
    for (int second = 1; second < AfterQueue::kSeconds; ++second) after.tick();
    const auto* box = owner.findChild<QMessageBox*>();
    QVERIFY2(box->text().contains(QStringLiteral("2 finished")) && box->text().contains(QStringLiteral("in 1 s")), qPrintable(box->text()));
    QCOMPARE(asked.shutDown, 0);
    after.tick();
    QCOMPARE(asked.shutDown, 1);
    QCOMPARE(after.choice(), WhenQueueEnds::Nothing);  // for that time only
    QVERIFY(!box->isVisible());
  }

  void shuttingDownIsCalledOff() {
    Opened opened;
    QWidget owner;
    owner.show();
    Asked asked;
    AfterQueue after(opened.session, &owner, asked.desktop());
    const auto begin = [&](bool elsewhere) {
      after.choose(WhenQueueEnds::ShutDown);
      after.queueEnded({}, elsewhere);
    };
    begin(false);
    QTest::keyClick(owner.findChild<QMessageBox*>(), Qt::Key_Escape);
    QVERIFY(after.secondsLeft() < 0);
    begin(false);
    after.choose(WhenQueueEnds::Notify);
    QVERIFY(after.secondsLeft() < 0);
    begin(true);  // another program trains
    QVERIFY(after.secondsLeft() < 0);
    begin(false);
    opened.session.runs().start(opened.session.recipe(), [](RunStore&, const RunController::TakeControl&, const TrainObserver&) {
      return RunOutcome{"", RunStatus::Finished, ""};
    });
    QVERIFY(after.secondsLeft() < 0);
    QTRY_VERIFY(!opened.session.runs().active());
    after.tick();
    QCOMPARE(asked.shutDown, 0);
  }

  void onlyANotificationIsRemembered() {
    Opened opened;
    QWidget owner;
    Asked asked;
    const auto remembered = [&] { return AfterQueue(opened.session, &owner, asked.desktop()).choice(); };
    AfterQueue after(opened.session, &owner, asked.desktop());
    after.choose(WhenQueueEnds::Notify);
    QCOMPARE(remembered(), WhenQueueEnds::Notify);
    after.queueEnded({}, false);
    QCOMPARE(asked.notified, 1);
    after.choose(WhenQueueEnds::ShutDown);
    QCOMPARE(remembered(), WhenQueueEnds::Nothing);
  }

  void entriesAreHeldCancelledAndTriedAgain() {
    Opened opened;
    QueuePanel panel(opened.session);
    panel.show();
    button<QPushButton>(panel, QStringLiteral("Add the recipe"))->click();
    QTRY_COMPARE(panel.model().waiting(), std::size_t{1});
    auto* table = panel.findChild<QTableView*>();
    table->setCurrentIndex(panel.model().index(0, 0));
    button<QToolButton>(panel, QStringLiteral("Hold"))->click();
    QTRY_COMPARE(panel.model().entries().front().state, QueueState::Held);
    button<QToolButton>(panel, QStringLiteral("Release"))->click();
    QTRY_COMPARE(panel.model().entries().front().state, QueueState::Waiting);
    button<QToolButton>(panel, QStringLiteral("Cancel"))->click();
    QTRY_COMPARE(panel.model().entries().front().state, QueueState::Cancelled);
    button<QToolButton>(panel, QStringLiteral("Try again"))->click();
    QTRY_COMPARE(panel.model().waiting(), std::size_t{1});
    table->setCurrentIndex(panel.model().index(0, 0));
    button<QToolButton>(panel, QStringLiteral("Forget"))->click();
    QTRY_VERIFY(panel.model().rowOf(1) < 0 || panel.model().rowCount() < 2);
  }

  void aRecipeThatCannotRunIsNotQueued() {
    Opened opened;
    opened.session.setRecipeField(QStringLiteral("model.arch"), Json("nothing_like_it"));
    QueuePanel panel(opened.session);
    QSignalSpy reported(&opened.session, &Session::problemReported);
    button<QPushButton>(panel, QStringLiteral("Add the recipe"))->click();
    QCOMPARE(reported.size(), 1);
    QVERIFY(reported.front().front().toString().contains(QStringLiteral("nothing_like_it")));
    QVERIFY(panel.queue().list().empty());
  }

  // The photos are missing, so that the runs fail at once: the queue goes on, and says when it has ended.
  void theQueueRunsToItsEnd() {
    Opened opened;
    QueuePanel panel(opened.session);
    panel.show();
    panel.findChild<QSpinBox*>()->setValue(2);
    button<QPushButton>(panel, QStringLiteral("Add the recipe"))->click();
    QTRY_COMPARE(panel.model().waiting(), std::size_t{2});
    QSignalSpy ended(&panel.driver(), &QueueDriver::ended);
    button<QPushButton>(panel, QStringLiteral("Run the queue"))->click();
    QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 1, 60'000);
    QVERIFY(!panel.driver().isOn());
    for (const QueueEntry& entry : panel.queue().list()) {
      QCOMPARE(entry.state, QueueState::Failed);
      QVERIFY(!entry.message.empty());
    }
  }

  void aSweepSaysWhatItWouldRun() {
    Opened opened;
    SweepPanel panel(opened.session);
    panel.resize(900, 400);
    panel.show();
    panel.open();
    QCOMPARE(panel.model().members().size(), std::size_t{1});
    panel.addAxis(QStringLiteral("stages.0.schedule.epochs"), QStringLiteral("2,4,8"));
    panel.addAxis(QStringLiteral("stages.0.schedule.lr_max"), QStringLiteral("1e-3,1e-2"));
    QCOMPARE(panel.model().runnable().size(), std::size_t{6});
    QCOMPARE(panel.model().runnable().back().stages[0].schedule.epochs, 8);
    QVERIFY(panel.problem().isEmpty());
    panel.addAxis(QStringLiteral("seed"), QStringLiteral("one,two"));
    QVERIFY(!panel.problem().isEmpty());
    QCOMPARE(panel.model().members().size(), std::size_t{0});
    QVERIFY(!panel.addButton()->isEnabled());
  }

  void aHalvingIsQueuedWithItsRounds() {
    Opened opened;
    SweepPanel panel(opened.session);
    panel.show();
    panel.open();
    panel.addAxis(QStringLiteral("stages.0.schedule.lr_max"), QStringLiteral("1e-4,3e-4,1e-3,3e-3,1e-2,3e-2"));
    panel.findChild<QCheckBox*>(QStringLiteral("halving"))->setChecked(true);
    auto* epochs = panel.findChild<QLineEdit*>(QStringLiteral("halving_epochs"));
    epochs->setText(QStringLiteral("2, 5"));
    QTRY_COMPARE(panel.model().runnable().back().stages.back().schedule.epochs, 2);
    const QString state = panel.findChild<QLabel*>(QStringLiteral("sweep_state"))->text();
    QVERIFY2(state.contains(QStringLiteral("6 for 2 epochs, the best 2 for 5")), qPrintable(state));
    QSignalSpy queued(&panel, &SweepPanel::queued);
    panel.addButton()->click();
    const auto options = queued.front().back().value<QueueOptions>();
    QCOMPARE(options.halving->epochs, (std::vector<int>{2, 5}));
    RunQueue(opened.session.store()).add(queued.front().front().value<std::vector<RunSpec>>(), options);
    epochs->setText(QStringLiteral("5,2"));
    QTRY_VERIFY2(panel.problem().contains(QStringLiteral("grow")), qPrintable(panel.problem()));
    QVERIFY(!panel.addButton()->isEnabled());
    epochs->setText(QStringLiteral("3,9,soon"));
    QTRY_VERIFY2(panel.problem().contains(QStringLiteral("soon")), qPrintable(panel.problem()));
    epochs->setText(QStringLiteral("3,9"));
    panel.addAxis(QStringLiteral("stages.0.schedule.epochs"), QStringLiteral("1,2"));
    QTRY_VERIFY2(panel.problem().contains(QStringLiteral("stages.0.schedule.epochs")), qPrintable(panel.problem()));
  }

  void whatCannotRunIsLeftOut() {
    Opened opened;
    SweepPanel panel(opened.session);
    panel.show();
    panel.open();
    auto* archs = panel.findChild<QLineEdit*>(QStringLiteral("values"));
    archs->setText(QStringLiteral("resnet18,vit_small_patch16_224"));
    panel.addAxis(QStringLiteral("stages.0.augment.size"), QStringLiteral("224,100"));
    // The network of patches takes no 100 pixels.
    QCOMPARE(panel.model().members().size(), std::size_t{4});
    QCOMPARE(panel.model().runnable().size(), std::size_t{3});
    QSignalSpy queued(&panel, &SweepPanel::queued);
    panel.addButton()->click();
    QCOMPARE(queued.front().front().value<std::vector<RunSpec>>().size(), std::size_t{3});
  }
};

QTEST_MAIN(RunsQueueTest)
#include "runs_queue_test.moc"
