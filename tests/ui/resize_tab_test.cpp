// The Preview page's Resize tab: figures against other ways of computing them, pictures against training's,
// sizes typed, damaged files, the size advisor, and the worker that answers only the latest request.
#include "ui/preview/resize_tab.h"

#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <QToolButton>
#include <atomic>
#include <memory>
#include <random>

#include "core/runs/run_store.h"
#include "tests/ui/painted_photos.h"
#include "ui/preview/damaged_photo.h"
#include "ui/preview/latest_job.h"
#include "ui/preview/method_board.h"
#include "ui/preview/method_card.h"
#include "ui/preview/preview_page.h"
#include "ui/preview/rendered.h"
#include "ui/preview/size_advisor.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/page.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

constexpr int kPatienceMs = 20'000;

// Counts, pixel by pixel, what the result shows: the definition of the shares.
struct Counted {
  double lost = 0;
  double invented = 0;
};
Counted count(Size source, const Box& box) {
  long shown = 0;
  for (int y = box.top; y < box.top + box.height; ++y) {
    for (int x = box.left; x < box.left + box.width; ++x)
      shown += x >= 0 && y >= 0 && x < source.width && y < source.height;
  }
  return {1 - static_cast<double>(shown) / (static_cast<double>(source.width) * source.height),
          1 - static_cast<double>(shown) / (static_cast<double>(box.width) * box.height)};
}

QString text(Size size) {
  return QString::fromStdString(toString(size));
}

ResizeOptions optionsOf(ResizeMethod method, Size size) {
  return {.method = method, .size = size};
}

struct Fixture {
  explicit Fixture(bool open = true)
      : session(std::make_unique<RunStore>(
            std::filesystem::path(folder.filePath(QStringLiteral("workspace")).toStdString()))),
        page(makePreviewPage(session, nullptr)),
        tab(page->findChild<ResizeTab*>()) {
    page->resize(1000, 640);
    page->show();
    if (open) openPhotos();
  }

  void openPhotos() {
    root = folder.filePath(QStringLiteral("photos"));
    QVERIFY(paintPhotos(root, {QStringLiteral("blast"), QStringLiteral("hispa")}, 3, QSize(90, 120)));
    QFile bad(root + QStringLiteral("/train_images/hispa/zzz.jpg"));
    QVERIFY(bad.open(QIODevice::WriteOnly));
    bad.write("this is no photo");
    bad.close();
    QSignalSpy counted(&session, &Session::censusChanged);
    session.openDataset(root);
    QVERIFY(counted.wait(kPatienceMs));
    QTRY_VERIFY_WITH_TIMEOUT(tab->preview().has_value(), kPatienceMs);
  }

  const std::vector<MethodCard*>& cards() const { return page->findChild<MethodBoard*>()->cards(); }
  MethodCard* card(ResizeMethod method) const {
    for (MethodCard* card : cards()) {
      if (card->shownCase().options.method == method) return card;
    }
    return nullptr;
  }
  template <typename Widget>
  Widget* named(const char* accessible) const {
    for (Widget* widget : page->findChildren<Widget*>()) {
      if (widget->accessibleName() == QLatin1StringView(accessible)) return widget;
    }
    return nullptr;
  }
  template <typename Button>
  Button* button(const char* text) const {
    for (Button* button : tab->findChildren<Button*>()) {
      if (button->text() == QLatin1StringView(text)) return button;
    }
    return nullptr;
  }

  QTemporaryDir folder;
  QString root;
  Session session;
  std::unique_ptr<Page> page;
  ResizeTab* tab;
};

class ResizeTabTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  // --- Figures

  void sharesAreWhatCountingPixelsGives() {
    std::mt19937 random(1);
    const auto side = [&random] { return static_cast<int>(random() % 60) + 1; };
    for (int round = 0; round < 300; ++round) {
      const Size source{side(), side()};
      for (ResizeOptions options : resizeCases(optionsOf(ResizeMethod::Crop, {side(), side()}))) {
        RandomStream stream(random());
        for (const Mode mode : {Mode::Valid, Mode::Train}) {
          const ResizeFacts facts = resizeFacts(source, options, drawResize(options, source, mode, stream));
          QVERIFY(facts.box.width > 0 && facts.box.height > 0);
          const Counted expected = count(source, facts.box);
          QVERIFY(std::abs(facts.lost - expected.lost) < 1e-9);
          QVERIFY(std::abs(facts.invented - expected.invented) < 1e-9);
        }
      }
    }
  }

  // By hand, for a photo of 480 x 640 (width x height).
  void figuresOfAUsualPhoto() {
    const Size source{640, 480};
    const auto facts = [&](ResizeMethod method, Size size) {
      return resizeFacts(source, optionsOf(method, size), {});
    };
    const ResizeFacts crop = facts(ResizeMethod::Crop, {480, 480});
    QCOMPARE(crop.lost, 0.25);
    QCOMPARE(crop.invented, 0.0);
    QCOMPARE(crop.stretch, 1.0);
    QCOMPARE(crop.reduction, 1.0);
    const ResizeFacts squish = facts(ResizeMethod::Squish, {480, 480});
    QCOMPARE(squish.lost, 0.0);
    QCOMPARE(squish.stretch, 4.0 / 3);
    const ResizeFacts pad = facts(ResizeMethod::Pad, {320, 320});
    QCOMPARE(pad.invented, 0.25);
    QCOMPARE(pad.lost, 0.0);
    QCOMPARE(pad.reduction, 2.0);
    const ResizeFacts exact = facts(ResizeMethod::Crop, {320, 240});
    QCOMPARE(exact.lost, 0.0);
    QCOMPARE(exact.stretch, 1.0);
    const ResizeFacts ratio = facts(ResizeMethod::RatioResize, {320, 320});
    QCOMPARE(text(ratio.result), text(Size{320, 240}));
    QCOMPARE(ratio.lost, 0.0);
  }

  void figuresInWords() {
    const Size source{640, 480};
    const auto words = [&](ResizeMethod method, Size size) {
      return costWords(resizeFacts(source, optionsOf(method, size), {}));
    };
    QCOMPARE(words(ResizeMethod::Crop, {480, 480}), QStringLiteral("Loses 25.0 % of the photo"));
    QCOMPARE(words(ResizeMethod::Squish, {480, 480}), QString::fromUtf8("Looks 1.33 × as wide"));
    QCOMPARE(words(ResizeMethod::Squish, {640, 320}), QString::fromUtf8("Looks 1.50 × as high"));
    QCOMPARE(words(ResizeMethod::Pad, {480, 480}), QStringLiteral("Invents 25.0 % of the picture"));
    QCOMPARE(words(ResizeMethod::Crop, {320, 240}),
             QStringLiteral("Keeps all of the photo in its proportions"));
    QCOMPARE(reductionWords(resizeFacts(source, optionsOf(ResizeMethod::Squish, {320, 240}), {})),
             QString::fromUtf8("Reduced 2.00 ×"));
    QVERIFY(reductionWords(resizeFacts(source, optionsOf(ResizeMethod::Squish, {1280, 960}), {}))
                .contains(QStringLiteral("2.00")));
  }

  void meansWeighSizesByTheirFiles() {
    const std::map<std::pair<int, int>, std::size_t> sizes{{{640, 480}, 3}, {{480, 480}, 1}};
    const MeanFacts crop = meanFacts(sizes, optionsOf(ResizeMethod::Crop, {224, 224}));
    QCOMPARE(crop.files, std::size_t{4});
    QVERIFY(std::abs(crop.lost - 0.75 * 0.25) < 1e-9);
    const MeanFacts squish = meanFacts(sizes, optionsOf(ResizeMethod::Squish, {224, 224}));
    QVERIFY(std::abs(squish.bend - std::pow(4.0 / 3, 0.75)) < 1e-9);
    QCOMPARE(meanFacts({}, optionsOf(ResizeMethod::Crop, {224, 224})).files, std::size_t{0});
  }

  // --- Pictures

  // What the cards show is, pixel for pixel, what the pipeline hands on in training and in validation.
  void picturesAreTrainings() {
    Fixture fixture;
    const std::shared_ptr<const Dataset> dataset = fixture.session.dataset();
    for (const std::size_t item : {std::size_t{0}, std::size_t{4}}) {
      ResizeRequest request;
      request.file = dataset->file(dataset->items[item]);
      request.path = dataset->items[item].path;
      request.dataset = dataset;
      request.options.size = {64, 48};
      request.seed = 7;
      request.first_epoch = 3;
      request.shown_side = 3 * 64;  // all as they are
      DecodedPhoto decoded;
      const ResizePreview preview = renderResize(request, decoded, {});
      QCOMPARE(decoded.decodes(), 1);
      for (const ResizedCase& shown : preview.cases) {
        Pipeline pipeline;
        pipeline.resize = shown.options;
        pipeline.seed = 7;
        Image expected;
        loadItem(pipeline, request.file, {.mode = Mode::Valid}, item, expected);
        QCOMPARE(shown.valid.image, toQImage(expected));
        for (std::size_t i = 0; i < 3; ++i) {
          loadItem(pipeline, request.file, {.mode = Mode::Train, .epoch = 3 + i}, item, expected);
          const ResizedPicture& picture = shown.train.empty() ? shown.valid : shown.train[i];
          QCOMPARE(picture.image, toQImage(expected));
          // The frame on the photo is that of the picture.
          ResizeOptions again = shown.options;
          RandomStream stream(7, "resize", 3 + i, item);
          QCOMPARE(picture.facts.box,
                   resizeBox({120, 90}, again, drawResize(again, {120, 90}, Mode::Train, stream)));
        }
      }
    }
  }

  void decodedOnceWhileTheSizeChanges() {
    Fixture fixture;
    ResizeRequest request;
    request.file = (fixture.root + QStringLiteral("/train_images/blast/000.png")).toStdString();
    DecodedPhoto decoded;
    for (const int side : {32, 64, 300}) {
      request.options.size = {side, side};
      QCOMPARE(text(renderResize(request, decoded, {}).cases.front().valid.facts.result),
               text(Size{side, side}));
    }
    QCOMPARE(decoded.decodes(), 1);
    request.decode.exif = ExifPolicy::Apply;
    renderResize(request, decoded, {});
    QCOMPARE(decoded.decodes(), 2);
  }

  // --- The tab

  void everyMethodHasACard() {
    Fixture fixture;
    std::size_t expected = EnumNames<ResizeMethod>::names.size() - 1 + EnumNames<PadMode>::names.size();
    QCOMPARE(fixture.cards().size(), expected);
    for (MethodCard* card : fixture.cards()) {
      QVERIFY(!card->accessibleName().isEmpty());
      QVERIFY(!card->accessibleDescription().isEmpty());
      QVERIFY(!card->toolTip().isEmpty());
      QVERIFY(card->focusPolicy() & Qt::TabFocus);
    }
    QVERIFY(fixture.card(ResizeMethod::Crop)->costs().startsWith(QStringLiteral("Loses 25.0 %")));
    QTRY_VERIFY_WITH_TIMEOUT(
        fixture.card(ResizeMethod::Crop)->toolTip().contains(QStringLiteral("Over all 6 photos")),
        kPatienceMs);
  }

  void cardPutsItsMethodIntoTheRecipe() {
    Fixture fixture;
    fixture.tab->sizeField()->setText(QStringLiteral("96,64"));
    QTRY_COMPARE_WITH_TIMEOUT(text(fixture.card(ResizeMethod::Crop)->shownCase().options.size),
                              text(Size{96, 64}), kPatienceMs);
    QVERIFY(!fixture.card(ResizeMethod::Crop)->inRecipe());
    fixture.card(ResizeMethod::Crop)->setFocus();
    QTest::keyClick(fixture.card(ResizeMethod::Crop), Qt::Key_Return);
    const ResizeOptions& recipe = fixture.session.recipe().stages.front().resize;
    QCOMPARE(recipe.method, ResizeMethod::Crop);
    QCOMPARE(text(recipe.size), text(Size{96, 64}));
    QTRY_VERIFY_WITH_TIMEOUT(fixture.card(ResizeMethod::Crop)->inRecipe(), kPatienceMs);
    QVERIFY(!fixture.card(ResizeMethod::Squish)->inRecipe());
    fixture.session.undo();
    QCOMPARE(fixture.tab->sizeField()->text(), QStringLiteral("128"));
    QTRY_VERIFY_WITH_TIMEOUT(fixture.card(ResizeMethod::Squish)->inRecipe(), kPatienceMs);
  }

  void sizesAsFastaiWritesThem() {
    Size size{1, 1};
    QCOMPARE(readSize(QStringLiteral("480"), size), QString());
    QCOMPARE(text(size), text(Size{480, 480}));
    QCOMPARE(readSize(QStringLiteral(" 640, 480 "), size), QString());
    QCOMPARE(text(size), text(Size{640, 480}));
    for (const char* wrong : {"", "0", "-3", "640x480", "1,2,3", "a", "99999999", "640,"}) {
      QVERIFY2(!readSize(QString::fromUtf8(wrong), size).isEmpty(), wrong);
      QCOMPARE(text(size), text(Size{640, 480}));
    }
  }

  void badSizeIsExplainedAndReturnUsesAGoodOne() {
    Fixture fixture;
    QLineEdit* field = fixture.tab->sizeField();
    auto* problem = fixture.named<QLabel>("What is wrong with the size");
    auto* use = fixture.button<QPushButton>("Use size");
    field->setText(QStringLiteral("64 by 48"));
    QVERIFY(problem->isVisible());
    QVERIFY(problem->text().contains(QStringLiteral("640,480")));
    QVERIFY(!use->isEnabled());
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(text(fixture.session.recipe().stages.front().resize.size), text(Size{128, 128}));
    QVERIFY(fixture.page->leaveDrillDown());
    QCOMPARE(field->text(), QStringLiteral("128"));
    QVERIFY(!fixture.page->leaveDrillDown());
    field->setText(QStringLiteral("64,48"));
    QVERIFY(!problem->isVisible());
    QVERIFY(use->isEnabled());
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(text(fixture.session.recipe().stages.front().resize.size), text(Size{64, 48}));
    QVERIFY(!use->isEnabled());
  }

  void drawAgainShowsLaterEpochs() {
    Fixture fixture;
    const auto boxes = [&] {
      std::vector<Box> all;
      for (const ResizedPicture& picture : fixture.card(ResizeMethod::RandomResizedCrop)->shownCase().train)
        all.push_back(picture.facts.box);
      return all;
    };
    const std::vector<Box> first = boxes();
    QCOMPARE(first.size(), std::size_t{3});
    QTest::mouseClick(fixture.button<QPushButton>("Re-&draw"), Qt::LeftButton);
    QCOMPARE(fixture.named<QSpinBox>("First epoch of the draws")->value(), 4);
    QTRY_VERIFY_WITH_TIMEOUT(boxes() != first, kPatienceMs);
    fixture.named<QSpinBox>("First epoch of the draws")->setValue(1);
    QTRY_COMPARE_WITH_TIMEOUT(boxes(), first, kPatienceMs);
  }

  void arrowKeysWalkFromACard() {
    Fixture fixture;
    QCOMPARE(fixture.session.currentIndex(), 0);
    MethodCard* card = fixture.card(ResizeMethod::Squish);
    card->setFocus();
    QTest::keyClick(card, Qt::Key_Right);
    QCOMPARE(fixture.session.currentIndex(), 1);
    QTest::keyClick(card, Qt::Key_Left);
    QCOMPARE(fixture.session.currentIndex(), 0);
  }

  void damagedPhotoIsShownInPlace() {
    Fixture fixture;
    auto* damaged = fixture.page->findChild<DamagedPhoto*>();
    QVERIFY(!damaged->isVisible());
    const auto& photos = fixture.session.selection();
    fixture.session.setCurrent(static_cast<int>(photos.size()) - 1);
    QTRY_VERIFY_WITH_TIMEOUT(damaged->isVisible(), kPatienceMs);
    QVERIFY(damaged->text().contains(QStringLiteral("zzz.jpg")));
    QVERIFY(damaged->text().contains(QStringLiteral("leaves such photos out")));
    QVERIFY(fixture.named<QTableWidget>("Steps from the file to the network"));
    QTest::mouseClick(fixture.button<QToolButton>("Steps"), Qt::LeftButton);
    auto* failure = fixture.named<QLabel>("Step that failed");
    QTRY_VERIFY_WITH_TIMEOUT(failure->isVisible() && failure->text().contains(QStringLiteral("zzz.jpg")),
                             kPatienceMs);
    fixture.session.setCurrent(0);
    QTRY_VERIFY_WITH_TIMEOUT(!damaged->isVisible() && fixture.cards().front()->isVisible(), kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(!failure->isVisible(), kPatienceMs);
    auto* steps = fixture.named<QTableWidget>("Steps from the file to the network");
    QVERIFY(steps->rowCount() >= 3);
    QCOMPARE(steps->item(steps->rowCount() - 1, 2)->text(), QStringLiteral("128"));
  }

  void saysWhatToDoWithNothingOpen() {
    Fixture fixture(false);
    auto* empty = fixture.tab->findChild<EmptyState*>();
    QVERIFY(empty->isVisible());
    QStringList said;
    for (const QLabel* label : empty->findChildren<QLabel*>()) said << label->text();
    QVERIFY(said.join(QLatin1Char(' ')).contains(QStringLiteral("Open a data set to preview")));
    QSignalSpy asked(&fixture.session, &Session::pageRequested);
    empty->findChild<QPushButton*>()->click();
    QCOMPARE(asked.value(0).value(0).toString(), QStringLiteral("data"));
  }

  void tabAndPanelAreRemembered() {
    Fixture fixture;
    QTest::mouseClick(fixture.button<QToolButton>("Size advisor"), Qt::LeftButton);
    QVERIFY(fixture.page->findChild<SizeAdvisor*>()->isVisible());
    fixture.page->findChild<QTabWidget*>()->setCurrentIndex(1);
    const std::unique_ptr<Page> again(makePreviewPage(fixture.session, nullptr));
    again->show();
    QCOMPARE(again->findChild<QTabWidget*>()->currentIndex(), 1);
    again->findChild<QTabWidget*>()->setCurrentIndex(0);
    QVERIFY(again->findChild<SizeAdvisor*>()->isVisible());
  }

  // --- Size advisor

  void dataShapeIsTheMedians() {
    const DataShape shape = dataShape({{{640, 480}, 10'403}, {{480, 640}, 4}});
    QCOMPARE(shape.files, std::size_t{10'407});
    QCOMPARE(shape.aspect, 0.75);
    QCOMPARE(shape.alike, std::size_t{10'403});
    QCOMPARE(text(shape.usual), text(Size{640, 480}));
    QCOMPARE(dataShape({}).files, std::size_t{0});
    // Ten shapes, one of which is the most frequent but not in the middle.
    SizeCounts many{{{100, 300}, 5}};
    for (int width = 50; width < 140; width += 10) many[{100, width}] = 1;
    QCOMPARE(dataShape(many).aspect, 1.1);
  }

  void adviceOnSizes() {
    const DataShape shape = dataShape({{{640, 480}, 100}});
    const std::vector<Architecture> known{
        {.name = "small", .family = "a", .params = 1, .input_size = {224, 224}, .takes_side = [](int side) { return side >= 32; }},
        {.name = "large", .family = "b", .params = 1, .input_size = {352, 352}, .takes_side = [](int side) { return side >= 300; }}};
    const auto advice = adviseSizes(shape, {224, 224}, std::vector{Size{77, 100}}, known, &known[1]);
    const auto of = [&](Size size) {
      const auto found =
          std::find_if(advice.begin(), advice.end(), [&](const SizeAdvice& one) { return one.size == size; });
      return found == advice.end() ? nullptr : &*found;
    };
    QVERIFY(of({224, 224}) && of({77, 100}) && of({128, 128}) && of({320, 240}) && of({256, 192}) &&
            of({352, 352}));
    QVERIFY(of({224, 224})->current);
    QCOMPARE(of({224, 224})->cost, 1.0);
    QVERIFY(std::abs(of({224, 224})->lost - 0.25) < 1e-12);
    QVERIFY(std::abs(of({224, 224})->bend - 4.0 / 3) < 1e-12);
    QVERIFY(!of({224, 224})->like_data && of({256, 192})->like_data && of({320, 240})->like_data);
    QVERIFY(of({256, 192})->multiple_of_32 && !of({320, 240})->multiple_of_32);
    QCOMPARE(of({448, 448})->cost, 4.0);
    QCOMPARE(of({448, 448})->accepted, (std::vector<std::string>{"small", "large"}));
    QCOMPARE(of({256, 192})->accepted, std::vector<std::string>{"small"});
    QCOMPARE(of({256, 192})->refused, std::vector<std::string>{"large"});
    QVERIFY(of({640, 480})->lost < 1e-12 && !of({640, 480})->enlarges);
    QVERIFY(of({640, 480})->problem.empty() && !of({256, 192})->problem.empty());
    for (std::size_t i = 1; i < advice.size(); ++i) {
      QVERIFY(advice[i - 1].pixels <= advice[i].pixels);
      QVERIFY(!(advice[i - 1].size == advice[i].size));
    }
  }

  // Of a network that takes few sides every pair is proposed, lying as the photos do.
  void adviceForAParticularNetwork() {
    const Architecture swin{.name = "swin", .family = "a", .takes_side = [](int side) { return side % 224 == 0; }};
    const auto proposes = [&](const DataShape& shape, Size size) {
      const auto advice = adviseSizes(shape, {128, 128}, {}, std::span(&swin, 1), &swin);
      return std::any_of(advice.begin(), advice.end(), [&](const SizeAdvice& one) { return one.size == size && one.problem.empty(); });
    };
    const DataShape upright = dataShape({{{640, 480}, 9}}), lying = dataShape({{{480, 640}, 9}});
    QVERIFY(proposes(upright, {224, 224}) && proposes(upright, {448, 448}) && proposes(upright, {448, 224}));
    QVERIFY(!proposes(upright, {224, 448}) && proposes(lying, {224, 448}) && !proposes(upright, {256, 192}));
  }

  void adviceLiesAsThePhotosDo() {
    for (const SizeAdvice& advice : adviseSizes(dataShape({{{480, 640}, 9}}), {128, 128}, {}, {})) {
      QVERIFY(advice.size.width >= advice.size.height);
      if (advice.like_data) QVERIFY(std::abs(advice.aspect - 4.0 / 3) < 0.02);
    }
  }

  void advisorFillsTheRecipe() {
    Fixture fixture;
    QTest::mouseClick(fixture.button<QToolButton>("Size advisor"), Qt::LeftButton);
    auto* table = fixture.named<QTableView>("Candidate sizes");
    QTRY_VERIFY(table->model()->rowCount() > 5);
    const auto choose = [&](const char* size) {
      for (int row = 0; row < table->model()->rowCount(); ++row) {
        if (table->model()->index(row, 0).data().toString() == QLatin1StringView(size))
          table->setCurrentIndex(table->model()->index(row, 0));
      }
    };
    choose("256,192");
    table->setFocus();
    QTest::keyClick(table, Qt::Key_Return);
    QCOMPARE(text(fixture.session.recipe().stages.front().resize.size), text(Size{256, 192}));
    choose("128,96");
    QTest::mouseClick(fixture.button<QPushButton>("Use as final size"), Qt::LeftButton);
    QCOMPARE(text(fixture.session.recipe().stages.front().augment->size.value()), text(Size{128, 96}));
    QCOMPARE(text(fixture.session.recipe().stages.front().resize.size), text(Size{256, 192}));
  }

  // --- The worker

  void onlyTheLatestRequestIsAnswered() {
    LatestJob job;
    QStringList answers;
    std::atomic<bool> begun = false;
    std::atomic<bool> stopped = false;
    job.start(
        [&](std::stop_token stop) {
          begun = true;
          while (!stop.stop_requested()) QThread::msleep(1);
          stopped = true;
          return 0;
        },
        [&](int) { answers << QStringLiteral("first"); },
        [&](const QString&) { answers << QStringLiteral("failed"); });
    QTRY_VERIFY(begun);
    std::atomic<int> runs = 0;
    for (int i = 1; i <= 50; ++i) {
      job.start(
          [&runs, i](std::stop_token) {
            ++runs;
            return i;
          },
          [&](int value) { answers << QString::number(value); },
          [&](const QString& message) { answers << message; });
    }
    QVERIFY(job.busy());
    QTRY_COMPARE(answers, QStringList{QStringLiteral("50")});
    QVERIFY(stopped);
    QVERIFY(!job.busy());
    QTest::qWait(20);
    QCOMPARE(answers.size(), 1);
    QVERIFY(runs <= 50);
  }

  void partsComeInOrderAndOnlyOfTheLatest() {
    LatestJob job;
    QList<int> parts;
    const auto ask = [&](int first) {
      job.start(
          [&parts, first](std::stop_token, const LatestJob::Post& post) {
            for (int i = 0; i < 3; ++i) post([&parts, value = first + i] { parts << value; });
            return true;
          },
          [](bool) {}, [](const QString&) {});
    };
    ask(10);
    ask(20);
    QTRY_VERIFY(!job.busy());
    QCOMPARE(parts, (QList<int>{20, 21, 22}));
  }

  void failureArrivesAsAMessage() {
    LatestJob job;
    QString said;
    job.start([](std::stop_token) -> int { throw std::runtime_error("no such leaf"); }, [](int) {},
              [&](const QString& message) { said = message; });
    QTRY_COMPARE(said, QStringLiteral("no such leaf"));
    QSignalSpy changed(&job, &LatestJob::busyChanged);
    job.start([](std::stop_token) { return 1; }, [&](int) { said = QStringLiteral("answered"); },
              [](const QString&) {});
    job.cancel();
    QTest::qWait(20);
    QCOMPARE(said, QStringLiteral("no such leaf"));
    QCOMPARE(changed.count(), 2);
  }
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::ResizeTabTest)
#include "resize_tab_test.moc"
