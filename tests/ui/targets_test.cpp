// Further targets of a photo (variety, age) wherever photos are shown: tiles, batches, the inspector, the Inspect page.
#include <QComboBox>
#include <QLabel>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/file.h"
#include "tests/ui/painted_photos.h"
#include "tests/ui/runs_with_predictions.h"
#include "ui/frame/inspector.h"
#include "ui/inspect/inspect_page.h"
#include "ui/preview/batch_renderer.h"
#include "ui/shared/page.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/photo_grid_view.h"
#include "ui/shared/photo_targets.h"
#include "ui/shared/session.h"

using namespace panicle;
using namespace panicle::ui;
using panicle::testing::madePredictions;

namespace {

QVector<PhotoTarget> someTargets() {
  return {{QStringLiteral("variety"), QStringLiteral("ADT45"), QStringLiteral("IR20")},
          {QStringLiteral("age"), QStringLiteral("45"), QStringLiteral("51.2")},
          {QStringLiteral("field"), {}, {}}};
}

// Six photos of two classes; the first has no variety.
void writeTable(const std::filesystem::path& root) {
  std::string table = "image_id,label,variety,age\n";
  for (int i = 0; i < 6; ++i) {
    const std::string label = i < 3 ? "blast" : "normal";
    table += label + "/00" + std::to_string(i % 3) + ".png," + label + (i == 0 ? "," : i % 2 ? ",ADT45" : ",IR20") + "," +
             std::to_string(40 + i) + "\n";
  }
  writeAtomically(root / "train.csv", table);
}

}  // namespace

class TargetsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    const QString root = folder_->filePath(QStringLiteral("data"));
    QVERIFY(paintPhotos(root, {QStringLiteral("blast"), QStringLiteral("normal")}, 3));
    writeTable(root.toStdString());
    session_ = std::make_unique<Session>(
        std::make_unique<RunStore>(std::filesystem::path(folder_->filePath(QStringLiteral("w")).toStdString())));
    RunSpec spec = session_->recipe();
    spec.data.root = root.toStdString();
    spec.data.label_columns = {"label", "variety", "age"};
    spec.data.regression_columns = {"age"};
    session_->setRecipe(spec, QStringLiteral("targets"));
    QTRY_VERIFY(session_->dataset());
  }

  void cleanup() {
    session_.reset();
    folder_.reset();
  }

  void inWords() {
    QCOMPARE(targetsLine(someTargets()), QStringLiteral("ADT45 → IR20 · 45 → 51.2"));
    QCOMPARE(targetsText(someTargets()), QStringLiteral("variety ADT45 (predicted IR20), age 45 (predicted 51.2), field not known"));
    QVector<PhotoTarget> known = someTargets();
    known[0].predicted = known[0].value;
    known[1].predicted.clear();
    QCOMPARE(targetsLine(known), QStringLiteral("ADT45 · 45"));
    known[0].value.clear();
    QCOMPARE(targetsLine(known), QStringLiteral("? → ADT45 · 45"));
  }

  void photosOfTheDataSetHaveThem() {
    const auto& items = session_->dataset()->items;
    QCOMPARE(items.size(), std::size_t{6});
    const Photo first = session_->photo(items[0]);
    QCOMPARE(first.targets.size(), 2);
    QCOMPARE(first.targets[0].name, QStringLiteral("variety"));
    QVERIFY(first.targets[0].value.isEmpty());
    QCOMPARE(first.targets[1].value, QStringLiteral("40"));
    QCOMPARE(session_->photo(items[5]).targets[0].value, QStringLiteral("ADT45"));
    QCOMPARE(session_->photo(items[5]).targets[1].value, QStringLiteral("45"));
    const Item copy = items[5];
    QVERIFY(session_->photo(copy).targets.isEmpty());
  }

  void tilesHaveALineForThem() {
    PhotoGrid grid(PhotoGrid::Strip::Label);
    grid.resize(400, 600);
    grid.show();
    std::vector<Photo> photos{session_->photo(session_->dataset()->items[5])};
    grid.setPhotos(photos);
    grid.setCurrent(0);
    QVERIFY(grid.view()->accessibleDescription().contains(QStringLiteral("variety ADT45, age 45")));
    const QImage before = grid.grab().toImage();
    grid.setTargets(true);
    QVERIFY(grid.grab().toImage() != before);
    // With other targets the tile looks otherwise.
    const QImage shown = grid.grab().toImage();
    photos[0].targets[0].value = QStringLiteral("Surya");
    grid.setPhotos(photos);
    grid.setCurrent(0);
    QVERIFY(grid.grab().toImage() != shown);
  }

  void inspectorNamesThem() {
    Inspector inspector(*session_);
    inspector.resize(320, 900);
    inspector.show();
    Photo photo = session_->photo(session_->dataset()->items[0]);
    photo.targets[1].predicted = QStringLiteral("51.2");
    session_->select({photo}, 0);
    const auto* targets = inspector.findChild<QLabel*>(QStringLiteral("targets"));
    QVERIFY(targets->isVisible());
    for (const char* word : {"variety", "not known", "age", "40", "predicted 51.2"}) {
      QVERIFY2(targets->text().contains(QLatin1StringView(word)), word);
    }
    photo.targets.clear();
    session_->select({photo}, 0);
    QVERIFY(!targets->isVisible());
  }

  void batchesNameThoseOfTheirPhotos() {
    BatchRequest request;
    request.dataset = session_->dataset();
    request.spec = session_->recipe();
    request.spec.batch.size = 3;
    request.spec.data.subset.classes = {"normal"};  // places in the subset differ from those in the data set
    request.spec.stages[0].resize.size = {32, 32};
    BatchRenderer renderer;
    const BatchPicture picture = renderer.render(request);
    QVERIFY(!picture.tiles.empty());
    for (const BatchTile& tile : picture.tiles) {
      const auto& items = session_->dataset()->items;
      const auto item = std::find_if(items.begin(), items.end(), [&](const Item& i) { return i.path == tile.photo.path; });
      QVERIFY(item != items.end());
      QCOMPARE(targetsLine(tile.targets), targetsLine(session_->photo(*item).targets));
    }
  }

  void inspectPageShowsAnyTargetOfClasses();

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
};

