// PlotCanvas' markers: taken hold of by the mouse and by keys, labels that do not overlap, axes that stay while one moves.
#include <QSignalSpy>
#include <QTest>
#include <cmath>

#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

class PlotMarkersTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() {
    Theme::instance().use(ThemeChoice::Light);
    canvas_ = std::make_unique<PlotCanvas>(QStringLiteral("rate"), QStringLiteral("loss"));
    curve_ = canvas_->addCurve({.name = QStringLiteral("sweep"), .color = classColor(0)});
    canvas_->setLogX(true);
    canvas_->setXRange(1e-7, 10);
    for (int i = 10; i <= 70; ++i) canvas_->append(curve_, 1e-7 * std::pow(10, i / 10.0), 1 + 0.01 * i);
    canvas_->resize(800, 400);
    canvas_->show();
    QVERIFY(QTest::qWaitForWindowExposed(canvas_.get()));
    QTRY_VERIFY(canvas_->redraws() > 0);
    // An owner that does what it is asked for.
    connect(canvas_.get(), &PlotCanvas::markerDragged, canvas_.get(), [this](int marker, double x) {
      markers_[static_cast<std::size_t>(marker)].x = x;
      canvas_->setMarkers(markers_);
    });
    connect(canvas_.get(), &PlotCanvas::markerChosen, canvas_.get(), [this](int marker) {
      for (std::size_t i = 0; i < markers_.size(); ++i) markers_[i].strong = static_cast<int>(i) == marker;
      canvas_->setMarkers(markers_);
    });
  }

  void cleanup() { canvas_.reset(); }

  void labelsStandAtTheirLines() {
    put({{.x = 1e-3, .label = QStringLiteral("valley")}});
    // Four of the eight decades lie left of 1e-3.
    const QRect label = canvas_->markerLabel(0);
    QVERIFY(!label.isEmpty());
    put({{.x = 1e-2, .label = QStringLiteral("valley")}});
    const int decade = canvas_->markerLabel(0).center().x() - label.center().x();
    put({{.x = 1e-5, .label = QStringLiteral("valley")}});
    QVERIFY2(std::abs(label.center().x() - canvas_->markerLabel(0).center().x() - 2 * decade) <= 2, qPrintable(QString::number(decade)));
    QVERIFY(decade > 60 && decade < 100);
  }

  void labelsDoNotOverlap() {
    std::vector<PlotMarker> near;
    for (int i = 0; i < 5; ++i) near.push_back({.x = 1e-3 * (1 + 0.05 * i), .label = QStringLiteral("minimum 1.25e-3"), .strong = i == 3});
    put(near);
    for (int a = 0; a < 5; ++a) {
      QVERIFY(canvas_->rect().contains(canvas_->markerLabel(a)));
      for (int b = a + 1; b < 5; ++b) QVERIFY(!canvas_->markerLabel(a).intersects(canvas_->markerLabel(b)));
    }
    QVERIFY(canvas_->markerLabel(3).top() < canvas_->markerLabel(0).top());  // the strong one has the first place
    put({{.x = 1e-3, .label = QStringLiteral("in sight")}, {.x = 100, .label = QStringLiteral("beyond")}});
    QVERIFY(!canvas_->markerLabel(0).isEmpty());
    QVERIFY(canvas_->markerLabel(1).isEmpty());
  }

  void plotTooLowForAllLabelsKeepsTheLines() {
    std::vector<PlotMarker> near;
    for (int i = 0; i < 5; ++i) near.push_back({.x = 1e-3 * (1 + i), .label = QStringLiteral("minimum 1.25e-3"), .draggable = true});
    put({near[4]});
    const int line = canvas_->markerLabel(0).center().x();
    put(near);
    const int before = canvas_->redraws();
    canvas_->resize(800, 120);
    QTRY_VERIFY(canvas_->redraws() > before);
    QVERIFY(!canvas_->markerLabel(0).isEmpty());
    QVERIFY(canvas_->markerLabel(4).isEmpty());
    QSignalSpy chosen(canvas_.get(), &PlotCanvas::markerChosen);
    QTest::mouseClick(canvas_->findChild<QWidget*>(), Qt::LeftButton, {}, QPoint(line, canvas_->markerLabel(0).top() - 1));
    QCOMPARE(chosen.size(), 1);
    QCOMPARE(chosen.front().front().toInt(), 4);
  }

  void mouseMovesAMarkerAndNotTheView() {
    put({{.x = 1e-4, .label = QStringLiteral("slide"), .draggable = true}, {.x = 1e-2, .label = QStringLiteral("steep"), .strong = true, .draggable = true}});
    QSignalSpy chosen(canvas_.get(), &PlotCanvas::markerChosen);
    QWidget* plot = canvas_->findChild<QWidget*>();
    const QPoint from = canvas_->markerLabel(0).center();
    const QPoint to = QPoint(canvas_->markerLabel(1).center().x(), from.y() + 100);
    QTest::mousePress(plot, Qt::LeftButton, {}, from);
    drag(plot, to);
    QTest::mouseRelease(plot, Qt::LeftButton, {}, to);
    QCOMPARE(chosen.size(), 1);
    QVERIFY(markers_[0].strong && !markers_[1].strong);
    QVERIFY2(std::abs(std::log10(markers_[0].x / 1e-2)) < 0.05, qPrintable(QString::number(markers_[0].x)));
    // The axes did not follow the mouse: a marker at 1e-4 stands where it stood.
    put({{.x = 1e-4, .label = QStringLiteral("slide")}});
    QVERIFY(std::abs(canvas_->markerLabel(0).center().x() - from.x()) <= 1);
  }

  void draggedMarkerStaysInSight() {
    put({{.x = 1e-4, .label = QStringLiteral("slide"), .draggable = true}});
    QWidget* plot = canvas_->findChild<QWidget*>();
    QTest::mousePress(plot, Qt::LeftButton, {}, canvas_->markerLabel(0).center());
    drag(plot, QPoint(-200, 100));
    QVERIFY(std::abs(std::log10(markers_[0].x / 1e-7)) < 0.05);
    drag(plot, QPoint(2000, 100));
    QVERIFY(std::abs(std::log10(markers_[0].x / 10)) < 0.05);
    QTest::mouseRelease(plot, Qt::LeftButton, {}, QPoint(2000, 100));
  }

  void fixedMarkerIsNotTakenHoldOf() {
    put({{.x = 1e-4, .label = QStringLiteral("note")}});
    QSignalSpy chosen(canvas_.get(), &PlotCanvas::markerChosen);
    QTest::mouseClick(canvas_->findChild<QWidget*>(), Qt::LeftButton, {}, canvas_->markerLabel(0).center());
    QCOMPARE(chosen.size(), 0);
  }

  void keysChooseMoveAndActivate() {
    put({{.x = 1e-2, .label = QStringLiteral("steep"), .draggable = true}, {.x = 1e-4, .label = QStringLiteral("slide"), .strong = true, .draggable = true}});
    QSignalSpy activated(canvas_.get(), &PlotCanvas::markerActivated);
    QTest::keyClick(canvas_.get(), Qt::Key_Right, Qt::ShiftModifier);
    const double one = markers_[1].x;
    QVERIFY(one > 1e-4 && one < 1.1e-4);
    QTest::keyClick(canvas_.get(), Qt::Key_Right, Qt::ShiftModifier | Qt::ControlModifier);
    QVERIFY(std::abs(std::log(markers_[1].x / one) / std::log(one / 1e-4) - 10) < 0.01);
    QTest::keyClick(canvas_.get(), Qt::Key_Down);  // to the right of it
    QVERIFY(markers_[0].strong && !markers_[1].strong);
    QTest::keyClick(canvas_.get(), Qt::Key_Down);  // the last one
    QVERIFY(markers_[0].strong);
    QTest::keyClick(canvas_.get(), Qt::Key_Return);
    QCOMPARE(activated.size(), 1);
    QCOMPARE(activated.front().front().toInt(), 0);
    QTest::keyClick(canvas_.get(), Qt::Key_Up);
    QVERIFY(markers_[1].strong);
    // Without Shift the arrows walk the cursor, as ever.
    const double before = markers_[1].x;
    QTest::keyClick(canvas_.get(), Qt::Key_Left);
    QVERIFY(canvas_->cursorText().startsWith(QStringLiteral("rate 0.79433")));
    QCOMPARE(markers_[1].x, before);
  }

  // Zoomed by hand, and back: the fixed axes come again.
  void fixedAxesComeBack() {
    put({{.x = 1e-3, .label = QStringLiteral("valley")}});
    const QRect label = canvas_->markerLabel(0);
    canvas_->setYRange(0, 5);
    const int before = canvas_->redraws();
    for (int i = 0; i < 5; ++i) QTest::keyClick(canvas_.get(), Qt::Key_Plus);
    QTRY_VERIFY(canvas_->redraws() > before);
    put({{.x = 1e-6, .label = QStringLiteral("valley")}});
    QVERIFY(canvas_->markerLabel(0).isEmpty());  // out of sight
    const int zoomed = canvas_->redraws();
    QTest::keyClick(canvas_.get(), Qt::Key_0);
    QTRY_VERIFY(canvas_->redraws() > zoomed);
    put({{.x = 1e-3, .label = QStringLiteral("valley")}});
    QCOMPARE(canvas_->markerLabel(0), label);
  }

 private:
  void put(std::vector<PlotMarker> markers) {
    markers_ = std::move(markers);
    canvas_->setMarkers(markers_);
  }

  static void drag(QWidget* plot, QPoint to) {
    QMouseEvent move(QEvent::MouseMove, to, plot->mapToGlobal(to), Qt::NoButton, Qt::LeftButton, {});
    QCoreApplication::sendEvent(plot, &move);
  }

  std::unique_ptr<PlotCanvas> canvas_;
  std::vector<PlotMarker> markers_;
  int curve_ = 0;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::PlotMarkersTest)
#include "plot_markers_test.moc"
