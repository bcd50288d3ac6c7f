// The Memory page: the fit table for a card, sizes and batches, choosing by mouse and keyboard, its file; what the memory holds.
#include "ui/memory/memory_page.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <atomic>
#include <semaphore>
#include <set>

#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/ui/page_session.h"
#include "ui/memory/fit_bar.h"
#include "ui/memory/fit_model.h"
#include "ui/memory/fit_panel.h"
#include "ui/memory/fit_recipe.h"
#include "ui/memory/fit_runner.h"
#include "ui/memory/process_model.h"
#include "ui/memory/stack_bar.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/jobs.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_profiles.h"
#include "ui/shared/memory_sampler.h"

namespace panicle::ui {
namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
constexpr int kPlanMs = 300'000;  // patience, not a measure

DeviceProfile cardOf(std::uint64_t mib) {
  DeviceProfile card;
  card.name = "card";
  card.total = mib * kMib;
  return card;
}

// A step takes a MiB for each image.
void imagesTable(const DeviceProfile& profile, const FitTableOptions& options, const std::function<void(const FitCell&)>& onCell) {
  for (const std::string& name : options.architectures) {
    for (const Size& size : options.sizes) {
      for (const int batch : options.batches) {
        FitCell cell;
        cell.architecture = name;
        cell.size = size;
        cell.batch = batch;
        cell.accum = options.effective / batch;
        cell.parts = MemoryParts{};
        cell.parts->activations = static_cast<std::uint64_t>(batch) * kMib;
        cell.fit = judge(profile, cell.parts->total());
        onCell(cell);
      }
    }
  }
}

class MemoryPageTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() { session_.begin(); }
  void cleanup() { session_.end(); }

  // --- Finding cells

  void microBatchesAreHalves() {
    QCOMPARE(microBatches(64), (std::vector<int>{64, 32, 16, 8, 4, 2}));
    QCOMPARE(microBatches(48), (std::vector<int>{48, 24, 12, 6, 3}));
    QCOMPARE(microBatches(1), (std::vector<int>{1}));
    QCOMPARE(microBatches(7), (std::vector<int>{7}));
  }

  void sizesAsTheyAreWritten() {
    QCOMPARE(readSizes(QStringLiteral(" 128 256,192;128 ")), (std::vector<Size>{{128, 128}, {256, 192}}));
    QVERIFY_EXCEPTION_THROWN(readSizes(QStringLiteral("12x")), Error);
    QVERIFY_EXCEPTION_THROWN(readSizes(QString()), Error);
    QVERIFY_EXCEPTION_THROWN(readSizes(QStringLiteral("100000")), Error);
  }

  // As the notebooks halve by hand: 64 and 32 do not fit into 30 MiB, 16 do.
  void theLargestMicroBatchThatFits() {
    Jobs jobs;
    FitRunner runner(jobs, countingTable());
    runner.start(requestFor(cardOf(30), {"resnet18"}, {{64, 64}}));
    QVERIFY(runner.running());
    QTRY_VERIFY(!runner.running());
    const std::vector<FitCell>& tried = *runner.find("resnet18", {64, 64});
    QCOMPARE(tried.size(), std::size_t{3});
    QCOMPARE(tried.back().batch, 16);
    QCOMPARE(tried.back().accum, 4);
    QCOMPARE(tried.back().fit, Fit::Fits);
    QCOMPARE(tried[1].fit, Fit::No);
    QVERIFY(!runner.find("resnet18", {32, 32}));
  }

  void whatOthersHoldIsTakenOff() {
    Jobs jobs;
    FitRunner runner(jobs, countingTable());
    FitRequest request = requestFor(cardOf(100), {"resnet18"}, {{64, 64}});
    request.others = 60 * kMib;
    runner.start(request);
    QTRY_VERIFY(!runner.running());
    QCOMPARE(runner.find("resnet18", {64, 64})->back().batch, 32);
  }

  void onlyWhatIsMissingIsFound() {
    Jobs jobs;
    FitRunner runner(jobs, countingTable());
    FitRequest request = requestFor(cardOf(100), {"resnet18", "resnet26d"}, {{64, 64}});
    runner.start(request);
    QTRY_COMPARE(runner.done(), std::size_t{2});
    QTRY_VERIFY(!runner.running());
    QCOMPARE(calls_.load(), 2);
    runner.start(request);
    QVERIFY(!runner.running());
    request.sizes = {{64, 64}, {32, 32}};
    runner.start(request);
    QTRY_VERIFY(!runner.running());
    QCOMPARE(calls_.load(), 4);
    request.sizes = {{32, 32}};
    runner.start(request);
    QCOMPARE(runner.done(), std::size_t{2});
    request.base.optimizer.kind = OptimizerKind::Sgd;  // other cells
    runner.start(request);
    QCOMPARE(runner.done(), std::size_t{0});
    QTRY_VERIFY(!runner.running());
    QCOMPARE(calls_.load(), 6);
  }

