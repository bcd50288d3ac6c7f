// The session: one data set, one recipe with undo, one selection.
#include "ui/shared/session.h"

#include <QFile>
#include <QMap>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "tests/ui/painted_photos.h"
#include "ui/shared/jobs.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_sampler.h"
#include "ui/shared/run_controller.h"

namespace panicle::ui {
namespace {

constexpr int kTrainingMs = 300'000;  // patience, not a measure

class SessionTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    QVERIFY(paintPhotos(first(), {QStringLiteral("blast"), QStringLiteral("normal")}, 3));
    QVERIFY(paintPhotos(second(), {QStringLiteral("hispa")}, 2));
    session_ = open();
    told_.clear();
    connect(session_.get(), &Session::told, this, [this](const QString& cause, const QString& text) { told_[cause] = text; });
  }

  void cleanup() {
    session_.reset();
    folder_.reset();
  }

  void openingScansThenTakesTheCensus() {
    QSignalSpy opened(session_.get(), &Session::datasetChanged);
    QSignalSpy counted(session_.get(), &Session::censusChanged);
    session_->openDataset(first());
    QVERIFY(session_->opening());
    QVERIFY(!session_->dataset());
    QTRY_COMPARE(opened.size(), 1);
    QVERIFY(!session_->opening());
    QCOMPARE(session_->dataset()->items.size(), std::size_t{6});
    QTRY_COMPARE(counted.size(), 1);
    QCOMPARE(session_->census()->class_counts, (std::vector<std::size_t>{3, 3}));
    QCOMPARE(session_->recent().front(), first());

    const Photo photo = session_->photo(session_->dataset()->items.back());
    QCOMPARE(photo.label, QStringLiteral("normal"));
    QVERIFY(QFile::exists(photo.file));
  }

  void openingIsOneUndoStepAndTheDataFollow() {
    session_->openDataset(first());
    QTRY_VERIFY(session_->dataset());
    QCOMPARE(QString::fromStdString(session_->recipe().data.root), first());
    QVERIFY(session_->recipeProblems().isEmpty());
    session_->openDataset(second());
    QTRY_COMPARE(session_->dataset()->vocab, (Vocab{"hispa"}));
    session_->undo();
    QCOMPARE(QString::fromStdString(session_->recipe().data.root), first());
    QTRY_COMPARE(session_->dataset()->vocab, (Vocab{"blast", "normal"}));
  }

  void failedOpeningLeavesWhatWasThere() {
    session_->openDataset(first());
    QTRY_VERIFY(session_->dataset());
    QSignalSpy failed(session_.get(), &Session::datasetFailed);
    told_.clear();
    session_->openDataset(folder_->filePath(QStringLiteral("nowhere")));
    QTRY_COMPARE(failed.size(), 1);
    QVERIFY(told_.value(QStringLiteral("data")).contains(QStringLiteral("nowhere")));
    QVERIFY(session_->recipeProblems().isEmpty());  // which is at what is on show
    QCOMPARE(session_->dataset()->items.size(), std::size_t{6});
    QCOMPARE(QString::fromStdString(session_->recipe().data.root), first());
    QVERIFY(!session_->recent().contains(folder_->filePath(QStringLiteral("nowhere"))));
    session_->openDataset(second());
    QTRY_COMPARE(told_.value(QStringLiteral("data")), QString());
  }

  // In words that name the field and the columns there are, as long as it is so.
  void aColumnThatIsNotThereIsAProblemOfItsField() {
    writeTable();
    session_->openDataset(first());
    QTRY_VERIFY(session_->dataset());
    QCOMPARE(session_->dataset()->items.size(), std::size_t{2});
    QVERIFY(session_->recipeProblems().isEmpty());
    QSignalSpy changed(session_.get(), &Session::draftProblemsChanged);
    for (const char* field : {"data.label_columns", "data.image_column"}) {
      const bool list = QLatin1String(field) == QLatin1String("data.label_columns");
      session_->setRecipeField(QLatin1String(field), list ? Json::array({"lable"}) : Json("lable"));
      QTRY_COMPARE(session_->recipeProblems().size(), 1);
      QVERIFY(!changed.isEmpty());
      const QString problem = session_->recipeProblems().front();
      QVERIFY2(problem.startsWith(QLatin1String(field) + QStringLiteral(": ")), qPrintable(problem));
      for (const char* word : {"\"lable\"", "train.csv", "image_id, label and variety", "Did you mean \"label\"?"}) {
        QVERIFY2(problem.contains(QLatin1String(word)), qPrintable(problem));
      }
      const QString said = told_.value(QStringLiteral("data"));
      QVERIFY2(said.startsWith(list ? QStringLiteral("Label columns: ") : QStringLiteral("Image column: ")), qPrintable(said));
      QVERIFY(!session_->start());
      session_->undo();
      QVERIFY(session_->recipeProblems().isEmpty());
      QTRY_COMPARE(told_.value(QStringLiteral("data")), QString());
    }
  }

