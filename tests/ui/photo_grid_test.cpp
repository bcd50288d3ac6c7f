#include "ui/shared/photo_grid.h"

#include <QAbstractScrollArea>
#include <QFile>
#include <QImage>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

#include "ui/shared/photo_grid_view.h"
#include "ui/shared/thumbnails.h"

namespace panicle::ui {
namespace {

// A photo of one colour, 120 x 160, so that what is decoded can be told.
QString writePhoto(const QTemporaryDir& folder, int number, const QColor& color) {
  QImage image(120, 160, QImage::Format_RGB32);
  image.fill(color);
  const QString file = folder.filePath(QStringLiteral("%1.png").arg(number));
  image.save(file);
  return file;
}

Photo makePhoto(const QString& file, int number) {
  Photo photo;
  photo.id = QString::number(number);
  photo.file = file;
  photo.path = file;
  photo.label = QStringLiteral("blast");
  photo.target = 0;
  return photo;
}

std::vector<Photo> makePhotos(int count) {
  std::vector<Photo> photos;
  for (int i = 0; i < count; ++i) photos.push_back(makePhoto(QStringLiteral("/nowhere/%1.jpg").arg(i), i));
  return photos;
}

}  // namespace

class PhotoGridTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void cleanup() { Thumbnails::instance().clear(); }

  void decodesToTheSideAskedFor();
  void saysWhyAFileCannotBeRead();
  void staysWithinItsBudget();
  void withdrawsWhatIsNoLongerWanted();
  void forgetsWhenOrientationPolicyChanges();
  void asksOnlyForPhotosNearTheView();
  void decodesWhatIsVisibleAndNotTheRest();
  void walksByKeyboard();
  void clickMakesCurrentAndDoubleClickActivates();
  void setCurrentScrollsWithoutASignal();
  void keepsTheCurrentPhotoInViewWhenTilesGrow();
  void emptyGridHasNoCurrent();
};

void PhotoGridTest::decodesToTheSideAskedFor() {
  const QTemporaryDir folder;
  const QString file = writePhoto(folder, 1, QColor(200, 40, 90));
  Thumbnails thumbnails;
  QObject client;
  QVERIFY(!thumbnails.find(file, 80));
  thumbnails.want(&client, {file}, 80);
  QTRY_VERIFY(thumbnails.find(file, 80));
  const Thumbnail* thumbnail = thumbnails.find(file, 80);
  QCOMPARE(thumbnail->pixmap.size(), QSize(60, 80));
  QCOMPARE(thumbnail->width, 120);
  QCOMPARE(thumbnail->height, 160);
  QCOMPARE(thumbnail->pixmap.toImage().pixelColor(30, 40), QColor(200, 40, 90));
  QVERIFY(!thumbnails.find(file, 64));
  QVERIFY(thumbnails.findAny(file, 64));
}

void PhotoGridTest::saysWhyAFileCannotBeRead() {
  const QTemporaryDir folder;
  const QString file = folder.filePath(QStringLiteral("text.jpg"));
  QFile text(file);
  QVERIFY(text.open(QIODevice::WriteOnly));
  text.write("this is no photo");
  text.close();
  Thumbnails thumbnails;
  QObject client;
  thumbnails.want(&client, {file, folder.filePath(QStringLiteral("absent.jpg"))}, 80);
  QTRY_COMPARE(thumbnails.pending(), 0);
  QTRY_VERIFY(thumbnails.find(file, 80));
  QVERIFY(thumbnails.find(file, 80)->pixmap.isNull());
  QVERIFY(!thumbnails.find(file, 80)->failure.isEmpty());
  QVERIFY(!thumbnails.find(file, 80)->failure.contains(folder.path()));
}

void PhotoGridTest::staysWithinItsBudget() {
  const QTemporaryDir folder;
  const qsizetype one = qsizetype{60} * 80 * 4;
  Thumbnails thumbnails(5 * one, 2);
  QObject client;
  QString last;
  for (int i = 0; i < 20; ++i) {
    last = writePhoto(folder, i, Qt::green);
    thumbnails.want(&client, {last}, 80);
    QTRY_VERIFY(thumbnails.find(last, 80));
    QVERIFY(thumbnails.bytes() <= 5 * one);
  }
  QVERIFY(!thumbnails.find(folder.filePath(QStringLiteral("0.png")), 80));
}