  void stopsAndGoesOn() {
    Jobs jobs;
    std::counting_semaphore<8> gate(0);
    FitRunner runner(jobs, [&](const RunSpec&, std::int64_t, const DeviceProfile& profile, const FitTableOptions& options,
                               const std::function<void(const FitCell&)>& onCell, std::stop_token stop) {
      gate.acquire();
      if (stop.stop_requested()) throw Cancelled();
      imagesTable(profile, options, onCell);
    });
    const FitRequest request = requestFor(cardOf(100), {"resnet18", "resnet26d"}, {{64, 64}});
    runner.start(request);
    gate.release();
    QTRY_COMPARE(runner.done(), std::size_t{1});
    runner.pause();
    QVERIFY(!runner.running());
    gate.release(4);
    QTRY_VERIFY(jobs.running().isEmpty());
    QTest::qWait(200);
    QCOMPARE(runner.done(), std::size_t{1});
    runner.start(request);
    QTRY_VERIFY(!runner.running());
    QCOMPARE(runner.done(), std::size_t{2});
    gate.release(2);
    runner.start(requestFor(cardOf(101), {"resnet18"}, {{64, 64}}));
    jobs.cancel(jobs.running().front().id);  // as the status bar does
    QTRY_VERIFY(!runner.running());
  }

  // --- Into the recipe

  void aCellFillsTheRecipe() {
    FitCell cell;
    cell.architecture = "resnet26d";
    cell.size = {96, 96};
    cell.batch = 16;
    cell.accum = 4;
    RunSpec spec;
    spec.model.weights = "/some/resnet18.pth";
    spec.batch.effective = 100;
    const RunSpec filled = withCell(spec, cell);
    QCOMPARE(filled.model.arch, std::string("resnet26d"));
    QCOMPARE(filled.model.weights, std::string("auto"));
    QVERIFY(networkSize(filled.stages.front()) == cell.size);
    QCOMPARE(filled.batch.size, 16);
    QCOMPARE(filled.batch.accum, 4);
    QVERIFY(!filled.batch.effective);
    QVERIFY(isOfRecipe(filled, cell));
    QVERIFY(!isOfRecipe(spec, cell));
    spec.stages.front().batch = BatchOptions{.size = 8};  // of the stage, not of the run
    QCOMPARE(withCell(spec, cell).stages.front().batch->size, 16);
    QCOMPARE(withCell(spec, cell).batch.size, spec.batch.size);
  }

  // --- The page, with the planner itself

  void aCellForEveryArchitecture() {
    open(QStringLiteral("64"));
    QCOMPARE(view()->model()->rowCount(), static_cast<int>(architectures().size()));
    QTRY_VERIFY_WITH_TIMEOUT(!panel()->runner().running() && panel()->runner().done() == architectures().size(), kPlanMs);
    int planned = 0;
    for (int row = 0; row < view()->model()->rowCount(); ++row) {
      const std::string name = text(row, 0).toStdString();
      const bool takes = sizeProblem(architecture(name), {64, 64}).empty();
      QCOMPARE(text(row, 1) == QStringLiteral("–"), !takes);
      planned += takes;
    }
    QVERIFY(planned > 3);
    const QModelIndex cell = view()->model()->index(rowOf("resnet18"), 1);
    QVERIFY2(cell.data().toString().endsWith(QStringLiteral("64×1")), qPrintable(cell.data().toString()));
    QVERIFY(cell.data(Qt::BackgroundRole).value<QColor>().isValid());
    QVERIFY(!cell.data(Qt::DecorationRole).value<QIcon>().isNull());  // the colour is not the only sign
    QVERIFY(cell.data(Qt::AccessibleTextRole).toString().endsWith(QStringLiteral("fits")));
    QVERIFY(cell.data(Qt::ToolTipRole).toString().contains(QStringLiteral("64×64")));

    clickAndUndo();
    csv();
    smallCard();
  }

