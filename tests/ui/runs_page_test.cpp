// The Runs page on a store of made-up runs: what the table shows, what is done with runs, what the comparison tells of them.
#include "ui/runs/runs_page.h"

#include <QAction>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "tests/ui/runs_with_predictions.h"
#include "ui/runs/compare_view.h"
#include "ui/runs/message_bar.h"
#include "ui/runs/overlay_panel.h"
#include "ui/runs/paired_panel.h"
#include "ui/runs/query_box.h"
#include "ui/runs/run_commands.h"
#include "ui/runs/runs_model.h"
#include "ui/runs/runs_table.h"
#include "ui/runs/settings_table.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/page.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/plot_canvas.h"
#include "ui/shared/session.h"

using namespace panicle;
using namespace panicle::ui;
using panicle::testing::madePredictions;

namespace {

struct Opened {
  QTemporaryDir folder;
  Session session{std::make_unique<RunStore>(std::filesystem::path(folder.path().toStdString()))};
  std::unique_ptr<Page> page;

  std::string add(const std::string& name, const std::string& arch, std::uint64_t seed, const std::vector<double>& errors) {
    RunSpec spec;
    spec.name = name;
    spec.seed = seed;
    spec.data.root = "/photos";
    spec.model.arch = arch;
    RunStore& store = session.store();
    const std::string run = store.create(spec, Json::object());
    for (std::size_t i = 0; i < errors.size(); ++i) {
      EpochEnded epoch;
      epoch.epoch = static_cast<int>(i);
      epoch.valid_loss = errors[i] * 2;
      epoch.metrics = {{"error_rate", errors[i]}};
      epoch.seconds = 107;
      store.record(run, epoch);
    }
    RunEnded end;
    end.run = run;
    store.record(run, end);
    return run;
  }
  void open() {
    page.reset(makeRunsPage(session, nullptr));
    page->resize(1000, 760);
    page->show();
    page->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(page.get()));
  }
  template <typename T>
  T* part(const QString& name = {}) const {
    return page->findChild<T*>(name);
  }
  RunsModel& model() const { return *part<RunsModel>(); }
  RunsTable& table() const { return *part<RunsTable>(); }
  RunCommands& commands() const { return *part<RunCommands>(); }
  QString cell(const std::string& run, RunColumn column) const {
    return model().indexOf(run).siblingAtColumn(static_cast<int>(column)).data().toString();
  }
  void select(const std::string& run) const { table().selectRun(run); }
};

}  // namespace

class RunsPageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void leadsToTrainingWhileThereIsNothing() {
    Opened opened;
    opened.open();
    auto* button = opened.part<EmptyState>(QStringLiteral("no_runs"))->findChild<QPushButton*>();
    QTRY_VERIFY(button->isVisible());
    QSignalSpy asked(&opened.session, &Session::pageRequested);
    button->click();
    QCOMPARE(asked.front().front().toString(), QStringLiteral("train"));
  }

  void showsWhatTheStoreKnows() {
    Opened opened;
    const std::string run = opened.add("baseline", "resnet26d", 42, {0.3, 0.048, 0.06});
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 1);
    QCOMPARE(opened.cell(run, RunColumn::Name), QStringLiteral("baseline"));
    QCOMPARE(opened.cell(run, RunColumn::Status), QStringLiteral("finished"));
    QCOMPARE(opened.cell(run, RunColumn::Architecture), QStringLiteral("resnet26d"));
    QCOMPARE(opened.cell(run, RunColumn::Best), QStringLiteral("4.8 %"));
    QCOMPARE(opened.cell(run, RunColumn::BestEpoch), QStringLiteral("2 / 3"));
    QCOMPARE(opened.cell(run, RunColumn::Last), QStringLiteral("6.0 %"));
    QCOMPARE(opened.cell(run, RunColumn::EpochTime), QStringLiteral("1:47"));
    // A run that comes meanwhile is seen.
    opened.add("second", "vit_small_patch16_224", 42, {0.2});
    Q_EMIT opened.session.runsChanged();
    QTRY_COMPARE(opened.model().rowCount(), 2);
  }

  void aQueryThatIsNotUnderstoodKeepsTheRowsAndSaysWhy() {
    Opened opened;
    opened.add("a", "resnet26d", 42, {0.3});
    opened.add("b", "vit_small_patch16_224", 42, {0.2});
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 2);
    auto* box = opened.part<QueryBox>();
    box->setText(QStringLiteral("arch:vit"));
    QCOMPARE(opened.model().rowCount(), 1);
    QVERIFY(box->problem().isEmpty());
    box->setText(QStringLiteral("arhc:vit"));
    QVERIFY(box->problem().contains(QStringLiteral("arch")));
    QCOMPARE(opened.model().rowCount(), 1);
    QVERIFY(opened.page->leaveDrillDown());
    QCOMPARE(opened.model().rowCount(), 2);
  }

  void starNameTagsAndNoteAreStored() {
    Opened opened;
    const std::string first = opened.add("a", "resnet26d", 42, {0.3}), second = opened.add("b", "resnet26d", 42, {0.2});
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 2);
    RunStore& store = opened.session.store();
    opened.select(first);
    opened.table().setFocus();
    QTest::keyClick(&opened.table(), Qt::Key_S);
    QVERIFY(opened.model().find(first)->starred);  // at once
    QTRY_VERIFY(store.get(first).starred);
    QTest::keyClick(&opened.table(), Qt::Key_F2);
    auto* editor = opened.table().findChild<QLineEdit*>();
    QVERIFY(editor);
    editor->selectAll();
    QTest::keyClicks(editor, QStringLiteral("better"));
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(store.get(first).name, std::string("better"));
    // Tags of the current run, and what was added also for the others that are selected.
    opened.table().selectAll();
    opened.table().selectionModel()->setCurrentIndex(opened.model().indexOf(first), QItemSelectionModel::NoUpdate);
    opened.model().setData(opened.model().indexOf(first).siblingAtColumn(static_cast<int>(RunColumn::Tags)), QStringLiteral("pad, trial"), Qt::EditRole);
    QTRY_COMPARE(store.get(second).tags, (std::vector<std::string>{"pad", "trial"}));
    QTRY_COMPARE(store.get(first).tags, (std::vector<std::string>{"pad", "trial"}));
  }

  void theTrashGivesBack() {
    Opened opened;
    const std::string first = opened.add("a", "resnet26d", 42, {0.3}), second = opened.add("b", "resnet26d", 42, {0.2});
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 2);
    opened.select(first);
    opened.commands().trash->trigger();
    QTRY_COMPARE(opened.model().rowCount(), 1);
    QVERIFY(!opened.model().find(first));
    MessageBar* bar = nullptr;
    for (auto* one : opened.page->findChildren<MessageBar*>()) {
      if (one->isVisible()) bar = one;
    }
    QVERIFY(bar);
    bar->findChild<QPushButton*>()->click();
    QTRY_COMPARE(opened.model().rowCount(), 2);
    QVERIFY(opened.session.store().get(second).trashed.empty());
    // And the trash itself, by its button.
    opened.select(second);
    opened.commands().trash->trigger();
    QTRY_COMPARE(opened.model().rowCount(), 1);
    for (auto* button : opened.page->findChildren<QToolButton*>()) {
      if (button->text().startsWith(QStringLiteral("Trash"))) button->click();
    }
    QTRY_VERIFY(opened.model().find(second));
    opened.select(second);
    opened.commands().restore->trigger();
    QTRY_COMPARE(opened.model().rowCount(), 2);  // the trash is empty: the table shows the runs again
  }

  void copiesARecipe() {
    Opened opened;
    const std::string run = opened.add("mine", "vit_small_patch16_224", 7, {0.3});
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 1);
    opened.select(run);
    QSignalSpy asked(&opened.session, &Session::pageRequested);
    opened.commands().duplicate->trigger();
    QTRY_COMPARE(asked.size(), 1);
    QCOMPARE(opened.session.recipe().model.arch, std::string("vit_small_patch16_224"));
    QCOMPARE(opened.session.recipe().seed, std::uint64_t{7});
    opened.session.undo();
    QVERIFY(opened.session.recipe().model.arch != "vit_small_patch16_224");
  }

  void enterAndADoubleClickLeadToTheInspection() {
    Opened opened;
    const std::string run = opened.add("a", "resnet26d", 42, {0.3});
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 1);
    QSignalSpy asked(&opened.session, &Session::inspectRequested);
    QSignalSpy page(&opened.session, &Session::pageRequested);
    opened.select(run);
    opened.table().setFocus();
    QTest::keyClick(&opened.table(), Qt::Key_Return);
    QCOMPARE(asked.size(), 1);
    QCOMPARE(asked.front().front().toString(), QString::fromStdString(run));
    QCOMPARE(page.front().front().toString(), QStringLiteral("inspect"));
    const auto doubleClick = [&](RunColumn column) {
      const QModelIndex cell = opened.model().indexOf(run).siblingAtColumn(static_cast<int>(column));
      const QPoint at = opened.table().visualRect(cell).center();
      QTest::mouseClick(opened.table().viewport(), Qt::LeftButton, {}, at);
      QTest::mouseDClick(opened.table().viewport(), Qt::LeftButton, {}, at);
    };
    doubleClick(RunColumn::Architecture);
    QCOMPARE(asked.size(), 2);
    doubleClick(RunColumn::Name);  // which is edited
    QCOMPARE(asked.size(), 2);
    QVERIFY(opened.table().findChild<QLineEdit*>());
  }

  void theLastColumnTakesWhatIsLeft() {
    Opened opened;
    opened.add("a", "resnet26d", 42, {0.3});
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 1);
    const QHeaderView& header = *opened.table().horizontalHeader();
    opened.page->resize(4000, 760);
    QTRY_COMPARE(header.length(), opened.table().viewport()->width());
    opened.page->resize(500, 760);
    QTRY_VERIFY(header.length() > opened.table().viewport()->width());
    int last = header.count() - 1;
    while (header.isSectionHidden(header.logicalIndex(last))) --last;
    QVERIFY(header.sectionSize(header.logicalIndex(last)) >= header.sectionSizeHint(header.logicalIndex(last)));
  }

  void comparesCurvesSettingsAndPhotos() {
    Opened opened;
    const std::string a = opened.add("a", "resnet26d", 1, {0.3, 0.2}), b = opened.add("b", "resnet26d", 2, {0.4, 0.3}),
                      c = opened.add("c", "vit_small_patch16_224", 1, {0.1, 0.05});
    // a errs on a quarter of some photos; c on none.
    Predictions wrong = madePredictions(4, 12), right = wrong;
    for (std::size_t i = 0; i < right.size(); ++i) {
      const auto row = i * right.vocab.size();
      for (std::size_t k = 0; k < right.vocab.size(); ++k) right.probabilities[row + k] = static_cast<int>(k) == right.targets[i] ? 0.97F : 0.01F;
    }
    std::size_t flips = 0;
    for (std::size_t i = 0; i < wrong.size(); ++i) flips += wrong.predicted(i) != wrong.targets[i] ? 1 : 0;
    QVERIFY(flips > 0);
    writePredictions(opened.session.store().folder(a), "valid", wrong);
    writePredictions(opened.session.store().folder(b), "valid", wrong);
    writePredictions(opened.session.store().folder(c), "valid", right);
    opened.open();
    QTRY_COMPARE(opened.model().rowCount(), 3);
    opened.model().setCompared({a, b, c});
    auto* view = opened.part<CompareView>();
    QVERIFY(view->isVisible());
    QTRY_VERIFY(view->comparison());
    // a and b are repetitions: one mean, and each of them behind it.
    OverlayPanel* panel = nullptr;
    for (auto* one : view->findChildren<OverlayPanel*>()) {
      if (one->shown() == "valid_loss") panel = one;
    }
    QVERIFY(panel);
    const QString csv = panel->canvas()->toCsv();
    QVERIFY(csv.contains(QStringLiteral("mean of 2")));
    QVERIFY2(csv.section(QLatin1Char('\n'), 1, 1).contains(QStringLiteral("0.7")), qPrintable(csv));  // (0.6 + 0.8) / 2
    const QString table = opened.part<SettingsTable>()->toText();
    QVERIFY(table.contains(QStringLiteral("vit_small_patch16_224")));
    QVERIFY(table.contains(QStringLiteral("(2 seeds)")));
    QVERIFY(!table.contains(QStringLiteral("/photos")));  // the same in all
    auto* paired = opened.part<PairedPanel>();
    view->tabs()->setCurrentWidget(paired);
    auto* pairs = paired->findChild<QListWidget*>();
    QCOMPARE(pairs->count(), 2);
    QCOMPARE(paired->grid()->count(), 0);  // a and b say the same
    pairs->setCurrentRow(1);
    QCOMPARE(static_cast<std::size_t>(paired->grid()->count()), flips);
    QVERIFY(paired->findChild<QLabel*>(QStringLiteral("verdict"))->text().contains(QStringLiteral("48 validation photos")));
    // A photo goes to the selection of all pages, with what the run says of it.
    paired->grid()->setCurrent(0);
    Q_EMIT paired->grid()->currentChanged(0);
    QCOMPARE(opened.session.selection().size(), flips);
    QCOMPARE(opened.session.currentPhoto()->prediction->label, opened.session.currentPhoto()->label);
    QVERIFY(opened.page->leaveDrillDown());
    QVERIFY(!view->isVisible());
  }
};

QTEST_MAIN(RunsPageTest)
#include "runs_page_test.moc"
