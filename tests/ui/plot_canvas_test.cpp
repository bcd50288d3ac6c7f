// PlotCanvas: redraws are merged and a hidden canvas draws nothing, values come out as they went in, no peak is lost.
#include "ui/shared/plot_canvas.h"

#include <QElapsedTimer>
#include <QHelpEvent>
#include <QImage>
#include <QLabel>
#include <QTemporaryDir>
#include <QTest>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/shared/plot_card.h"
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

  void axesOfAnOrdinarySizeHaveFourLabels_data() {
    QTest::addColumn<int>("steps");
    QTest::addColumn<double>("highest");
    for (const int steps : {12, 30, 49, 100, 196, 1234, 60000, 100000}) {
      for (const double highest : {0.03, 0.7, 1.1, 2.3, 3.1, 5.5}) QTest::addRow("%d %g", steps, highest) << steps << highest;
    }
  }

  void axesOfAnOrdinarySizeHaveFourLabels() {
    QFETCH(int, steps);
    QFETCH(double, highest);
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    canvas.setWholeX(true);
    const int curve = canvas.addCurve({.name = QStringLiteral("train"), .color = classColor(0)});
    canvas.append(curve, 1, highest);
    canvas.append(curve, steps, 0);
    canvas.resize(420, 190);
    canvas.show();
    QTRY_VERIFY(canvas.tickLabels(Qt::Horizontal).size() >= 4);
    QTRY_VERIFY2(canvas.tickLabels(Qt::Vertical).size() >= 4, qPrintable(canvas.tickLabels(Qt::Vertical).join(u' ')));
    // And they do not touch.
    int wide = 0;
    for (const QString& label : canvas.tickLabels(Qt::Horizontal)) wide += canvas.fontMetrics().horizontalAdvance(label) + 4;
    QVERIFY2(wide < canvas.width(), qPrintable(canvas.tickLabels(Qt::Horizontal).join(u' ')));
    QVERIFY(canvas.tickLabels(Qt::Vertical).size() * canvas.fontMetrics().height() < canvas.height());
  }

  // Epochs are kept from 0, and read from 1.
  void wholeNumbersAreToldWithTheirOffset() {
    PlotCanvas canvas(QStringLiteral("epoch"), QStringLiteral("error rate"));
    canvas.setWholeX(true, 1);
    const int curve = canvas.addCurve({.name = QStringLiteral("error rate"), .color = classColor(1), .points = true});
    for (int epoch = 0; epoch < 5; ++epoch) canvas.append(curve, epoch, 0.5 - 0.0625 * epoch);
    canvas.resize(420, 190);
    canvas.show();
    const QStringList labels{QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("3"), QStringLiteral("4"), QStringLiteral("5")};
    QTRY_COMPARE(canvas.tickLabels(Qt::Horizontal), labels);
    QTest::keyClick(&canvas, Qt::Key_Right);  // begins at the last point
    QVERIFY2(canvas.cursorText().startsWith(QStringLiteral("epoch 5\n")), qPrintable(canvas.cursorText()));
    QVERIFY(canvas.toCsv().contains(QStringLiteral("\n4,0.25\n")));
  }

  void theAxisReachesOverErrorBars() {
    PlotCanvas canvas(QStringLiteral("epoch"), QStringLiteral("error"));
    canvas.resize(480, 320);
    const int curve = canvas.addCurve({.name = QStringLiteral("mean"), .color = Qt::blue, .points = true});
    canvas.setData(curve, {0, 1}, {10, 12});
    canvas.setSpread(curve, {30, 3});
    canvas.show();
    QVERIFY(QTest::qWaitForWindowExposed(&canvas));
    const auto labels = [&] {
      std::vector<double> values;
      for (QString label : canvas.tickLabels(Qt::Vertical)) values.push_back(label.replace(QChar(0x2212), QLatin1Char('-')).toDouble());
      return values;
    };
    QTRY_VERIFY(!labels().empty() && labels().front() <= -10);
    QVERIFY(labels().back() >= 30);
    canvas.removeCurves();
    canvas.setData(canvas.addCurve({.name = QStringLiteral("run"), .color = Qt::blue}), {0, 1}, {10, 12});
    QTRY_VERIFY(labels().back() < 20);
  }

  void markersAtTheEndsAreWhole() {
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"));
    canvas.setWholeX(true);
    const int curve = canvas.addCurve({.name = QStringLiteral("valid"), .color = Qt::red, .points = true});
    canvas.append(curve, 1000, 0.8);
    canvas.append(curve, 100000, 0);
    canvas.resize(400, 300);
    canvas.show();
    QTRY_VERIFY(canvas.redraws() > 0);
    const QImage image = picture(canvas, 400, 300);
    int right = 0, lowest = 0;
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) {
        if (countNear(image, Qt::red, QRect(x, y, 1, 1)) == 0) continue;
        right = std::max(right, x);
        lowest = std::max(lowest, y);
      }
    }
    // The outermost column and row of a circle are short; those of one that is cut are as long as it is wide (12 at this scale).
    QVERIFY(countNear(image, Qt::red, QRect(right, 0, 1, image.height())) < 8);
    QVERIFY(countNear(image, Qt::red, QRect(0, lowest, image.width(), 1)) < 8);
  }

  void theCardKeepsOffWhatIsDrawn() {
    const QRectF area(40, 20, 360, 120), window(0, 0, 500, 400);
    const QSizeF size(100, 50);
    const auto place = [&](double x, const std::vector<CardObstacle>& obstacles) {
      const auto places = cardPlaces(size, x, area, window);
      return places[static_cast<std::size_t>(freestPlace(places, x, area, obstacles, -1))];
    };
    // Nothing there: right of the line, at the top. At the right end: left of it.
    QVERIFY(place(100, {}).left() > 100 && place(100, {}).top() < 30);
    QVERIFY(place(395, {}).right() < 395);
    const CardObstacle marker{QRectF(120, 30, 12, 12), 10};
    QVERIFY(!place(100, {marker}).intersects(marker.place));
    // Too low for it: outside, but in the window, and off the line.
    const QRectF low(40, 300, 360, 30);
    const auto places = cardPlaces(size, 200, low, window);
    for (const QRectF& one : places) QVERIFY(window.contains(one));
    const QRectF chosen = places[static_cast<std::size_t>(freestPlace(places, 200, low, {{low, 5}}, -1))];
    QVERIFY(!chosen.intersects(low));
    // It does not jump about for nothing.
    QCOMPARE(freestPlace(places, 200, low, {}, 7), 7);
  }

  void theCardOfALowPlotIsWhole() {
    QWidget window;
    window.resize(500, 400);
    PlotCanvas canvas(QStringLiteral("step"), QStringLiteral("loss"), &window);
    canvas.setGeometry(300, 300, 200, 100);
    for (int i = 0; i < 8; ++i) {
      const int curve = canvas.addCurve({.name = QStringLiteral("a class with a name %1").arg(i), .color = classColor(i)});
      for (int step = 0; step < 10; ++step) canvas.append(curve, step, i + step);
    }
    window.show();
    QTRY_VERIFY(canvas.redraws() > 0);
    QTest::keyClick(&canvas, Qt::Key_Right);
    QVERIFY(!canvas.cursorText().isEmpty());
    const QRect card = canvas.cursorCard().translated(canvas.pos());
    QVERIFY(card.height() > canvas.height());
    QVERIFY(window.rect().contains(card));
    // Where it is, no tooltip comes.
    canvas.setToolTip(QStringLiteral("What is drawn here"));
    QHelpEvent help(QEvent::ToolTip, QPoint(50, 50), canvas.mapToGlobal(QPoint(50, 50)));
    QCoreApplication::sendEvent(&canvas, &help);
    QVERIFY(!QToolTip::isVisible());
    canvas.hide();
    QVERIFY(canvas.cursorCard().isEmpty());
    canvas.show();
    QCoreApplication::sendEvent(&canvas, &help);
    QTRY_VERIFY(QToolTip::isVisible());
    QToolTip::hideText();
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