  void arrowsLookAndEnterChooses() {
    open(QStringLiteral("64"));
    QLineEdit* filter = panel()->bar()->filter();
    QCOMPARE(session_.page().filterWidget(), filter);
    filter->setFocus();
    QTest::keyClicks(filter, QStringLiteral("RESNET18"));
    QCOMPARE(view()->model()->rowCount(), 1);
    QTRY_VERIFY_WITH_TIMEOUT(text(0, 1).contains(QStringLiteral("·")), kPlanMs);
    QTest::keyClick(filter, Qt::Key_Down);
    QVERIFY(view()->hasFocus());
    QVERIFY(label("fitDetails")->text().contains(QStringLiteral("activations")));
    QVERIFY(!session_->canUndo());
    QTest::keyClick(view(), Qt::Key_Return);
    QVERIFY(networkSize(session_->recipe().stages.front()) == (Size{64, 64}));
    QVERIFY(!button("useCell")->isEnabled());
    QVERIFY(session_.page().leaveDrillDown());
    QVERIFY(view()->model()->rowCount() > 1);
    QVERIFY(!session_.page().leaveDrillDown());
    QTest::keyClicks(filter, QStringLiteral("nothing is called so"));
    QVERIFY(!view()->isVisible());
  }

  void sizesAreColumnsAndWhatIsWrongIsRed() {
    open(QStringLiteral("64 96"));
    QCOMPARE(view()->model()->columnCount(), 3);
    auto* sizes = session_.page().findChild<QLineEdit*>(QStringLiteral("sizes"));
    sizes->setFocus();
    sizes->selectAll();
    QTest::keyClicks(sizes, QStringLiteral("32 64,48 nonsense"));
    QTest::keyClick(sizes, Qt::Key_Return);
    QCOMPARE(view()->model()->columnCount(), 3);
    QVERIFY(sizes->toolTip().contains(QStringLiteral("nonsense")));
    sizes->selectAll();
    QTest::keyClicks(sizes, QStringLiteral("32 64,48 128 96"));
    QTest::keyClick(sizes, Qt::Key_Return);
    QCOMPARE(view()->model()->columnCount(), 5);
    QCOMPARE(view()->model()->headerData(2, Qt::Horizontal).toString(), QStringLiteral("64,48"));
    QVERIFY(!sizes->toolTip().contains(QStringLiteral("nonsense")));
  }

  // Nobody looks: nothing is planned.
  void hiddenItPlansNothing() {
    open(QStringLiteral("64"));
    QTRY_VERIFY_WITH_TIMEOUT(panel()->runner().running(), kPlanMs);
    session_.page().hide();
    QVERIFY(!panel()->runner().running());
    session_->setRecipeField(QStringLiteral("optimizer.kind"), "sgd");
    QVERIFY(!panel()->runner().running());
    session_.page().show();
    QVERIFY(panel()->runner().running());
    button("stopPlanning")->click();
    QVERIFY(!panel()->runner().running());
    session_.page().hide();
    session_.page().show();
    QVERIFY(!panel()->runner().running());  // stopped is stopped
    button("stopPlanning")->click();
    QVERIFY(panel()->runner().running());
  }

  void everyControlTeaches() {
    open(QStringLiteral("64"));
    for (const auto* one : session_.page().findChildren<QPushButton*>()) {
      if (one->isVisible()) QVERIFY2(!one->toolTip().isEmpty(), qPrintable(one->text()));
    }
    for (const auto* one : session_.page().findChildren<QComboBox*>()) QVERIFY(!one->accessibleName().isEmpty() && !one->toolTip().isEmpty());
    for (const auto* one : session_.page().findChildren<QSpinBox*>()) QVERIFY(!one->accessibleName().isEmpty() && !one->toolTip().isEmpty());
    for (const auto* one : session_.page().findChildren<QTableView*>()) QVERIFY(!one->accessibleName().isEmpty());
  }

  // --- The meter

