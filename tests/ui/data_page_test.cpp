#include "ui/data/data_page.h"

#include <QAbstractScrollArea>
#include <QDir>
#include <QFile>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QSlider>
#include <QTabBar>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <memory>
#include <random>

#include "core/runs/run_store.h"
#include "ui/data/census_tables.h"
#include "ui/data/facet_list.h"
#include "ui/data/filter_panel.h"
#include "ui/data/header_line.h"
#include "ui/data/photo_filter.h"
#include "ui/data/photo_view.h"
#include "ui/data/shared_selection.h"
#include "ui/shared/page.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

// Ten photos of "blast", six of "hispa" and one "hispa" file that is no photo; the last blast is wider than
// the others.
void writeDataset(const QString& root) {
  for (const auto& [label, count] : {std::pair("blast", 10), std::pair("hispa", 6)}) {
    QDir().mkpath(root + QStringLiteral("/train_images/%1").arg(QLatin1StringView(label)));
    for (int i = 0; i < count; ++i) {
      const bool wide = i == 9;
      QImage image(wide ? 60 : 30, 40, QImage::Format_RGB32);
      image.fill(Qt::green);
      image.save(root + QStringLiteral("/train_images/%1/10%2.jpg").arg(QLatin1StringView(label)).arg(i));
    }
  }
  QFile text(root + QStringLiteral("/train_images/hispa/bad.jpg"));
  QVERIFY(text.open(QIODevice::WriteOnly));
  text.write("this is no photo");
}

std::shared_ptr<const Dataset> makeDataset(int classes, int photos, int tests,
                                           const std::string& label = "class ") {
  auto dataset = std::make_shared<Dataset>();
  for (int i = 0; i < classes; ++i) dataset->vocab.push_back(label + std::to_string(10000 + i));
  for (int i = 0; i < photos; ++i) {
    const std::string path = "train/Img" + std::to_string(i) + ".jpg";
    dataset->items.push_back({path, path, i % classes});
  }
  for (int i = 0; i < tests; ++i) {
    const std::string path = "test/Img" + std::to_string(i) + ".jpg";
    dataset->test.push_back({path, path, -1});
  }
  return dataset;
}

PhotoIndex makeIndex(int classes, int photos, int tests, std::mt19937& random) {
  PhotoIndex index{makeDataset(classes, photos, tests), {}, {}, {}};
  for (int i = 0; i < photos; ++i) index.parts.push_back(random() % 5 == 0 ? Part::Valid : Part::Train);
  for (std::uint32_t i = 0; i < index.all(); ++i) {
    index.bad.push_back(random() % 20 == 0);
    const int size = static_cast<int>(random() % 3) + 1;
    index.facts.push_back({size * 10, size * 20, static_cast<int>(random() % 2) * 5 + 1});
  }
  return index;
}

// The filter's rule, said once more in the plainest way.
bool passes(const PhotoIndex& index, const PhotoFilter& filter, std::uint32_t photo) {
  const Item& item = index.item(photo);
  const FileFacts& facts = index.facts[photo];
  const QString path = QString::fromStdString(item.path);
  const QStringList words = QString::fromStdString(filter.words).split(QLatin1Char(' '), Qt::SkipEmptyParts);
  return (filter.classes.empty() || filter.classes.contains(item.target)) &&
         (filter.parts.empty() ? item.target >= 0 : filter.parts.contains(index.part(photo))) &&
         (filter.sizes.empty() || filter.sizes.contains({facts.width, facts.height})) &&
         (filter.orientations.empty() || filter.orientations.contains(facts.orientation)) &&
         (filter.bad.empty() || filter.bad.contains(index.bad[photo])) &&
         std::all_of(words.begin(), words.end(),
                     [&](const QString& word) { return path.contains(word, Qt::CaseInsensitive); });
}

