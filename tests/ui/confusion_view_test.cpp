// The confusion matrix as a widget: what it says, what can be selected by mouse and keyboard, what can be read.
#include "ui/inspect/confusion_view.h"

#include <QSignalSpy>
#include <QTest>

#include "tests/ui/runs_with_predictions.h"
#include "ui/inspect/matrix_colors.h"

using namespace panicle;
using namespace panicle::ui;

namespace {

std::shared_ptr<const ConfusionMatrix> smallMatrix() {
  auto matrix = std::make_shared<ConfusionMatrix>();
  matrix->vocab = {"blast", "brown_spot", "normal"};
  matrix->counts = {88, 7, 1,  //
                    3, 40, 0,  //
                    0, 0, 0};
  return matrix;
}

std::shared_ptr<const ConfusionMatrix> matrixOf(int classes) {
  return std::make_shared<const ConfusionMatrix>(confusionMatrix(testing::madePredictions(classes, 20)));
}

void click(ConfusionView& view, MatrixCell cell, Qt::KeyboardModifiers modifiers = {}) {
  QTest::mouseClick(view.viewport(), Qt::LeftButton, modifiers, view.geometry().rectOf(cell).center().toPoint());
}

}  // namespace

class ConfusionViewTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { Theme::instance().use(ThemeChoice::Light); }

  void saysWhatACellMeans() {
    const auto matrix = smallMatrix();
    QCOMPARE(describeCell(*matrix, {0, 1}), QStringLiteral("blast taken for brown_spot: 7 of 96 (7.3 %)"));
    QCOMPARE(describeCell(*matrix, {0, 0}), QStringLiteral("blast recognised: 88 of 96 (91.7 %)"));
    QCOMPARE(describeCell(*matrix, {1, -1}), QStringLiteral("brown_spot: 40 of 43 (93.0 %) recognised"));
    QCOMPARE(describeCell(*matrix, {-1, 0}), QStringLiteral("taken for blast: 88 of 91 (96.7 %) rightly"));
    // A class without photos has no shares.
    QCOMPARE(describeCell(*matrix, {2, 1}), QStringLiteral("normal taken for brown_spot: 0"));
  }

  void everyPointOfACellLeadsToIt_data() {
    QTest::addColumn<double>("cell");
    QTest::newRow("large") << 31.0;
    QTest::newRow("small") << 2.7;
    QTest::newRow("whole pixel") << 1.0;
  }

  void everyPointOfACellLeadsToIt() {
    QFETCH(double, cell);
    MatrixGeometry geometry{.classes = 1000, .cell = cell, .row_header = 90, .column_header = 70, .sums = 40,
                            .scroll = {13, 7}, .size = {800, 600}};
    const QRect body = geometry.body();
    for (int y = 0; y < geometry.size.height(); y += 3) {
      for (int x = 0; x < geometry.size.width(); x += 3) {
        const auto found = geometry.at({x, y});
        const bool inRows = y >= body.top() && y <= body.bottom() && x <= body.right() + geometry.sums;
        const bool inColumns = x >= body.left() && x <= body.right() && y <= body.bottom();
        QCOMPARE(found.has_value(), inRows || inColumns);
        if (!found) continue;
        const QRectF band = geometry.bandOf(*found).adjusted(-1e-6, -1e-6, found->row() ? geometry.sums : 1e-6, 1e-6);
        QVERIFY(band.contains(QPointF(x, y)));
      }
    }
  }

  void clicksSelectCellsRowsAndColumns() {
    ConfusionView view;
    view.resize(500, 400);
    view.setMatrix(smallMatrix());
    QSignalSpy changed(&view, &ConfusionView::selectionChanged);
    click(view, {0, 1});
    QCOMPARE(view.selected(), (std::vector<MatrixCell>{{0, 1}}));
    click(view, {1, -1}, Qt::ControlModifier);
    click(view, {-1, 2}, Qt::ControlModifier);
    QCOMPARE(view.selected(), (std::vector<MatrixCell>{{0, 1}, {1, -1}, {-1, 2}}));
    click(view, {0, 1}, Qt::ControlModifier);
    QCOMPARE(view.selected(), (std::vector<MatrixCell>{{1, -1}, {-1, 2}}));
    click(view, {2, 2});
    QCOMPARE(view.selected(), (std::vector<MatrixCell>{{2, 2}}));
    click(view, {2, 2});  // leaves it
    QVERIFY(view.selected().empty());
    QCOMPARE(changed.size(), 6);
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, QPoint(2, 2));  // the corner is nothing
    QCOMPARE(changed.size(), 6);
  }

  void theKeyboardReachesCellsAndHeaders() {
    ConfusionView view;
    view.resize(500, 400);
    view.setMatrix(smallMatrix());
    const auto press = [&](Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(&view, key, modifiers); };
    press(Qt::Key_Right);
    press(Qt::Key_Return);
    QCOMPARE(view.selected(), (std::vector<MatrixCell>{{0, 1}}));
    QCOMPARE(view.accessibleDescription(), QStringLiteral("blast taken for brown_spot: 7 of 96 (7.3 %)"));
    press(Qt::Key_Up);
    press(Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(view.selected(), (std::vector<MatrixCell>{{0, 1}, {-1, 1}}));
    press(Qt::Key_Left);
    press(Qt::Key_Left);  // the corner is no cell
    QCOMPARE(view.cursor(), (MatrixCell{-1, 0}));
    press(Qt::Key_Down);
    press(Qt::Key_End);
    press(Qt::Key_PageDown);
    QCOMPARE(view.cursor(), (MatrixCell{2, 2}));
    press(Qt::Key_Home);
    press(Qt::Key_Left);
    QCOMPARE(view.cursor(), (MatrixCell{2, -1}));
  }

  void numbersHaveRoomUpTo40Classes_data() {
    QTest::addColumn<int>("classes");
    QTest::newRow("10") << 10;
    QTest::newRow("40") << 40;
  }

  void numbersHaveRoomUpTo40Classes() {
    QFETCH(int, classes);
    const auto matrix = matrixOf(classes);
    ConfusionView view;
    view.resize(480, 560);
    view.setMatrix(matrix);
    MatrixPainter painter;
    painter.setMatrix(matrix);
    QVERIFY(view.cellSize() >= painter.readableCell(view.font()));
    view.zoomToFit();
    QVERIFY(view.geometry().side() <= view.geometry().body().width() + 1);
  }

  void aThousandClassesFitAndCanBeZoomed() {
    ConfusionView view;
    view.resize(480, 560);
    view.setMatrix(matrixOf(1000));
    QVERIFY(view.geometry().side() <= 480);
    for (int i = 0; i < 40; ++i) view.zoom(1.25);
    QVERIFY(view.cellSize() >= 90);
    view.select({{999, 998}});
    const QRectF shown = view.geometry().rectOf({999, 998});
    QVERIFY(QRectF(view.geometry().body()).adjusted(-1, -1, 1, 1).contains(shown));
    for (int i = 0; i < 80; ++i) view.zoom(0.8);
    QVERIFY(view.geometry().side() <= 480);
  }

  void anErrorAmongThousandsOfPixelsIsSeenAndHit() {
    auto matrix = std::make_shared<ConfusionMatrix>(*matrixOf(1000));
    std::fill(matrix->counts.begin(), matrix->counts.end(), 0U);
    for (std::size_t i = 0; i < 1000; ++i) matrix->counts[i * 1000 + i] = 50;
    matrix->counts[700 * 1000 + 200] = 1;
    ConfusionView view;
    view.resize(480, 560);
    view.setMatrix(matrix);
    const QImage image = view.viewport()->grab().toImage();
    const QPoint at = view.geometry().rectOf({700, 200}).center().toPoint();
    QVERIFY(image.pixelColor(at) != Theme::instance().colors().base);
    // And it can be hit without aiming at half a pixel.
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, at + QPoint(2, -2));
    QCOMPARE(view.selected(), (std::vector<MatrixCell>{{700, 200}}));
  }

  void numbersStandOutFromEveryCell() {
    for (const bool dark : {false, true}) {
      const ThemeColors& colors = Theme::colors(dark);
      for (const bool right : {false, true}) {
        for (int step = 0; step <= 100; ++step) {
          const QColor cell = matrixCellColor(right, step / 100.0, colors);
          QVERIFY2(contrastRatio(inkOn(cell, colors), cell) >= 4.5, qPrintable(cell.name()));
        }
        QVERIFY(matrixCellColor(right, 0.001, colors) != colors.base);
      }
    }
  }

  void followsTheTheme() {
    ConfusionView view;
    view.resize(480, 480);
    view.setMatrix(smallMatrix());
    const QPoint zero = view.geometry().rectOf({1, 2}).center().toPoint();
    QCOMPARE(view.viewport()->grab().toImage().pixelColor(zero), Theme::colors(false).base);
    Theme::instance().use(ThemeChoice::Dark);
    QCOMPARE(view.viewport()->grab().toImage().pixelColor(zero), Theme::colors(true).base);
  }

  void thePictureHoldsAllOfIt() {
    ConfusionView view;
    view.resize(200, 200);
    view.setMatrix(matrixOf(40));
    const QImage picture = view.picture(QStringLiteral("run 1"));
    MatrixPainter painter;
    painter.setMatrix(matrixOf(40));
    QVERIFY(picture.width() >= 40 * painter.readableCell(view.font()) + painter.longestLabel(view.font()));
    // In the light theme whatever the window's is.
    Theme::instance().use(ThemeChoice::Dark);
    QCOMPARE(view.picture(QStringLiteral("run 1")), picture);
  }

  void noMatrixIsNoTrouble() {
    ConfusionView view;
    view.resize(300, 300);
    view.setMatrix(std::make_shared<const ConfusionMatrix>());
    view.zoom(2);
    QTest::keyClick(&view, Qt::Key_Return);
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, QPoint(150, 150));
    view.setMatrix(nullptr);
    view.grab();
    QVERIFY(view.selected().empty());
  }
};

QTEST_MAIN(ConfusionViewTest)
#include "confusion_view_test.moc"
