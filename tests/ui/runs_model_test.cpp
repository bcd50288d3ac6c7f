// The table of runs as a model: what is filtered, sorted, grouped, ticked, and what stays selected through all of that.
#include "ui/runs/runs_model.h"

#include <QAbstractItemModelTester>
#include <QItemSelectionModel>
#include <QSignalSpy>
#include <QTest>
#include <cmath>

using namespace panicle;
using namespace panicle::ui;

namespace {

RunSummary made(int id, const std::string& arch, double error) {
  RunSummary run;
  run.id = std::to_string(id);
  run.name = "trial " + run.id;
  run.status = RunStatus::Finished;
  run.created = "2026-11-22T10:00:00Z";
  run.architecture = arch;
  run.transforms = "squish 480 → aug 224";
  run.monitor = "error_rate";
  run.best = run.last = error;
  run.best_epoch = 1;
  run.epochs = run.planned_epochs = 2;
  run.seconds_per_epoch = 60;
  return run;
}

// Newest first, as the store tells them.
std::vector<RunSummary> someRuns() {
  return {made(4, "resnet26d", 0.04), made(3, "vit_small", 0.02), made(2, "resnet26d", 0.03), made(1, "vit_small", RunSummary::kUnknown)};
}

QStringList ids(const RunsModel& model) {
  QStringList all;
  for (int row = 0; row < model.rowCount(); ++row) {
    const QModelIndex cell = model.index(row, 0);
    all << (model.run(cell) ? cell.data(RunsModel::kRunRole).toString() : QStringLiteral("group"));
  }
  return all;
}

QString text(const RunsModel& model, int row, RunColumn column) { return model.index(row, static_cast<int>(column)).data().toString(); }

void sortBy(RunsModel& model, RunColumn column, Qt::SortOrder order) { model.sort(static_cast<int>(column), order); }

}  // namespace

class RunsModelTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void filtersAndSorts() {
    RunsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRuns(someRuns());
    QCOMPARE(ids(model), (QStringList{QStringLiteral("4"), QStringLiteral("3"), QStringLiteral("2"), QStringLiteral("1")}));
    sortBy(model, RunColumn::Best, Qt::AscendingOrder);
    QCOMPARE(ids(model), (QStringList{QStringLiteral("3"), QStringLiteral("2"), QStringLiteral("4"), QStringLiteral("1")}));
    // What is not known stands last both ways.
    sortBy(model, RunColumn::Best, Qt::DescendingOrder);
    QCOMPARE(ids(model), (QStringList{QStringLiteral("4"), QStringLiteral("2"), QStringLiteral("3"), QStringLiteral("1")}));
    model.setQuery(RunQuery("arch:vit"));
    QCOMPARE(ids(model), (QStringList{QStringLiteral("3"), QStringLiteral("1")}));
    QCOMPARE(model.shown(), std::size_t{2});
    QCOMPARE(model.total(), std::size_t{4});
    model.setQuery(RunQuery());
    QCOMPARE(model.shown(), std::size_t{4});
  }

  // A metric where more is better is sorted by what is better, not by its size.
  void theBetterComesFirst() {
    std::vector<RunSummary> runs = someRuns();
    for (RunSummary& run : runs) {
      run.monitor = "accuracy";
      run.smaller_is_better = false;
      run.best = std::isfinite(run.best) ? 1 - run.best : run.best;
    }
    RunsModel model;
    model.setRuns(runs);
    sortBy(model, RunColumn::Best, Qt::AscendingOrder);
    QCOMPARE(ids(model), (QStringList{QStringLiteral("3"), QStringLiteral("2"), QStringLiteral("4"), QStringLiteral("1")}));
    QCOMPARE(text(model, 0, RunColumn::Best), QStringLiteral("accuracy 98.0 %"));
  }

  void groupsByArchitecture() {
    RunsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRuns(someRuns());
    sortBy(model, RunColumn::Best, Qt::AscendingOrder);
    model.setGrouped(true);
    const QStringList all{QStringLiteral("group"), QStringLiteral("3"), QStringLiteral("1"), QStringLiteral("group"), QStringLiteral("2"), QStringLiteral("4")};
    QCOMPARE(ids(model), all);
    QCOMPARE(text(model, 0, RunColumn::Architecture), QStringLiteral("vit_small"));
    QCOMPARE(text(model, 3, RunColumn::Best), QStringLiteral("3.0 %"));
    QCOMPARE(text(model, 3, RunColumn::Name), QStringLiteral("2 runs"));
    model.setFolded(model.index(0, 0), true);
    QCOMPARE(ids(model), (QStringList{QStringLiteral("group"), QStringLiteral("group"), QStringLiteral("2"), QStringLiteral("4")}));
    model.setFolded(model.index(0, 0), false);
    QCOMPARE(ids(model), all);
  }

  void selectionFollowsTheRun() {
    RunsModel model;
    QItemSelectionModel selection(&model);
    model.setRuns(someRuns());
    const auto row = QItemSelectionModel::Select | QItemSelectionModel::Rows;
    selection.select(model.indexOf("2"), row);
    selection.setCurrentIndex(model.indexOf("3"), QItemSelectionModel::NoUpdate);
    const auto selected = [&] { return selection.selectedRows().isEmpty() ? QString() : selection.selectedRows().front().data(RunsModel::kRunRole).toString(); };
    sortBy(model, RunColumn::Best, Qt::AscendingOrder);
    QCOMPARE(selected(), QStringLiteral("2"));
    model.setGrouped(true);
    QCOMPARE(selected(), QStringLiteral("2"));
    std::vector<RunSummary> more = someRuns();
    more.insert(more.begin(), made(5, "aaa", 0.5));
    model.setRuns(more);
    QCOMPARE(selected(), QStringLiteral("2"));
    QCOMPARE(selection.currentIndex().data(RunsModel::kRunRole).toString(), QStringLiteral("3"));
    model.setQuery(RunQuery("arch:vit"));
    QCOMPARE(selected(), QString());
  }

  void twelveAreCompared() {
    std::vector<RunSummary> runs;
    for (int id = 14; id > 0; --id) runs.push_back(made(id, "resnet26d", 0.01 * id));
    RunsModel model;
    model.setRuns(runs);
    QSignalSpy changed(&model, &RunsModel::comparedChanged), full(&model, &RunsModel::comparedFull);
    const auto tick = [&](int row, Qt::CheckState state) { return model.setData(model.index(row, 0), state, Qt::CheckStateRole); };
    for (int row = 0; row < 12; ++row) QVERIFY(tick(row, Qt::Checked));
    QCOMPARE(changed.size(), 12);
    QVERIFY(!tick(12, Qt::Checked));
    QCOMPARE(full.size(), 1);
    QCOMPARE(model.compared().size(), std::size_t{12});
    QCOMPARE(model.compared().front(), std::string("14"));
    // A filter hides a run, but does not take it out of the comparison; the trash does.
    model.setQuery(RunQuery("arch:nothing"));
    QCOMPARE(model.compared().size(), std::size_t{12});
    model.setQuery(RunQuery());
    runs.erase(runs.begin());
    model.setRuns(runs);
    QCOMPARE(model.compared().size(), std::size_t{11});
    QCOMPARE(model.compared().front(), std::string("13"));
  }

  void editsAreHandedOn() {
    RunsModel model;
    model.setRuns(someRuns());
    QSignalSpy edited(&model, &RunsModel::edited);
    const auto cell = [&](RunColumn column) { return model.indexOf("2").siblingAtColumn(static_cast<int>(column)); };
    QVERIFY(model.setData(cell(RunColumn::Name), QStringLiteral(" better "), Qt::EditRole));
    QCOMPARE(edited.size(), 1);
    QCOMPARE(edited.front().at(2).toString(), QStringLiteral("better"));
    QVERIFY(!model.setData(cell(RunColumn::Name), QStringLiteral("trial 2"), Qt::EditRole));
    QVERIFY(!model.setData(cell(RunColumn::Best), QStringLiteral("0"), Qt::EditRole));
    QVERIFY(!(model.flags(cell(RunColumn::Best)) & Qt::ItemIsEditable));
    QCOMPARE(edited.size(), 1);
  }
};

QTEST_MAIN(RunsModelTest)
#include "runs_model_test.moc"