PhotoFilter randomFilter(std::mt19937& random, int classes) {
  PhotoFilter filter;
  if (random() % 2)
    filter.classes = {static_cast<int>(random() % classes), static_cast<int>(random() % classes)};
  if (random() % 2) filter.parts.insert(static_cast<Part>(random() % 3));
  if (random() % 2) filter.sizes.emplace(20, 40);
  if (random() % 3 == 0) filter.orientations.insert(6);
  if (random() % 3 == 0) filter.bad.insert(random() % 2 == 0);
  if (random() % 2) filter.words = random() % 2 ? "img1" : "TRAIN 2";
  return filter;
}

// A session with the page on a data set of its own.
struct Fixture {
  explicit Fixture(bool open = true)
      : session(std::make_unique<RunStore>(
            std::filesystem::path(folder.filePath(QStringLiteral("workspace")).toStdString()))),
        page(makeDataPage(session, nullptr)) {
    page->resize(1000, 640);
    page->show();
    if (open) openPhotos();
  }

  void openPhotos() {
    const QString root = folder.filePath(QStringLiteral("photos"));
    writeDataset(root);
    QSignalSpy counted(&session, &Session::censusChanged);
    session.openDataset(root);
    QVERIFY(counted.wait(10000));
    QTRY_VERIFY(facet("EXIF orientation")->rows().size() == 1);
  }

  FacetList* facet(const char* name) const {
    for (FacetList* list : page->findChildren<FacetList*>()) {
      if (list->accessibleName() == QLatin1StringView(name)) return list;
    }
    return nullptr;
  }
  void click(const char* facet_name, int row, Qt::KeyboardModifiers modifiers = {}) const {
    FacetList* list = facet(facet_name);
    const QRect rect = list->visualRect(list->model()->index(row, 0));
    QTest::mouseClick(list->viewport(), Qt::LeftButton, modifiers, rect.center());
  }
  QString header() const { return page->findChild<HeaderLine*>()->text(); }
  PhotoGrid* grid() const { return page->findChild<PhotoGrid*>(); }

  QTemporaryDir folder;
  Session session;
  std::unique_ptr<Page> page;
};

}  // namespace

class DataPageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void filterAgreesWithItsRule();
  void countsAreWhatChoosingWouldShow();
  void testPhotosShowOnlyWhenAskedFor();
  void sharesAWindowOfAVeryLongList();
  void aThousandClassesWithLongNamesFit();
  void problemsAreCopyable();
  void saysWhatToDoWithNothingOpen();
  void classesFilterByClickAndControlClick();
  void facetsFilterTogether();
  void searchNarrowsAndEscapeWidens();
  void largeViewWalksAndLeaves();
  void followsTheSelectionOfOthers();
  void sizeChosenInTheTableFilters();
  void followsTheRecipesSplit();
  void tabOrderFollowsTheEye();
};

void DataPageTest::filterAgreesWithItsRule() {
  std::mt19937 random(1);
  const PhotoIndex index = makeIndex(7, 500, 60, random);
  for (int round = 0; round < 200; ++round) {
    const PhotoFilter filter = randomFilter(random, 7);
    std::vector<std::uint32_t> expected;
    for (std::uint32_t photo = 0; photo < index.all(); ++photo) {
      if (passes(index, filter, photo)) expected.push_back(photo);
    }
    QCOMPARE(applyFilter(index, filter).photos, expected);
  }
}

