// Jobs: results come back to the GUI thread, and nothing comes back that nobody waits for.
#include "ui/shared/jobs.h"

#include <QScopeGuard>
#include <QSignalSpy>
#include <QTest>
#include <QThread>
#include <atomic>
#include <semaphore>

#include "core/base/error.h"

namespace panicle::ui {
namespace {

// Work that goes on until it is told to stop.
int workUntilStopped(std::stop_token stop, std::atomic<bool>& stopped) {
  while (!stop.stop_requested()) QThread::msleep(1);
  stopped = true;
  throw Cancelled();
}

class JobsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void resultComesBackOnTheGuiThread() {
    Jobs jobs;
    QThread* worker = nullptr;
    QThread* receiver = nullptr;
    int result = 0;
    jobs.start(
        this, QStringLiteral("Adding"),
        [&worker](std::stop_token, const Progress&) {
          worker = QThread::currentThread();
          return 40 + 2;
        },
        [&](int value) {
          receiver = QThread::currentThread();
          result = value;
        });
    QTRY_COMPARE(result, 42);
    QVERIFY(worker != QThread::currentThread());
    QCOMPARE(receiver, QThread::currentThread());
    QVERIFY(jobs.running().isEmpty());
  }

  void progressIsShown() {
    std::counting_semaphore goOn(0);
    Jobs jobs;
    const auto endOfJob = qScopeGuard([&] { goOn.release(); });  // also when a check fails: ~Jobs waits for the work
    QSignalSpy changed(&jobs, &Jobs::changed);
    bool done = false;
    jobs.start(
        this, QStringLiteral("Counting"),
        [&goOn](std::stop_token, const Progress& progress) {
          progress(30, 120);
          goOn.acquire();
          return true;
        },
        [&](bool) { done = true; });
    QTRY_COMPARE(jobs.running().size(), 1);
    QTRY_COMPARE(jobs.running().front().total, quint64{120});
    QCOMPARE(jobs.running().front().done, quint64{30});
    QCOMPARE(jobs.running().front().title, QStringLiteral("Counting"));
    QTRY_VERIFY(!changed.isEmpty());
    goOn.release();
    QTRY_VERIFY(done);
    QVERIFY(jobs.running().isEmpty());
  }

  // A job that prepares for long and then goes fast.
  void timeLeftCountsFromTheFirstReport() {
    std::counting_semaphore goOn(0);
    QElapsedTimer sinceReport;
    Jobs jobs;
    const auto endOfJob = qScopeGuard([&] { goOn.release(); });
    jobs.start(
        this, QStringLiteral("Sweeping"),
        [&](std::stop_token, const Progress& progress) {
          QThread::msleep(1500);
          sinceReport.start();
          progress(1, 101);
          QThread::msleep(600);
          progress(51, 101);
          goOn.acquire();
          return true;
        },
        [](bool) {});
    QTRY_VERIFY(jobs.running().front().done == 51 && jobs.running().front().secondsLeft >= 0);
    // Fifty were done since, fifty are left.
    const double left = jobs.running().front().secondsLeft;
    const double since = static_cast<double>(sinceReport.nsecsElapsed()) * 1e-9;
    QVERIFY2(left >= 0.6 && left <= since, qPrintable(QStringLiteral("%1 of %2").arg(left).arg(since)));
  }

  void failureGoesToItsHandler() {
    Jobs jobs;
    QSignalSpy problem(&jobs, &Jobs::problem);
    QString heard;
    bool done = false;
    jobs.start(
        this, QStringLiteral("Failing"), [](std::stop_token, const Progress&) -> int { throw Error("a.csv:3: too few fields"); },
        [&](int) { done = true; }, [&](const QString& message) { heard = message; });
    QTRY_COMPARE(heard, QStringLiteral("a.csv:3: too few fields"));
    QVERIFY(!done);
    QVERIFY(problem.isEmpty());
  }

  void failureWithoutHandlerIsAProblem() {
    Jobs jobs;
    QSignalSpy problem(&jobs, &Jobs::problem);
    jobs.start(
        this, QStringLiteral("Failing"), [](std::stop_token, const Progress&) -> int { throw Error("no such folder"); }, [](int) {});
    QTRY_COMPARE(problem.size(), 1);
    QCOMPARE(problem.front().front().toString(), QStringLiteral("no such folder"));
  }

  void cancelledJobStopsAndSaysNothing() {
    std::atomic<bool> stopped{false};
    bool heard = false;
    Jobs jobs;
    QSignalSpy problem(&jobs, &Jobs::problem);
    const quint64 id = jobs.start(
        this, QStringLiteral("Endless"), [&stopped](std::stop_token stop, const Progress&) { return workUntilStopped(stop, stopped); },
        [&](int) { heard = true; }, [&](const QString&) { heard = true; });
    jobs.cancel(id);
    QVERIFY(jobs.running().isEmpty());
    QTRY_VERIFY(stopped);
    QTest::qWait(20);
    QVERIFY(!heard);
    QVERIFY(problem.isEmpty());
  }

  void jobOfADestroyedOwnerIsCancelled() {
    std::atomic<bool> stopped{false};
    bool heard = false;
    Jobs jobs;
    auto owner = std::make_unique<QObject>();
    jobs.start(
        owner.get(), QStringLiteral("Endless"),
        [&stopped](std::stop_token stop, const Progress&) { return workUntilStopped(stop, stopped); }, [&](int) { heard = true; });
    owner.reset();
    QTRY_VERIFY(stopped);
    QVERIFY(jobs.running().isEmpty());
    QVERIFY(!heard);
  }

  void destructionStopsAndWaits() {
    std::atomic<bool> stopped{false};
    {
      Jobs jobs;
      jobs.start(
          this, QStringLiteral("Endless"),
          [&stopped](std::stop_token stop, const Progress&) { return workUntilStopped(stop, stopped); }, [](int) {});
    }
    QVERIFY(stopped);
  }
};

}  // namespace
}  // namespace panicle::ui

QTEST_GUILESS_MAIN(panicle::ui::JobsTest)
#include "jobs_test.moc"