void TargetsTest::inspectPageShowsAnyTargetOfClasses() {
  RunStore& store = session_->store();
  const std::string run = store.create(session_->recipe(), Json::object());
  RunEnded end;
  end.run = run;
  store.record(run, end);
  const Predictions label = madePredictions(4, 6);
  Predictions variety = label;
  variety.vocab = {"ADT45", "IR20", "Surya", "Zonal"};
  std::reverse(variety.targets.begin(), variety.targets.end());
  NumberPredictions age{.name = "age", .ids = label.ids, .paths = label.paths, .values = {}, .truths = {}};
  age.values.assign(label.size(), 51.25F);
  age.truths.assign(label.size(), std::numeric_limits<float>::quiet_NaN());
  age.truths[0] = 45;
  const auto folder = store.folder(run);
  writeNumberPredictions(folder, "valid.age", age);
  writePredictions(folder, "valid.variety", variety);
  writePredictions(folder, "valid_tta", label);
  writePredictions(folder, "valid", label);

  const std::unique_ptr<Page> page(makeInspectPage(*session_, nullptr));
  page->resize(900, 640);
  page->show();
  const auto* error = page->findChild<QLabel*>(QStringLiteral("error"));
  const auto* title = page->findChild<QLabel*>(QStringLiteral("title"));
  auto* kept = page->findChild<QComboBox*>(QStringLiteral("kept"));
  const auto errorText = [](const Predictions& predictions) {
    return QStringLiteral("error %1 %").arg(100 * predictions.errorRate(), 0, 'f', 1);
  };
  QTRY_VERIFY(error->text().startsWith(errorText(label)));
  QStringList entries;
  for (int i = 0; i < kept->count(); ++i) entries << kept->itemText(i);
  QCOMPARE(entries, (QStringList{QStringLiteral("label"), QStringLiteral("variety"), QStringLiteral("label, with TTA")}));
  auto* grid = page->findChild<PhotoGrid*>();
  const auto shownOf = [&](const std::string& id) {
    for (int i = 0; i < grid->count(); ++i) {
      if (grid->photo(i).id.toStdString() == id) return targetsText(grid->photo(i).targets);
    }
    return QString();
  };
  const QString known = QString::fromStdString(variety.vocab[static_cast<std::size_t>(variety.targets[0])]);
  const QString said = QString::fromStdString(variety.vocab[static_cast<std::size_t>(variety.predicted(0))]);
  QCOMPARE(shownOf(label.ids[0]), QStringLiteral("variety %1 (predicted %2), age 45 (predicted 51.25)").arg(known, said));
  QVERIFY(shownOf(label.ids[1]).endsWith(QStringLiteral("age not known (predicted 51.25)")));

  QVERIFY(errorText(variety) != errorText(label));
  kept->setCurrentIndex(1);
  QTRY_VERIFY(error->text().startsWith(errorText(variety)));
  QVERIFY(title->text().contains(QStringLiteral("target: variety")));
  QVERIFY(shownOf(label.ids[0]).startsWith(QStringLiteral("label class_0000")));
  kept->setCurrentIndex(2);
  QTRY_VERIFY(title->text().contains(QStringLiteral("TTA")) && !title->text().contains(QStringLiteral("no TTA")));
  QTRY_VERIFY(error->text().startsWith(errorText(label)));
}

QTEST_MAIN(TargetsTest)
#include "targets_test.moc"