void DataPageTest::countsAreWhatChoosingWouldShow() {
  std::mt19937 random(2);
  const PhotoIndex index = makeIndex(5, 400, 40, random);
  for (int round = 0; round < 60; ++round) {
    const PhotoFilter filter = randomFilter(random, 5);
    const FacetCounts counts = applyFilter(index, filter).counts;
    const auto shown = [&](const auto& change) {
      PhotoFilter changed = filter;
      change(changed);
      return static_cast<std::uint32_t>(applyFilter(index, changed).photos.size());
    };
    for (int target = 0; target < 5; ++target) {
      QCOMPARE(counts.classes[static_cast<std::size_t>(target)],
               shown([&](PhotoFilter& f) { f.classes = {target}; }));
    }
    for (int part = 0; part < kParts; ++part) {
      QCOMPARE(counts.parts[static_cast<std::size_t>(part)],
               shown([&](PhotoFilter& f) { f.parts = {static_cast<Part>(part)}; }));
    }
    for (const auto& [size, number] : counts.sizes) {
      QCOMPARE(number, shown([&](PhotoFilter& f) { f.sizes = std::set<PhotoSize>{size}; }));
    }
    for (const auto& [orientation, number] : counts.orientations) {
      QCOMPARE(number, shown([&](PhotoFilter& f) { f.orientations = {orientation}; }));
    }
    for (const bool bad : {false, true}) {
      QCOMPARE(counts.bad[bad ? 1 : 0], shown([&](PhotoFilter& f) { f.bad = {bad}; }));
    }
  }
}

void DataPageTest::testPhotosShowOnlyWhenAskedFor() {
  std::mt19937 random(3);
  const PhotoIndex index = makeIndex(3, 30, 12, random);
  QCOMPARE(applyFilter(index, {}).photos.size(), std::size_t{30});
  QCOMPARE(applyFilter(index, {.parts = {Part::Test}}).photos.size(), std::size_t{12});
}

