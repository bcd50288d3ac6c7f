// What the Batch tab renders is what the Loader feeds the trainer, byte for byte, and only what must be is
// done anew.
#include "ui/preview/batch_renderer.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "core/base/error.h"
#include "core/data/split.h"
#include "core/loader/loader.h"
#include "tests/ui/painted_photos.h"
#include "ui/preview/batch_words.h"
#include "ui/preview/transform_draft.h"
#include "ui/preview/transform_presets.h"

namespace panicle::ui {
namespace {

// The batch that a trainer gets from the Loader. Written from the loader's side: nothing of the preview is in
// it.
Batch loaderBatch(const RunSpec& spec, std::size_t stage, Mode mode, std::uint64_t epoch,
                  std::uint64_t batch) {
  const Dataset dataset = loadDataset(spec.data);
  const Split split = splitDataset(dataset, spec.data.split);
  auto samples = std::make_shared<std::vector<Sample>>();
  for (const Item& item : dataset.items) samples->push_back({dataset.file(item), item.target});
  Loader loader(samples, makePipeline(spec, spec.stages[stage]), {.threads = 2});
  loader.begin(mode == Mode::Train ? trainingPass(split.train, spec.seed, epoch, spec.batch.size)
                                   : Pass{split.valid, spec.batch.size, false, Mode::Valid, 0});
  Batch result;
  for (std::uint64_t i = 0; i <= batch; ++i) {
    if (!loader.next(result)) result = {};
  }
  return result;
}

std::size_t valuesIn(Size size) {
  return 3 * static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width);
}

bool sameBytes(const BatchTile& tile, const Batch& batch, std::size_t place) {
  const std::size_t count = valuesIn(batch.size);
  return tile.values.size() == count &&
         std::memcmp(tile.values.data(), batch.pixels.data() + place * count, count * sizeof(float)) == 0;
}

class BatchRendererTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    QVERIFY(paintPhotos(folder_->path(),
                        {QStringLiteral("blast"), QStringLiteral("hispa"), QStringLiteral("tungro")}, 9,
                        QSize(60, 80)));
    spec_ = {};
    spec_.data.root = folder_->path().toStdString();
    spec_.batch.size = 6;
    spec_.seed = 7;
    StageOptions& stage = spec_.stages[0];
    stage.resize = {.method = ResizeMethod::Crop, .size = {48, 56}};
    stage.augment->size = Size{40, 32};
    stage.augment->min_scale = 0.6;
  }

  void tilesAreTheLoadersBatch_data() {
    QTest::addColumn<int>("method");
    QTest::addColumn<int>("engine");
    QTest::addColumn<int>("mode");
    for (const auto method :
         {ResizeMethod::Squish, ResizeMethod::Pad, ResizeMethod::Crop, ResizeMethod::RandomResizedCrop}) {
      for (const auto engine : {AugEngine::Fastai, AugEngine::Fused}) {
        for (const auto mode : {Mode::Train, Mode::Valid}) {
          QTest::addRow("%s %s %s", enumName(method), enumName(engine),
                        mode == Mode::Train ? "train" : "valid")
              << static_cast<int>(method) << static_cast<int>(engine) << static_cast<int>(mode);
        }
      }
    }
  }

  void tilesAreTheLoadersBatch() {
    QFETCH(int, method);
    QFETCH(int, engine);
    QFETCH(int, mode);
    spec_.stages[0].resize.method = static_cast<ResizeMethod>(method);
    spec_.stages[0].augment->engine = static_cast<AugEngine>(engine);
    std::mt19937 random(static_cast<unsigned>(method * 4 + engine * 2 + mode));
    BatchRenderer renderer;
    for (int i = 0; i < 3; ++i) {
      spec_.seed = random();
      BatchRequest request = this->request();
      request.mode = static_cast<Mode>(mode);
      request.epoch = random() % 9;
      request.batch = request.mode == Mode::Train ? random() % 3 : 0;
      const BatchPicture picture = renderer.render(request);
      const Batch batch = loaderBatch(spec_, 0, request.mode, request.epoch, request.batch);
      QCOMPARE(static_cast<int>(picture.tiles.size()), batch.count);
      QVERIFY(batch.count > 2);
      for (std::size_t place = 0; place < picture.tiles.size(); ++place) {
        QCOMPARE(picture.tiles[place].item, batch.items[place]);
        QVERIFY(sameBytes(picture.tiles[place], batch, place));
      }
    }
  }

  // The place of a photo is another one in each epoch, and its picture depends on the batch that it is in.
  void onePhotoInManyEpochsIsWhatEachEpochFeeds() {
    BatchRenderer renderer;
    BatchRequest request = this->request();
    request.photo = renderer.render(request).tiles[0].photo.path;
    request.epoch = 2;
    const BatchPicture picture = renderer.render(request);
    QCOMPARE(picture.tiles.size(), request.tiles);
    int shown = 0;
    for (std::size_t i = 0; i < picture.tiles.size(); ++i) {
      const BatchTile& tile = picture.tiles[i];
      QCOMPARE(tile.epoch, 2 + i);
      QCOMPARE(tile.photo.path, *request.photo);
      int found = 0;
      for (std::uint64_t batch = 0; batch < picture.batches; ++batch) {
        const Batch fed = loaderBatch(spec_, 0, Mode::Train, tile.epoch, batch);
        const auto place = std::find(fed.items.begin(), fed.items.end(), tile.item);
        if (place == fed.items.end()) continue;
        ++found;
        QCOMPARE(tile.batch, batch);
        QVERIFY(sameBytes(tile, fed, static_cast<std::size_t>(place - fed.items.begin())));
      }
      QCOMPARE(found, tile.in_epoch ? 1 : 0);
      shown += found;
    }
    QVERIFY(shown > 3);
  }

  // 22 photos train in batches of 6: each epoch does without four.
  void photosOfTheLastUnfullBatchAreLeftOut() {
    BatchRenderer renderer;
    BatchRequest request = this->request();
    std::size_t left = 0;
    const Dataset dataset = loadDataset(spec_.data);
    request.tiles = 1;
    for (const std::uint32_t item : splitDataset(dataset, spec_.data.split).train) {
      request.photo = dataset.items[item].path;
      left += renderer.render(request).tiles.at(0).in_epoch ? 0 : 1;
    }
    QCOMPARE(left, splitDataset(dataset, spec_.data.split).train.size() % 6);
    QVERIFY(left > 0);
  }

  void theRecipesSubsetCounts() {
    spec_.data.subset.classes = {"blast", "tungro"};
    spec_.data.subset.fraction = 0.7;
    BatchRenderer renderer;
    BatchRequest request = this->request();
    const BatchPicture picture = renderer.render(request);
    const Batch batch = loaderBatch(spec_, 0, Mode::Train, 0, 0);
    QCOMPARE(static_cast<int>(picture.tiles.size()), batch.count);
    for (std::size_t place = 0; place < picture.tiles.size(); ++place) {
      QVERIFY(sameBytes(picture.tiles[place], batch, place));
      QVERIFY(picture.tiles[place].photo.path.find(picture.tiles[place].label.toStdString()) !=
              std::string::npos);
    }
    request.photo = "train_images/hispa/000.png";
    QVERIFY_THROWS_EXCEPTION(Error, renderer.render(request));
  }

  void pixelsAreTheValuesAsAPhoto() {
    const BatchTile tile = BatchRenderer().render(request()).tiles.at(1);
    const Normalization normalization;
    QCOMPARE(tile.image.size(), QSize(32, 40));
    for (int y = 0; y < tile.image.height(); ++y) {
      for (int x = 0; x < tile.image.width(); ++x) {
        const QRgb pixel = tile.image.pixel(x, y);
        const std::array<int, 3> shown{qRed(pixel), qGreen(pixel), qBlue(pixel)};
        for (std::size_t c = 0; c < 3; ++c) {
          const auto at = static_cast<std::size_t>(3 * (y * 32 + x)) + c;
          const double photo =
              static_cast<double>(tile.values[at]) * static_cast<double>(normalization.std[c]) +
              static_cast<double>(normalization.mean[c]);
          QVERIFY(std::abs(shown[c] - 255 * std::clamp(photo, 0.0, 1.0)) <= 0.501);
        }
      }
    }
  }

  void statisticsAreThoseOfTheValues() {
    const BatchPicture picture = BatchRenderer().render(request());
    std::array<double, 3> sum{}, squares{};
    double count = 0, low = 1e9, high = -1e9;
    for (const BatchTile& tile : picture.tiles) {
      for (std::size_t i = 0; i < tile.values.size(); ++i) {
        const auto value = static_cast<double>(tile.values[i]);
        sum[i % 3] += value;
        squares[i % 3] += value * value;
        low = std::min(low, value);
        high = std::max(high, value);
      }
      count += static_cast<double>(tile.values.size()) / 3;
    }
    QVERIFY(picture.values);
    QCOMPARE(static_cast<double>(picture.values->low), low);
    QCOMPARE(static_cast<double>(picture.values->high), high);
    for (std::size_t c = 0; c < 3; ++c) {
      QVERIFY(std::abs(picture.values->mean[c] - sum[c] / count) < 1e-5);
      QVERIFY(std::abs(picture.values->std[c] -
                       std::sqrt(squares[c] / count - sum[c] * sum[c] / count / count)) < 1e-4);
    }
  }

  void onlyTheBatchStageIsDoneAgain() {
    BatchRenderer renderer;
    BatchRequest request = this->request();
    renderer.render(request);
    const std::size_t loads = renderer.loads();
    QCOMPARE(loads, std::size_t{6});
    request.spec.stages[0].augment->max_rotate = 40;
    request.spec.stages[0].augment->size = Size{24, 24};
    request.normalized = true;
    const BatchPicture picture = renderer.render(request);
    QCOMPARE(renderer.loads(), loads);
    QVERIFY(picture.tiles[0].size == (Size{24, 24}));
    request.spec.stages[0].resize.size = {64, 64};
    renderer.render(request);
    QCOMPARE(renderer.loads(), 2 * loads);
  }

  // However little may be kept, the pictures are the same.
  void theBudgetChangesNoPicture() {
    BatchRenderer ample, poor(1);
    const BatchRequest request = this->request();
    const BatchPicture once = ample.render(request);
    poor.render(request);
    const BatchPicture again = poor.render(request);
    QCOMPARE(poor.loads(), std::size_t{12});
    for (std::size_t i = 0; i < once.tiles.size(); ++i) QCOMPARE(once.tiles[i].values, again.tiles[i].values);
  }

  void aDamagedFileIsATileWithItsReason() {
    const BatchRequest request = this->request();
    const std::string path = BatchRenderer().render(request).tiles[2].photo.path;
    QFile file(folder_->path() + QLatin1Char('/') + QString::fromStdString(path));
    QVERIFY(file.resize(file.size() / 2));
    const BatchPicture picture = BatchRenderer().render(request);
    QVERIFY(picture.tiles[2].image.isNull());
    QVERIFY2(picture.tiles[2].problem.contains(QString::fromStdString(path)),
             qPrintable(picture.tiles[2].problem));
    const Batch batch = loaderBatch(spec_, 0, Mode::Train, 0, 0);
    QCOMPARE(batch.count, 5);
    QCOMPARE(batch.bad.at(0).item, picture.tiles[2].item);
    QVERIFY(sameBytes(picture.tiles[3], batch, 2));
    QVERIFY(captionWords(request, picture).contains(QStringLiteral("1 cannot be read")));
  }

  void whatTheRunWouldRefuseIsSaid() {
    BatchRequest request = this->request();
    request.spec.data.split.kind = SplitKind::Column;
    request.spec.data.split.column = "nowhere";
    QVERIFY_THROWS_EXCEPTION(Error, BatchRenderer().render(request));
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, BatchRenderer().render(this->request(), stop.get_token()));
  }

  void noValidationPhotosIsNoBatch() {
    BatchRequest request = this->request();
    request.spec.data.split.kind = SplitKind::None;
    request.mode = Mode::Valid;
    const BatchPicture picture = BatchRenderer().render(request);
    QVERIFY(picture.tiles.empty());
    QCOMPARE(picture.batches, std::uint64_t{0});
    QVERIFY(!picture.values);
  }

  // --- The draft and the presets

  void presetsAreTheNotebooks_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("resize");
    QTest::addColumn<QString>("size");
    const auto row = [](const char* name, const char* method, const char* item, const char* pad,
                        const char* size) {
      QTest::newRow(name) << QString::fromUtf8(name)
                          << QStringLiteral("{\"method\":\"%1\",\"size\":%2,\"pad_mode\":\"%3\"}")
                                 .arg(QLatin1StringView(method), QLatin1StringView(item),
                                      QLatin1StringView(pad))
                          << QString::fromUtf8(size);
    };
    row("squish 480 → 224", "squish", "[480,480]", "reflection", "[224,224]");
    row("crop 640,480 → 288,224", "crop", "[640,480]", "reflection", "[288,224]");
    row("crop 640,480 → 320,240", "crop", "[640,480]", "reflection", "[320,240]");
    row("pad 640 zeros → 224", "pad", "[640,640]", "zeros", "[224,224]");
    row("squish 192 → 128", "squish", "[192,192]", "reflection", "[128,128]");
    row("pad 480,360 zeros → 256,192", "pad", "[480,360]", "zeros", "[256,192]");
    row("crop 460 → 224", "crop", "[460,460]", "reflection", "[224,224]");
    row("crop 560 → 448", "crop", "[560,560]", "reflection", "[448,448]");
  }

  void presetsAreTheNotebooks() {
    QFETCH(QString, name);
    QFETCH(QString, resize);
    QFETCH(QString, size);
    const auto& presets = transformPresets();
    const auto found = std::find_if(presets.begin(), presets.end(),
                                    [&](const TransformPreset& preset) { return preset.name == name; });
    QVERIFY(found != presets.end());
    QVERIFY(!found->help.isEmpty());
    const Json wanted = Json::parse(resize.toStdString());
    for (const auto& [key, value] : wanted.items()) QVERIFY(toJson(found->resize)[key] == value);
    AugOptions aug;
    aug.min_scale = 0.75;
    Json augWanted = toJson(aug);
    augWanted["size"] = Json::parse(size.toStdString());
    QVERIFY(toJson(found->augment) == augWanted);
    StageOptions stage;
    stage.resize = found->resize;
    stage.augment = found->augment;
    QCOMPARE(presetOf(stage), static_cast<int>(found - presets.begin()));
    stage.augment->max_rotate = 11;
    QCOMPARE(presetOf(stage), -1);
    QCOMPARE(presets.size(), std::size_t{8});
  }

  void theDraftKeepsWhatIsTriedOut() {
    TransformDraft draft(spec_);
    QVERIFY(!draft.differs());
    QVERIFY(draft.set("stages.0.augment.max_rotate", Json(20.0)).isEmpty());
    QVERIFY(draft.differs());
    QCOMPARE(draft.differences(), QStringList{QStringLiteral("Largest rotation: 10 → 20")});
    RunSpec recipe = spec_;
    recipe.batch.size = 4;
    recipe.stages[0].resize.size = {96, 96};
    draft.follow(recipe);
    QCOMPARE(draft.spec().batch.size, 4);
    QCOMPARE(draft.spec().stages[0].augment->max_rotate, 20.0);
    QVERIFY(draft.spec().stages[0].resize.size == spec_.stages[0].resize.size);
    draft.revert();
    QVERIFY(!draft.differs());
    QVERIFY(draft.spec().stages[0].resize.size == (Size{96, 96}));
    recipe.stages[0].resize.size = {80, 80};
    draft.follow(recipe);
    QVERIFY(draft.spec().stages[0].resize.size == (Size{80, 80}));
    recipe.stages.resize(2);
    draft.set("stages.0.augment.max_rotate", Json(20.0));
    draft.follow(recipe);
    QVERIFY(!draft.differs());
    QCOMPARE(draft.spec().stages.size(), std::size_t{2});
  }

  void theDraftSaysWhatIsWrong() {
    TransformDraft draft(spec_);
    const QString refused = draft.set("stages.0.augment.p_flip", Json(3.0));
    QVERIFY2(refused.startsWith(QStringLiteral("Must be")), qPrintable(refused));
    QVERIFY(!draft.differs());
    QVERIFY(draft.problems(0).empty());
    draft.set("stages.0.augment.size", Json(nullptr));
    QCOMPARE(draft.problems(0).size(), std::size_t{1});
    QCOMPARE(draft.problems(0)[0].path, std::string("stages.0.augment.size"));
    QVERIFY(draft.problems(0)[0].reason.startsWith(QStringLiteral("Must be set")));
  }

 private:
  BatchRequest request() const {
    BatchRequest request;
    DataOptions whole = spec_.data;
    whole.subset = {};
    request.dataset = std::make_shared<const Dataset>(loadDataset(whole));
    request.spec = spec_;
    request.keep_values = true;
    return request;
  }

  std::unique_ptr<QTemporaryDir> folder_;
  RunSpec spec_;
};

}  // namespace
}  // namespace panicle::ui

QTEST_GUILESS_MAIN(panicle::ui::BatchRendererTest)
#include "batch_renderer_test.moc"
