// PlotCanvas: redraws are merged and a hidden canvas draws nothing, values come out as they went in, no peak is lost.
#include "ui/shared/plot_canvas.h"

#include <QElapsedTimer>
#include <QImage>
#include <QLabel>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <limits>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// The share of the picture's pixels that are nearly `color`.
int countNear(const QImage& image, const QColor& color, const QRect& area) {
  int count = 0;
  for (int y = area.top(); y <= area.bottom(); ++y) {
    for (int x = area.left(); x <= area.right(); ++x) {
      const QColor pixel = image.pixelColor(x, y);
      if (std::abs(pixel.red() - color.red()) + std::abs(pixel.green() - color.green()) + std::abs(pixel.blue() - color.blue()) < 60) {
        ++count;
      }
    }
  }
  return count;
}

QImage picture(PlotCanvas& canvas, int width, int height) {
  const QTemporaryDir folder;
  const QString file = folder.filePath(QStringLiteral("plot.png"));
  return canvas.savePng(file, width, height) ? QImage(file) : QImage();
}

}  // namespace

class PlotCanvasTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { Theme::instance().use(ThemeChoice::Light); }

  void redrawsAtMostTwentyTimesASecond() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    const int curve = canvas.addCurve({.name = QStringLiteral("train"), .color = classColor(0)});
    canvas.resize(400, 300);
    canvas.show();
    QVERIFY(QTest::qWaitForWindowExposed(&canvas));
    const int before = canvas.redraws();
    QElapsedTimer clock;
    clock.start();
    int appended = 0;
    while (clock.elapsed() < 400) {
      canvas.append(curve, appended++, 1.0);
      QCoreApplication::processEvents();
    }
    const auto allowed = clock.elapsed() / 50 + 1;
    QVERIFY(appended > 3 * allowed);
    QVERIFY2(canvas.redraws() - before <= allowed, qPrintable(QString::number(canvas.redraws() - before)));
    QVERIFY(canvas.redraws() > before);
    QCOMPARE(canvas.pointCount(curve), appended);
  }

  void hiddenCanvasDoesNotRedraw() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    const int curve = canvas.addCurve({.name = QStringLiteral("train"), .color = classColor(0)});
    for (int i = 0; i < 100; ++i) canvas.append(curve, i, i);
    QTest::qWait(150);
    QCOMPARE(canvas.redraws(), 0);
    canvas.show();
    QTRY_VERIFY(canvas.redraws() > 0);
  }

  void csvHasOneColumnACurve() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    const int raw = canvas.addCurve({.name = QStringLiteral("loss, raw"), .color = classColor(0)});
    const int valid = canvas.addCurve({.name = QStringLiteral("valid"), .color = classColor(1), .points = true});
    canvas.append(raw, 1, 0.5);
    canvas.append(raw, 2, std::numeric_limits<double>::infinity());
    canvas.append(raw, 3, 0.1);
    canvas.append(valid, 3, 0.25);
    canvas.append(valid, 4, 0.125);
    QCOMPARE(canvas.toCsv(), QStringLiteral("step,\"loss, raw\",valid\n1,0.5,\n2,,\n3,0.1,0.25\n4,,0.125\n"));
    canvas.clear();
    QCOMPARE(canvas.toCsv(), QStringLiteral("step,\"loss, raw\",valid\n"));
  }

  // One point of 200,000 stands out: with far more points than pixels it must still reach the top of the plot.
  void decimationKeepsThePeak() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    const int curve = canvas.addCurve({.name = QStringLiteral("train"), .color = Qt::red});
    canvas.setYRange(0, 1.02);
    for (int i = 0; i < 200000; ++i) canvas.append(curve, i, i == 100001 ? 1.0 : 0.1);
    const QImage image = picture(canvas, 500, 300);
    QVERIFY(!image.isNull());
    const int top = image.height() / 6, half = image.height() / 2;
    QVERIFY(countNear(image, Qt::red, QRect(0, top, image.width(), half - top)) > 10);
  }

  void followsTheTheme_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }

  void followsTheTheme() {
    QFETCH(bool, dark);
    PlotCanvas canvas(QStringLiteral("epoch"), QStringLiteral("error rate"));
    const int curve = canvas.addCurve({.name = QStringLiteral("error rate"), .color = classColor(1), .points = true});
    for (int i = 0; i < 5; ++i) canvas.append(curve, i, 1.0 / (i + 1));
    Theme::instance().use(dark ? ThemeChoice::Dark : ThemeChoice::Light);
    const QImage image = picture(canvas, 300, 200);
    QVERIFY(countNear(image, classColor(1), image.rect()) > 100);
    QCOMPARE(image.pixelColor(1, image.height() - 2), Theme::colors(dark).base);
  }

  void emptyTextGoesWithTheFirstPoint() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    const int curve = canvas.addCurve({.name = QStringLiteral("train"), .color = classColor(0)});
    canvas.setEmptyText(QStringLiteral("Press Start"));
    canvas.show();
    auto* label = canvas.findChild<QLabel*>();
    QTRY_VERIFY(label->isVisible());
    canvas.append(curve, 1, 1);
    QTRY_VERIFY(!label->isVisible());
  }

  void arrowKeysWalkTheCursor() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    const int train = canvas.addCurve({.name = QStringLiteral("train"), .color = classColor(0)});
    const int valid = canvas.addCurve({.name = QStringLiteral("valid"), .color = classColor(1), .points = true});
    canvas.resize(600, 400);
    canvas.show();
    for (int i = 1; i <= 100; ++i) canvas.append(train, i, 1.0 / i);
    canvas.append(valid, 100, 0.75);
    QTRY_VERIFY(canvas.redraws() > 1);
    QTest::keyClick(&canvas, Qt::Key_Right);  // begins at the last point
    QCOMPARE(canvas.cursorText(), QStringLiteral("step 100\ntrain 0.01\nvalid 0.75"));
    for (int i = 0; i < 50; ++i) QTest::keyClick(&canvas, Qt::Key_Left);
    QCOMPARE(canvas.cursorText(), QStringLiteral("step 50\ntrain 0.02"));  // the marker is far away
  }
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::PlotCanvasTest)
#include "plot_canvas_test.moc"