void PhotoGridTest::withdrawsWhatIsNoLongerWanted() {
  const QTemporaryDir folder;
  QStringList first;
  for (int i = 0; i < 200; ++i) first << writePhoto(folder, i, Qt::blue);
  const QString second = writePhoto(folder, 1000, Qt::red);
  constexpr int kThreads = 2;
  Thumbnails thumbnails(Thumbnails::kBudget, kThreads);
  QObject client;
  thumbnails.want(&client, first, 80);
  thumbnails.want(&client, {second}, 80);
  QVERIFY(thumbnails.pending() < first.size());
  QTRY_COMPARE(thumbnails.pending(), 0);
  QVERIFY(thumbnails.find(second, 80));
  const auto cached = std::count_if(first.begin(), first.end(),
                                    [&](const QString& file) { return thumbnails.find(file, 80); });
  QVERIFY2(cached < first.size(), "the withdrawn requests were all served");
}

void PhotoGridTest::forgetsWhenOrientationPolicyChanges() {
  const QTemporaryDir folder;
  const QString file = writePhoto(folder, 1, Qt::blue);
  Thumbnails thumbnails;
  QObject client;
  thumbnails.want(&client, {file}, 80);
  QTRY_VERIFY(thumbnails.find(file, 80));
  QSignalSpy cleared(&thumbnails, &Thumbnails::cleared);
  thumbnails.setExif(ExifPolicy{1});
  QCOMPARE(cleared.count(), 1);
  QVERIFY(!thumbnails.findAny(file, 80));
  QCOMPARE(thumbnails.bytes(), 0);
  thumbnails.want(&client, {file}, 80);
  QTRY_VERIFY(thumbnails.find(file, 80));
}

void PhotoGridTest::asksOnlyForPhotosNearTheView() {
  constexpr int kCount = 1'000'000;
  PhotoGrid grid(PhotoGrid::Strip::Label);
  grid.resize(800, 600);
  int lowest = kCount;
  int highest = 0;
  int asked = 0;
  grid.setSource(kCount, [&](int index) {
    lowest = std::min(lowest, index);
    highest = std::max(highest, index);
    ++asked;
    return makePhoto(QStringLiteral("/nowhere/%1.jpg").arg(index), index);
  });
  grid.show();
  QVERIFY(QTest::qWaitForWindowExposed(&grid));
  QVERIFY(highest < 500);
  QTest::keyClick(grid.view(), Qt::Key_End);
  QCOMPARE(grid.current(), kCount - 1);
  QVERIFY(grid.view()->verticalScrollBar()->value() == grid.view()->verticalScrollBar()->maximum());
  QTest::qWait(100);
  QCOMPARE(highest, kCount - 1);
  QVERIFY2(asked < 1000, qPrintable(QString::number(asked)));
}

void PhotoGridTest::decodesWhatIsVisibleAndNotTheRest() {
  const QTemporaryDir folder;
  std::vector<Photo> photos = makePhotos(5000);
  for (int i = 0; i < 12; ++i) photos[static_cast<std::size_t>(i)].file = writePhoto(folder, i, Qt::green);
  const QString first = photos.front().file;
  const QString last = photos.back().file;
  PhotoGrid grid(PhotoGrid::Strip::Label);
  grid.resize(500, 500);
  grid.setTileSize(128);
  grid.setPhotos(photos);
  grid.show();
  const int side = static_cast<int>((128 - 2 * PhotoTile::kInset) * grid.devicePixelRatioF());
  QTRY_VERIFY(Thumbnails::instance().find(first, side));
  QTRY_COMPARE(Thumbnails::instance().pending(), 0);
  QVERIFY(!Thumbnails::instance().find(last, side));
  // Hidden grids want nothing.
  grid.hide();
  grid.view()->verticalScrollBar()->setValue(grid.view()->verticalScrollBar()->maximum());
  QTest::qWait(60);
  QVERIFY(!Thumbnails::instance().find(last, side));
}

void PhotoGridTest::walksByKeyboard() {
  PhotoGrid grid(PhotoGrid::Strip::Label);
  grid.resize(4 * 168 + 60, 500);
  grid.setPhotos(makePhotos(103));
  grid.show();
  QSignalSpy moved(&grid, &PhotoGrid::currentChanged);
  QSignalSpy activated(&grid, &PhotoGrid::activated);
  QTest::keyClick(grid.view(), Qt::Key_Home);
  QCOMPARE(grid.current(), 0);
  QTest::keyClick(grid.view(), Qt::Key_Left);
  QTest::keyClick(grid.view(), Qt::Key_Up);
  QCOMPARE(grid.current(), 0);
  QTest::keyClick(grid.view(), Qt::Key_Down);
  const int columns = grid.current();
  QCOMPARE(columns, 4);
  QTest::keyClick(grid.view(), Qt::Key_Right);
  QCOMPARE(grid.current(), columns + 1);
  QTest::keyClick(grid.view(), Qt::Key_Up);
  QCOMPARE(grid.current(), 1);
  QTest::keyClick(grid.view(), Qt::Key_End);
  QCOMPARE(grid.current(), 102);
  QTest::keyClick(grid.view(), Qt::Key_Down);
  QTest::keyClick(grid.view(), Qt::Key_Right);
  QTest::keyClick(grid.view(), Qt::Key_PageDown);
  QCOMPARE(grid.current(), 102);
  // From above a gap in the last row, down goes to the last photo.
  grid.setCurrent(99);
  QTest::keyClick(grid.view(), Qt::Key_Down);
  QCOMPARE(grid.current(), 102);
  QTest::keyClick(grid.view(), Qt::Key_PageUp);
  QVERIFY(grid.current() < 99 && grid.current() >= 80);
  QCOMPARE(moved.last().first().toInt(), grid.current());
  QTest::keyClick(grid.view(), Qt::Key_Return);
  QCOMPARE(activated.count(), 1);
  QCOMPARE(activated.first().first().toInt(), grid.current());
}