  // A table that is named is read, whatever folders there are, so a wrong column fails instead of being passed over.
  void theSameOfATableThatIsNamed() {
    writeTable();
    session_->openDataset(first() + QStringLiteral("/train.csv"));
    QTRY_VERIFY(session_->dataset());
    session_->setRecipeField(QStringLiteral("data.label_columns"), Json::array({"label", "age"}));
    QTRY_COMPARE(session_->recipeProblems().size(), 1);
    QVERIFY(session_->recipeProblems().front().contains(QStringLiteral("\"age\" is no column of train.csv")));
    session_->setRecipeField(QStringLiteral("data.label_columns"), Json::array({"label", "variety"}));
    QTRY_COMPARE(told_.value(QStringLiteral("data")), QString());
    QVERIFY(session_->recipeProblems().isEmpty());
    session_->setRecipeField(QStringLiteral("data.split.kind"), "column");
    QCOMPARE(session_->recipeProblems().size(), 1);
    QVERIFY(session_->recipeProblems().front().startsWith(QStringLiteral("data.split.column: \"is_val\"")));
  }

  void anotherLabelColumnKeepsThePhotosSelected() {
    writeTable();
    session_->openDataset(first());
    QTRY_VERIFY(session_->dataset());
    const auto& items = session_->dataset()->items;
    session_->select({session_->photo(items[0]), session_->photo(items[1])}, 1);
    const QString path = session_->currentPhoto()->path;
    QCOMPARE(session_->currentPhoto()->label, QStringLiteral("normal"));
    QSignalSpy current(session_.get(), &Session::currentPhotoChanged);
    session_->setRecipeField(QStringLiteral("data.label_columns"), Json::array({"variety"}));
    QTRY_COMPARE(current.size(), 1);
    QVERIFY(session_->currentPhoto());
    QCOMPARE(session_->currentIndex(), 1);
    QCOMPARE(session_->currentPhoto()->path, path);
    QCOMPARE(session_->currentPhoto()->label, QStringLiteral("Surya"));
    session_->openDataset(second());
    QTRY_COMPARE(session_->selection().size(), std::size_t{0});
    QVERIFY(!session_->currentPhoto());
  }

  void aSubsetOfTheRecipeHidesNoPhotos() {
    session_->openDataset(first());
    QTRY_VERIFY(session_->dataset());
    const auto before = session_->dataset();
    QCOMPARE(session_->setRecipeField(QStringLiteral("data.subset.fraction"), 0.5), QString());
    QTest::qWait(20);
    QVERIFY(!session_->opening());
    QCOMPARE(session_->dataset(), before);
  }

  void recipeStepsAreNamedUndoneAndRedone() {
    QSignalSpy changed(session_.get(), &Session::recipeChanged);
    const int epochs = session_->recipe().stages[0].schedule.epochs;
    QCOMPARE(session_->setRecipeField(QStringLiteral("stages.0.schedule.epochs"), epochs + 7), QString());
    QCOMPARE(changed.size(), 1);
    QCOMPARE(session_->undoText(), QStringLiteral("Change epochs"));
    QCOMPARE(session_->setRecipeField(QStringLiteral("stages.0.schedule.epochs"), epochs + 7), QString());
    QCOMPARE(changed.size(), 1);  // nothing changed, nothing to undo
    session_->undo();
    QCOMPARE(session_->recipe().stages[0].schedule.epochs, epochs);
    QVERIFY(!session_->canUndo());
    QCOMPARE(session_->redoText(), QStringLiteral("Change epochs"));
    session_->redo();
    QCOMPARE(session_->recipe().stages[0].schedule.epochs, epochs + 7);
    session_->undo();
    session_->setRecipeField(QStringLiteral("batch.size"), 16);
    QVERIFY(!session_->canRedo());
  }

  void wrongValueLeavesTheRecipe() {
    QSignalSpy changed(session_.get(), &Session::recipeChanged);
    const Json before = specToJson(session_->recipe());
    QVERIFY(session_->setRecipeField(QStringLiteral("batch.size"), "many").contains(QStringLiteral("batch.size")));
    QVERIFY(session_->setRecipeField(QStringLiteral("batch.sice"), 16).contains(QStringLiteral("batch.size")));
    QVERIFY(changed.isEmpty());
    QVERIFY(specToJson(session_->recipe()) == before);
  }

  void withoutDataTheRecipeCannotStart() {
    QCOMPARE(session_->recipeProblems().size(), 1);
    session_->setRecipeField(QStringLiteral("model.arch"), "resnet999");
    QCOMPARE(session_->recipeProblems().size(), 2);
  }

  void lastRecipeIsRemembered() {
    session_->setRecipeField(QStringLiteral("batch.size"), 24);
    session_.reset();
    session_ = open();
    QCOMPARE(session_->recipe().batch.size, 24);
    QVERIFY(!session_->canUndo());
  }

