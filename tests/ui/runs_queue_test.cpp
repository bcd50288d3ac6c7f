// The queue and the sweeps of the Runs page: what is added, ordered, held, cancelled, and what a sweep would make.
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "ui/runs/queue_driver.h"
#include "ui/runs/queue_model.h"
#include "ui/runs/queue_panel.h"
#include "ui/runs/sweep_model.h"
#include "ui/runs/sweep_panel.h"
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
