// The Inspect page on runs with made-up predictions: figures, drill-down, the newest run, what is said when there is none.
#include "ui/inspect/inspect_page.h"

#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <set>

#include "tests/ui/runs_with_predictions.h"
#include "ui/inspect/confusion_view.h"
#include "ui/inspect/inspection_tables.h"
#include "ui/inspect/photo_panel.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/page.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/run_chooser.h"
#include "ui/shared/session.h"

using namespace panicle;
using namespace panicle::ui;
using panicle::testing::addRun;
using panicle::testing::madePredictions;

namespace {

struct Opened {
  QTemporaryDir folder;
  Session session{std::make_unique<RunStore>(std::filesystem::path(folder.path().toStdString()))};
  std::unique_ptr<Page> page;

  std::string add(const std::string& name, const Predictions& predictions) {
    const std::string run = addRun(session.store(), name, "/photos");
    writePredictions(session.store().folder(run), "valid", predictions);
    return run;
  }
  void open() {
    page.reset(makeInspectPage(session, nullptr));
    page->resize(800, 640);
    page->show();
  }
  template <typename T>
  T* part(const QString& name = {}) const {
    return page->findChild<T*>(name);
  }
  QString error() const { return part<QLabel>(QStringLiteral("error"))->text(); }
  QString title() const { return part<QLabel>(QStringLiteral("title"))->text(); }
  bool ready() const { return error().startsWith(QStringLiteral("error")); }
};

// The same question asked of the predictions directly.
std::multiset<std::string> idsBehind(const Predictions& predictions, int actual, int predicted) {
  std::multiset<std::string> ids;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if ((actual < 0 || predictions.targets[i] == actual) && (predicted < 0 || predictions.predicted(i) == predicted)) {
      ids.insert(predictions.ids[i]);
    }
  }
  return ids;
}

std::multiset<std::string> selectedIds(const Session& session) {
  std::multiset<std::string> ids;
  for (const Photo& photo : session.selection()) ids.insert(photo.id.toStdString());
  return ids;
}

}  // namespace

class InspectPageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void leadsToTrainingWhileThereIsNothing() {
    Opened opened;
    addRun(opened.session.store(), "no predictions", "/photos");
    opened.open();
    auto* button = opened.part<EmptyState>()->findChild<QPushButton*>();
    QTRY_VERIFY(button->isVisible());
    QSignalSpy asked(&opened.session, &Session::pageRequested);
    button->click();
    QCOMPARE(asked.size(), 1);
    QCOMPARE(asked.front().front().toString(), QStringLiteral("train"));
  }

  void titleSaysWhatTheNumbersAreAbout() {
    Opened opened;
    const Predictions predictions = madePredictions(6, 12);
    opened.add("trial", predictions);
    opened.open();
    QTRY_VERIFY(opened.ready());
    int wrong = 0;
    for (std::size_t i = 0; i < predictions.size(); ++i) wrong += predictions.predicted(i) != predictions.targets[i];
    QVERIFY(wrong > 0);
    QCOMPARE(opened.error(), QStringLiteral("error %1 % (%2 of 72)").arg(100.0 * wrong / 72, 0, 'f', 1).arg(wrong));
    for (const char* part : {"run 1, trial", "resnet18", "last epoch (1)", "valid", "no TTA"}) {
      QVERIFY2(opened.title().contains(QLatin1StringView(part)), part);
    }
  }

  void photosBehindCellsRowsAndColumns() {
    Opened opened;
    const Predictions predictions = madePredictions(6, 24);
    opened.add("", predictions);
    opened.open();
    QTRY_VERIFY(opened.ready());
    auto* matrix = opened.part<ConfusionView>();
    auto* grid = opened.part<PhotoGrid>();
    QCOMPARE(grid->count(), 144);
    for (const MatrixCell cell : {MatrixCell{1, 2}, MatrixCell{2, -1}, MatrixCell{-1, 3}, MatrixCell{4, 4}}) {
      matrix->select({cell});
      const auto expected = idsBehind(predictions, cell.actual, cell.predicted);
      QVERIFY(!expected.empty());
      QCOMPARE(selectedIds(opened.session), expected);
      QCOMPARE(static_cast<std::size_t>(grid->count()), expected.size());
      QCOMPARE(opened.session.currentIndex(), 0);
    }
    // A union holds what is in both only once.
    matrix->select({{2, -1}, {-1, 2}});
    auto expected = idsBehind(predictions, 2, -1);
    for (const std::string& id : idsBehind(predictions, -1, 2)) {
      if (!expected.contains(id)) expected.insert(id);
    }
    QCOMPARE(selectedIds(opened.session), expected);
    QVERIFY(opened.page->leaveDrillDown());
    QCOMPARE(grid->count(), 144);
    QVERIFY(!opened.page->leaveDrillDown());
  }

  void photosCarryTheirPrediction() {
    Opened opened;
    const Predictions predictions = madePredictions(6, 8);
    opened.add("trial", predictions);
    opened.open();
    QTRY_VERIFY(opened.ready());
    opened.part<ConfusionView>()->select({{0, -1}});
    const Photo photo = *opened.session.currentPhoto();
    const auto row = static_cast<std::size_t>(
        std::find(predictions.ids.begin(), predictions.ids.end(), photo.id.toStdString()) - predictions.ids.begin());
    QCOMPARE(photo.file, QStringLiteral("/photos/%1").arg(QString::fromStdString(predictions.paths[row])));
    QCOMPARE(photo.label, QStringLiteral("class_0000"));
    QCOMPARE(photo.target, 0);
    QVERIFY(photo.prediction.has_value());
    QCOMPARE(photo.prediction->loss, static_cast<double>(predictions.losses[row]));
    QCOMPARE(photo.prediction->top.size(), 5);
    QCOMPARE(photo.prediction->top.front().first, photo.prediction->label);
    QCOMPARE(photo.prediction->top.front().second, photo.prediction->probability);
    QCOMPARE(photo.prediction->run, QStringLiteral("run 1, trial"));
  }

  void sortsAndFilters() {
    Opened opened;
    opened.add("", madePredictions(6, 12));
    opened.open();
    QTRY_VERIFY(opened.ready());
    auto* grid = opened.part<PhotoGrid>();
    const auto combos = opened.part<PhotoPanel>()->findChildren<QComboBox*>();
    QCOMPARE(combos.size(), 2);
    QComboBox* order = combos[0];
    QComboBox* filter = combos[1];
    const auto sorted = [&](auto before) {
      for (int i = 1; i < grid->count(); ++i) {
        if (!before(grid->photo(i - 1), grid->photo(i))) return false;
      }
      return grid->count() > 1;
    };
    QVERIFY(sorted([](const Photo& a, const Photo& b) { return a.prediction->loss >= b.prediction->loss; }));
    order->setCurrentIndex(1);
    QVERIFY(sorted([](const Photo& a, const Photo& b) { return a.prediction->probability >= b.prediction->probability; }));
    order->setCurrentIndex(2);
    QVERIFY(sorted([](const Photo& a, const Photo& b) { return a.path <= b.path; }));
    const int all = grid->count();
    filter->setCurrentIndex(1);
    const int wrong = grid->count();
    QVERIFY(sorted([](const Photo& a, const Photo& b) {
      return a.label != a.prediction->label && b.label != b.prediction->label;
    }));
    filter->setCurrentIndex(2);
    QCOMPARE(grid->count() + wrong, all);
  }

  void tablesLeadIntoTheMatrix() {
    Opened opened;
    const Predictions predictions = madePredictions(6, 24);
    opened.add("", predictions);
    opened.open();
    QTRY_VERIFY(opened.ready());
    auto* tables = opened.part<InspectionTables>();
    auto* matrix = opened.part<ConfusionView>();
    const auto* table = tables->confusions()->model();
    for (int row = 1; row < table->rowCount(); ++row) {
      QVERIFY(table->index(row - 1, 2).data(Qt::UserRole).toInt() >= table->index(row, 2).data(Qt::UserRole).toInt());
    }
    const QModelIndex first = table->index(0, 0);
    QTest::mouseClick(tables->confusions()->viewport(), Qt::LeftButton, {}, tables->confusions()->visualRect(first).center());
    QCOMPARE(matrix->selected().size(), 1U);
    const MatrixCell cell = matrix->selected().front();
    QCOMPARE(QString::fromStdString(predictions.vocab[static_cast<std::size_t>(cell.actual)]), first.data().toString());
    QCOMPARE(idsBehind(predictions, cell.actual, cell.predicted).size(),
             static_cast<std::size_t>(table->index(0, 2).data(Qt::UserRole).toInt()));
    Q_EMIT tables->classes()->clicked(tables->classes()->model()->index(2, 0));
    QCOMPARE(matrix->selected(), (std::vector<MatrixCell>{{2, -1}}));
    tables->classes()->sortByColumn(ClassModel::Support, Qt::DescendingOrder);
    Q_EMIT tables->classes()->clicked(tables->classes()->model()->index(0, 0));
    const QString label = tables->classes()->model()->index(0, 0).data().toString();
    QCOMPARE(QString::fromStdString(predictions.vocab[static_cast<std::size_t>(matrix->selected().front().actual)]), label);
  }

  void followsTheNewestRunUnlessAnotherIsChosen() {
    Opened opened;
    opened.add("first", madePredictions(4, 8));
    opened.add("second", madePredictions(5, 8));
    opened.open();
    auto* chooser = opened.part<RunChooser>();
    QTRY_VERIFY(opened.ready() && opened.title().contains(QStringLiteral("second")));
    opened.add("third", madePredictions(6, 8));
    Q_EMIT opened.session.runsChanged();
    QTRY_VERIFY(opened.ready() && opened.title().contains(QStringLiteral("third")));
    chooser->choose(QStringLiteral("1"));
    QTRY_VERIFY(opened.ready() && opened.title().contains(QStringLiteral("first")));
    opened.add("fourth", madePredictions(7, 8));
    Q_EMIT opened.session.runsChanged();
    QTRY_COMPARE(chooser->count(), 4);
    QCOMPARE(chooser->current()->id, QStringLiteral("1"));
    QVERIFY(opened.title().contains(QStringLiteral("first")));
  }

  void saysWhyPredictionsCannotBeRead() {
    Opened opened;
    const std::string run = opened.add("broken", madePredictions(4, 8));
    std::ofstream(opened.session.store().folder(run) / "valid_preds.csv") << "image_id,a\nx.jpg,not a number\n";
    opened.open();
    auto* empty = opened.part<EmptyState>();
    const auto says = [&](const QString& words) {
      const auto labels = empty->findChildren<QLabel*>();
      return std::any_of(labels.begin(), labels.end(), [&](const QLabel* l) { return l->text().contains(words); });
    };
    QTRY_VERIFY(says(QStringLiteral("cannot be read")));
    QVERIFY(says(QStringLiteral("valid_")));
  }
};

QTEST_MAIN(InspectPageTest)
#include "inspect_page_test.moc"