  void damagedSettingsGiveTheDefaults() {
    session_->settings().setValue(QStringLiteral("recipe"), QStringLiteral("{\"batch\": 7, broken"));
    session_.reset();
    session_ = open();
    QCOMPARE(session_->recipe().batch.size, RunSpec().batch.size);
  }

  void selectionHasACurrentPhotoOrNone() {
    QSignalSpy current(session_.get(), &Session::currentPhotoChanged);
    std::vector<Photo> photos(3);
    photos[1].id = QStringLiteral("b");
    session_->select(photos, 1);
    QCOMPARE(current.size(), 1);
    QCOMPARE(session_->currentPhoto()->id, QStringLiteral("b"));
    session_->setCurrent(3);
    session_->setCurrent(-1);
    session_->setCurrent(1);
    QCOMPARE(current.size(), 1);
    QCOMPARE(session_->currentIndex(), 1);
    session_->setCurrent(2);
    QCOMPARE(current.size(), 2);
    session_->select({}, 0);
    QVERIFY(!session_->currentPhoto());
  }

  // What does not fit is trained all the same when Start is pressed twice; a change of the recipe between the two counts anew.
  void startAsksTwiceWhereItDoesNotFit() {
    openForAShortRun();
    fillTheMemory();
    QVERIFY(!session_->start());
    QVERIFY(!session_->runs().active());
    QVERIFY2(told_.value(QStringLiteral("memory")).contains(QStringLiteral("Press Start again")), qPrintable(told_.value(QStringLiteral("memory"))));
    session_->setRecipeField(QStringLiteral("seed"), 7);
    QCOMPARE(told_.value(QStringLiteral("memory")), QString());
    QTRY_VERIFY_WITH_TIMEOUT(session_->forecast().plan() && !session_->forecast().behind(), kTrainingMs);
    QVERIFY(!session_->start());
    QVERIFY(session_->start());
    QVERIFY(session_->forecast().runPlan());
    QCOMPARE(endedAs(), RunStatus::Finished);
    QVERIFY(!session_->forecast().runPlan());
  }

  // What was taken for a run is given back when it ends, and the meter shows it.
  void afterARunItsTensorsAreGone() {
    openForAShortRun();
    MemoryReading now;
    int readings = 0;
    connect(&session_->memory(), &MemorySampler::sampled, this, [&](const MemoryReading& reading) {
      now = reading;
      ++readings;
    });
    session_->memory().start();
    QTRY_VERIFY(readings > 0);
    const quint64 before = now.tensors;
    QVERIFY(session_->start());
    QCOMPARE(endedAs(), RunStatus::Finished);
    constexpr quint64 kWeights = quint64{40} << 20;  // of a resnet18
    QTRY_VERIFY(now.tensors_peak >= before + kWeights);
    constexpr quint64 kNothing = quint64{1} << 20;
    QTRY_VERIFY2(now.tensors <= before + kNothing, qPrintable(QString::number(now.tensors)));
  }

 private:
  void openForAShortRun() {
    session_->openDataset(first());
    QTRY_VERIFY(session_->dataset());
    RunSpec spec = session_->recipe();
    spec.model.weights = "none";
    spec.batch.size = 2;
    spec.stages[0].resize.size = {32, 32};
    spec.stages[0].schedule.epochs = 1;
    session_->setRecipe(spec, QStringLiteral("Train little"));
  }

  // By others, as the meter would tell: nothing fits any more.
  void fillTheMemory() {
    session_->forecast().start();
    QTRY_VERIFY_WITH_TIMEOUT(session_->forecast().plan() && !session_->forecast().behind(), kTrainingMs);
    MemoryReading full;
    full.cuda = session_->forecast().profile().kind == ComputeKind::Cuda;
    full.total = full.used_by_others = session_->forecast().profile().total;
    session_->forecast().setReading(full);
    QCOMPARE(session_->forecast().fit(), Fit::No);
  }

  RunStatus endedAs() {
    QSignalSpy ended(&session_->runs(), &RunController::ended);
    if (ended.isEmpty() && !ended.wait(kTrainingMs)) return RunStatus::Interrupted;
    return ended.front().at(1).value<RunStatus>();
  }

  std::unique_ptr<Session> open() const {
    return std::make_unique<Session>(std::make_unique<RunStore>(folder_->filePath(QStringLiteral("workspace")).toStdString()));
  }

  // Of the first photo of each folder.
  void writeTable() {
    QFile table(first() + QStringLiteral("/train.csv"));
    QVERIFY(table.open(QIODevice::WriteOnly));
    QByteArray rows = "image_id,label,variety\n";
    rows += "blast/000.png,blast,ADT45\nnormal/000.png,normal,Surya\n";
    table.write(rows);
  }

  QString first() const { return folder_->filePath(QStringLiteral("first")); }
  QString second() const { return folder_->filePath(QStringLiteral("second")); }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  QMap<QString, QString> told_;  // by cause: what was told last
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::SessionTest)
#include "session_test.moc"