  void theMeterAndItsProcesses() {
    open(QStringLiteral("64"));
    session_->memory().start();
    auto* processes = session_.page().findChild<QTableView*>(QStringLiteral("processes"));
    QTRY_VERIFY_WITH_TIMEOUT(processes->model()->rowCount() > 0, 20'000);
    bool own = false;
    for (int row = 0; row < processes->model()->rowCount(); ++row) {
      if (processes->model()->index(row, ProcessModel::Pid).data().toString() != QString::number(::getpid())) continue;
      own = processes->model()->index(row, 0).data(Qt::FontRole).value<QFont>().bold();
      QVERIFY(processes->model()->index(row, ProcessModel::Memory).data().toString() != QStringLiteral("0"));
    }
    QVERIFY(own);
    QTRY_VERIFY(label("memoryNow")->text().contains(QStringLiteral("taken")));
    QTRY_VERIFY_WITH_TIMEOUT(label("memoryPlanned")->text().contains(QStringLiteral("Needs about")), kPlanMs);
    const auto bars = session_.page().findChildren<StackBar*>();
    QCOMPARE(bars.size(), 2);
    QTRY_COMPARE(bars[1]->sum(), session_->forecast().plan()->peak());
    QVERIFY(bars[0]->sum() > 0);
  }

 private:
  FitRunner::Table countingTable() {
    calls_ = 0;
    return [this](const RunSpec&, std::int64_t, const DeviceProfile& profile, const FitTableOptions& options,
                  const std::function<void(const FitCell&)>& onCell, std::stop_token) {
      ++calls_;
      imagesTable(profile, options, onCell);
    };
  }

  static FitRequest requestFor(const DeviceProfile& card, std::vector<std::string> names, std::vector<Size> sizes) {
    FitRequest request;
    request.profile = card;
    request.architectures = std::move(names);
    request.sizes = std::move(sizes);
    request.batches = microBatches(64);
    return request;
  }

  void open(const QString& sizes) {
    session_->settings().setValue(QStringLiteral("memory/sizes"), sizes);
    QVERIFY(session_.open(makeMemoryPage));
    QTRY_VERIFY_WITH_TIMEOUT(panel()->bar()->profile(), 20'000);
  }

  void clickAndUndo() {
    const int row = rowOf("resnet26d");
    const QModelIndex cell = view()->model()->index(row, 1);
    view()->scrollTo(cell);
    QTest::mouseClick(view()->viewport(), Qt::LeftButton, Qt::NoModifier, view()->visualRect(cell).center());
    QCOMPARE(session_->recipe().model.arch, std::string("resnet26d"));
    QVERIFY(networkSize(session_->recipe().stages.front()) == (Size{64, 64}));
    QVERIFY(session_->undoText().contains(QStringLiteral("resnet26d at 64, 64 × 1")));
    QVERIFY(view()->model()->index(row, 0).data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(view()->model()->index(row, 1).data(Qt::FontRole).value<QFont>().bold());
    // Of the recipe the table varies nothing but what it shows: its cells are still those.
    QVERIFY(!panel()->runner().running());
    session_->undo();
    QCOMPARE(session_->recipe().model.arch, std::string("resnet18"));
  }

  void csv() {
    const QString file = session_.path(QStringLiteral("fit.csv"));
    QVERIFY(panel()->writeCsv(file));
    const QString all = QString::fromStdString(readText(file.toStdString()));
    const QStringList lines = all.split(u'\n', Qt::SkipEmptyParts);
    QVERIFY(lines.front().startsWith(QStringLiteral("architecture,height,width,batch,accum,predicted_mib,fit")));
    std::set<QString> names;
    for (int i = 1; i < lines.size(); ++i) names.insert(lines[i].section(u',', 0, 0));
    QCOMPARE(names.size(), architectures().size());
    QSignalSpy reported(&*session_, &Session::problemReported);
    QVERIFY(!panel()->writeCsv(session_.path(QStringLiteral("nowhere/fit.csv"))));
    QCOMPARE(reported.size(), 1);
  }

  // A card of the user's own, too small for most: cells turn, and the choice is kept.
  void smallCard() {
    auto* card = session_.page().findChild<QComboBox*>(QStringLiteral("card"));
    auto* own = session_.page().findChild<QSpinBox*>(QStringLiteral("ownCard"));
    QVERIFY(!own->isVisible());
    card->setFocus();
    QTest::keyClick(card, Qt::Key_End);
    QVERIFY(own->isVisible());
    own->setFocus();
    own->selectAll();
    QTest::keyClicks(own, QStringLiteral("2048"));
    QTest::keyClick(own, Qt::Key_Return);
    QCOMPARE(session_->memoryProfiles().all().back().total, 2048 * kMib);
    QTRY_VERIFY_WITH_TIMEOUT(!panel()->runner().running() && panel()->runner().done() == architectures().size(), kPlanMs);
    int none = 0;
    for (const auto& [key, tried] : panel()->runner().cells()) none += tried.back().parts && tried.back().fit == Fit::No;
    QVERIFY2(none > 0, qPrintable(QString::number(none)));
    QCOMPARE(session_->settings().value(QStringLiteral("memory/card")).toString(), QStringLiteral("own"));
  }

  FitPanel* panel() const { return session_.page().findChild<FitPanel*>(); }
  QTableView* view() const { return panel()->view(); }
  QPushButton* button(const char* name) const { return session_.page().findChild<QPushButton*>(QLatin1StringView(name)); }
  QLabel* label(const char* name) const { return session_.page().findChild<QLabel*>(QLatin1StringView(name)); }
  QString text(int row, int column) const { return view()->model()->index(row, column).data().toString(); }
  int rowOf(const std::string& arch) const {
    for (int row = 0; row < view()->model()->rowCount(); ++row) {
      if (text(row, 0).toStdString() == arch) return row;
    }
    return -1;
  }

  std::atomic<int> calls_ = 0;
  PageSession session_;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::MemoryPageTest)
#include "memory_page_test.moc"