void PhotoGridTest::clickMakesCurrentAndDoubleClickActivates() {
  PhotoGrid grid(PhotoGrid::Strip::Prediction);
  grid.resize(600, 500);
  std::vector<Photo> photos = makePhotos(10);
  photos[0].prediction = PhotoPrediction{QStringLiteral("run 1"), QStringLiteral("hispa"), 0.93, 0.07, {}};
  photos[1].prediction = PhotoPrediction{QStringLiteral("run 1"), QStringLiteral("blast"), 0.5, 0.7, {}};
  grid.setPhotos(photos);
  grid.show();
  QVERIFY(QTest::qWaitForWindowExposed(&grid));
  QSignalSpy moved(&grid, &PhotoGrid::currentChanged);
  QSignalSpy activated(&grid, &PhotoGrid::activated);
  const QPoint on_first(60, 60);
  QTest::mouseClick(grid.view()->viewport(), Qt::LeftButton, {}, on_first);
  QCOMPARE(moved.count(), 1);
  QCOMPARE(grid.current(), 0);
  QTest::mouseDClick(grid.view()->viewport(), Qt::LeftButton, {}, on_first);
  QCOMPARE(activated.count(), 1);
  // Beside the tiles nothing changes.
  QTest::mouseClick(grid.view()->viewport(), Qt::LeftButton, {}, QPoint(1, 1));
  QCOMPARE(grid.current(), 0);
  QVERIFY(grid.view()->accessibleDescription().contains(QStringLiteral("blast")));
}

void PhotoGridTest::setCurrentScrollsWithoutASignal() {
  PhotoGrid grid(PhotoGrid::Strip::Label);
  grid.resize(600, 400);
  grid.setPhotos(makePhotos(1000));
  grid.show();
  QSignalSpy moved(&grid, &PhotoGrid::currentChanged);
  grid.setCurrent(700);
  QVERIFY(grid.view()->verticalScrollBar()->value() > 0);
  grid.setCurrent(5000);
  QCOMPARE(grid.current(), -1);
  QCOMPARE(moved.count(), 0);
}

void PhotoGridTest::keepsTheCurrentPhotoInViewWhenTilesGrow() {
  PhotoGrid grid(PhotoGrid::Strip::Label);
  grid.resize(900, 500);
  grid.setTileSize(64);
  grid.setPhotos(makePhotos(2000));
  grid.show();
  grid.setCurrent(1000);
  grid.setTileSize(1000);
  QCOMPARE(grid.tileSize(), PhotoGrid::kMaxTile);
  // Still in view: clicking where the view shows something near it, walking up one row, stays near.
  const int height = grid.view()->verticalScrollBar()->maximum() + grid.view()->viewport()->height();
  const double place = static_cast<double>(grid.view()->verticalScrollBar()->value()) / height;
  QVERIFY2(place > 0.48 && place < 0.52, qPrintable(QString::number(place)));
}

void PhotoGridTest::emptyGridHasNoCurrent() {
  PhotoGrid grid(PhotoGrid::Strip::Label);
  grid.resize(600, 400);
  grid.setEmptyText(QStringLiteral("Open a folder"));
  grid.setPhotos({});
  grid.show();
  for (const auto key : {Qt::Key_Home, Qt::Key_End, Qt::Key_Down, Qt::Key_Up, Qt::Key_PageDown,
                         Qt::Key_Return, Qt::Key_Right}) {
    QTest::keyClick(grid.view(), key);
  }
  QCOMPARE(grid.current(), -1);
  QCOMPARE(grid.view()->accessibleDescription(), QStringLiteral("Open a folder"));
}

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::PhotoGridTest)
#include "photo_grid_test.moc"