void DataPageTest::sharesAWindowOfAVeryLongList() {
  Fixture fixture(false);
  SharedSelection selection(fixture.session);
  constexpr int kCount = 1'000'000;
  selection.setSource(kCount, [](int index) {
    Photo photo;
    photo.id = QString::number(index);
    return photo;
  });
  QSignalSpy moved(&selection, &SharedSelection::currentChanged);
  for (const int index : {0, 1, 7, 500'000, 500'001, kCount - 1, 3}) {
    selection.share(index);
    QCOMPARE(fixture.session.currentPhoto()->id, QString::number(index));
    QVERIFY(fixture.session.selection().size() <= std::size_t{SharedSelection::kWindow});
  }
  QCOMPARE(moved.count(), 0);
  // Walked by another page over the edge of the window, the list goes on.
  selection.share(500'000);
  const auto edge = static_cast<int>(fixture.session.selection().size()) - 1;
  fixture.session.setCurrent(edge);
  const int index = moved.last().first().toInt();
  QCOMPARE(fixture.session.currentPhoto()->id, QString::number(index));
  fixture.session.setCurrent(fixture.session.currentIndex() + 1);
  QCOMPARE(moved.last().first().toInt(), index + 1);
  // A selection made elsewhere is not taken for ours.
  const auto seen = moved.count();
  fixture.session.select(std::vector<Photo>(3), 1);
  fixture.session.setCurrent(2);
  QCOMPARE(moved.count(), seen);
}

void DataPageTest::aThousandClassesWithLongNamesFit() {
  FilterPanel panel;
  panel.resize(240, 600);
  const auto dataset = makeDataset(1000, 5000, 0, std::string(55, 'x'));
  panel.setDataset(dataset);
  panel.show();
  FacetList* classes = nullptr;
  for (FacetList* list : panel.findChildren<FacetList*>()) {
    if (list->accessibleName() == QStringLiteral("Classes")) classes = list;
  }
  QVERIFY(classes);
  QCOMPARE(classes->rows().size(), std::size_t{1000});
  QVERIFY(panel.minimumSizeHint().width() <= 240);
  QVERIFY(classes->height() <= panel.height());
  QSignalSpy changed(&panel, &FilterPanel::changed);
  classes->setFocus();
  QTest::keyClick(classes, Qt::Key_Down);
  QTest::keyClick(classes, Qt::Key_End);
  QCOMPARE(changed.count(), 2);
  QCOMPARE(classes->chosen(), QVector<qint64>{999});
  QCOMPARE(panel.filter().classes, std::set<int>{999});
}

void DataPageTest::problemsAreCopyable() {
  auto census = std::make_shared<Census>();
  census->bad = {{"a/1.jpg", "the file is empty"}, {"b/2.jpg", "not an image"}};
  auto dataset = std::make_shared<Dataset>();
  dataset->warnings = {"train.csv:7: a second row for a/1.jpg"};
  ProblemsTable table;
  table.setDataset(dataset);
  table.setCensus(census);
  QCOMPARE(table.count(), 3);
  const QStringList lines = table.toText().split(QLatin1Char('\n'));
  QCOMPARE(lines.size(), 3);
  QCOMPARE(lines[1], QStringLiteral("b/2.jpg\tnot an image"));
  QVERIFY(lines[2].endsWith(QStringLiteral("train.csv:7: a second row for a/1.jpg")));
}

void DataPageTest::saysWhatToDoWithNothingOpen() {
  Fixture fixture(false);
  QCOMPARE(fixture.grid()->count(), 0);
  QVERIFY(fixture.grid()->view()->accessibleDescription().contains(QStringLiteral("Open a folder")));
  fixture.session.openDataset(fixture.folder.filePath(QStringLiteral("absent")));
  QTRY_VERIFY(fixture.grid()->view()->accessibleDescription().contains(QStringLiteral("absent")));
}

void DataPageTest::classesFilterByClickAndControlClick() {
  Fixture fixture;
  QCOMPARE(fixture.grid()->count(), 17);
  QVERIFY(fixture.header().startsWith(QStringLiteral("17 photos")));
  QCOMPARE(fixture.facet("Classes")->rows().size(), std::size_t{2});
  fixture.click("Classes", 1);
  QCOMPARE(fixture.grid()->count(), 7);
  QVERIFY(fixture.header().startsWith(QStringLiteral("7 of 17 photos")));
  QVERIFY(fixture.header().contains(QStringLiteral("hispa")));
  QCOMPARE(fixture.grid()->photo(0).label, QStringLiteral("hispa"));
  QTRY_COMPARE(fixture.session.selection().size(), std::size_t{7});
  fixture.click("Classes", 0, Qt::ControlModifier);
  QCOMPARE(fixture.grid()->count(), 17);
  fixture.click("Classes", 0);
  QCOMPARE(fixture.grid()->count(), 10);
  fixture.click("Classes", 0);  // a second click lets go
  QCOMPARE(fixture.grid()->count(), 17);
  QVERIFY(fixture.facet("Classes")->chosen().isEmpty());
}

void DataPageTest::facetsFilterTogether() {
  Fixture fixture;
  QCOMPARE(fixture.facet("Size")->rows().size(), std::size_t{2});
  QCOMPARE(fixture.facet("Size")->rows()[0].label, QString::fromUtf8("30\u00d740"));
  fixture.click("Size", 1);
  QTRY_COMPARE(fixture.grid()->count(), 1);
  QVERIFY(fixture.header().contains(QString::fromUtf8("60\u00d740")));
  QCOMPARE(fixture.facet("Classes")->rows()[1].count, quint64{0});
  fixture.click("Size", 1);
  fixture.click("Problems", 0);
  QCOMPARE(fixture.grid()->count(), 1);
  QVERIFY(fixture.grid()->photo(0).path.endsWith(QStringLiteral("bad.jpg")));
  auto* tabs = fixture.page->findChild<QTabWidget*>();
  QVERIFY(tabs->tabText(2).contains(QLatin1Char('1')));
}

void DataPageTest::searchNarrowsAndEscapeWidens() {
  Fixture fixture;
  auto* search = qobject_cast<QLineEdit*>(fixture.page->filterWidget());
  QVERIFY(search);
  search->setText(QStringLiteral("HISPA 103"));
  QTRY_COMPARE(fixture.grid()->count(), 1);
  search->setText(QStringLiteral("nothing like it"));
  QTRY_COMPARE(fixture.grid()->count(), 0);
  QVERIFY(fixture.grid()->view()->accessibleDescription().contains(QStringLiteral("Esc")));
  QVERIFY(fixture.page->leaveDrillDown());
  QCOMPARE(fixture.grid()->count(), 17);
  QVERIFY(search->text().isEmpty());
  QVERIFY(!fixture.page->leaveDrillDown());
}

void DataPageTest::largeViewWalksAndLeaves() {
  Fixture fixture;
  fixture.grid()->setFocus();
  QTest::keyClick(fixture.grid()->view(), Qt::Key_Home);
  QTest::keyClick(fixture.grid()->view(), Qt::Key_Return);
  auto* large = fixture.page->findChild<PhotoView*>();
  QVERIFY(large->isVisible());
  QCOMPARE(large->photo().path, fixture.grid()->photo(0).path);
  QTest::keyClick(large, Qt::Key_Right);
  QTest::keyClick(large, Qt::Key_Right);
  QCOMPARE(fixture.grid()->current(), 2);
  QCOMPARE(large->photo().path, fixture.grid()->photo(2).path);
  QCOMPARE(fixture.session.currentPhoto()->path, large->photo().path);
  QTest::keyClick(large, Qt::Key_End);
  QTest::keyClick(large, Qt::Key_Right);
  QCOMPARE(fixture.grid()->current(), 16);
  QVERIFY(fixture.page->leaveDrillDown());
  QVERIFY(!large->isVisible());
  QVERIFY(!fixture.page->leaveDrillDown());
}

void DataPageTest::followsTheSelectionOfOthers() {
  Fixture fixture;
  QTRY_COMPARE(fixture.session.selection().size(), std::size_t{17});
  fixture.session.setCurrent(5);
  QCOMPARE(fixture.grid()->current(), 5);
  fixture.session.select({fixture.grid()->photo(1)}, 0);
  QCOMPARE(fixture.grid()->current(), 5);
}

void DataPageTest::sizeChosenInTheTableFilters() {
  Fixture fixture;
  auto* tabs = fixture.page->findChild<QTabWidget*>();
  tabs->setCurrentIndex(1);
  Q_EMIT fixture.page->findChild<SizesTable*>()->sizeChosen(60, 40);
  QCOMPARE(tabs->currentIndex(), 0);
  QTRY_COMPARE(fixture.grid()->count(), 1);
  QCOMPARE(fixture.facet("Size")->chosen().size(), 1);
}

void DataPageTest::followsTheRecipesSplit() {
  Fixture fixture;
  const auto validation = [&] {
    return fixture.facet("Split")->rows().size() < 2 ? 0 : fixture.facet("Split")->rows()[1].total;
  };
  QCOMPARE(validation(), quint64{3});  // int(0.2 * 17)
  QCOMPARE(fixture.session.setRecipeField(QStringLiteral("data.split.valid_pct"), 0.5), QString());
  QCOMPARE(validation(), quint64{8});
}

void DataPageTest::tabOrderFollowsTheEye() {
  Fixture fixture;
  QWidgetList chain;
  for (QWidget* next = fixture.page->nextInFocusChain(); next != fixture.page.get();
       next = next->nextInFocusChain())
    chain << next;
  QWidgetList expected{fixture.facet("Classes"),
                       fixture.facet("Split"),
                       fixture.facet("Size"),
                       fixture.page->filterWidget(),
                       fixture.page->findChild<QSlider*>(),
                       fixture.page->findChild<QTabBar*>(),
                       fixture.grid()->view()};
  QList<qsizetype> places;
  for (QWidget* widget : expected) places << chain.indexOf(widget);
  QVERIFY(!places.contains(-1));
  QVERIFY(std::is_sorted(places.begin(), places.end()));
  for (QWidget* widget : expected)
    QVERIFY2(!widget->accessibleName().isEmpty() || qobject_cast<QTabBar*>(widget),
             widget->metaObject()->className());
}

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::DataPageTest)
#include "data_page_test.moc"
