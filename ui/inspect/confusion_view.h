// The confusion matrix of one run: hover tells, a click on a cell or a header selects the photos behind it, Ctrl adds.
// With the keyboard: arrows move the cursor (also onto the headers), Return selects, Ctrl+Return adds, + - 0 zoom.
// The wheel scrolls, Ctrl+wheel zooms. Numbers show where cells have room; 10 to 1,000 classes are usable.
#pragma once

#include <QAbstractScrollArea>
#include <memory>
#include <vector>

#include "core/eval/interpretation.h"
#include "ui/inspect/matrix_painter.h"

namespace panicle::ui {

// "brown_spot taken for blast: 7 of 96 (7.3 %)"; likewise for a right answer, a row and a column.
QString describeCell(const ConfusionMatrix& matrix, MatrixCell cell);

class ConfusionView : public QAbstractScrollArea {
  Q_OBJECT
 public:
  explicit ConfusionView(QWidget* parent = nullptr);

  void setMatrix(std::shared_ptr<const ConfusionMatrix> matrix);  // clears the selection
  void setScale(MatrixScale scale);
  MatrixScale scale() const { return painter_.scale(); }

  const std::vector<MatrixCell>& selected() const { return marks_.selected; }
  void select(std::vector<MatrixCell> cells);  // replaces the selection and scrolls to the first
  MatrixCell cursor() const { return cursor_; }

  void zoom(double factor);  // about the cursor where it shows, else about the middle
  void zoomToFit();          // all of the matrix in the window, however small
  double cellSize() const { return geometry_.cell; }
  // In viewport coordinates, for the current scroll position.
  const MatrixGeometry& geometry() const { return geometry_; }

  // All of it with a title, numbers and whole labels, in the light theme's colours.
  QImage picture(const QString& title) const;

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 Q_SIGNALS:
  void selectionChanged();

 protected:
  bool viewportEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void changeEvent(QEvent* event) override;
  void scrollContentsBy(int dx, int dy) override;

 private:
  enum class Fit {
    Readable,  // all of it, but no smaller than the numbers need while there are few classes
    All,
    Chosen,    // the size that the user zoomed to
  };

  void relayout();
  void setScrollRanges(QSize area);
  double fittedCell(QSize area) const;
  std::optional<MatrixCell> under(QPoint point) const;
  void zoomAt(double factor, QPointF anchor);
  void choose(MatrixCell cell, bool add);
  void moveCursor(int rows, int columns);
  void setCursorCell(MatrixCell cell);
  void ensureVisible(MatrixCell cell);
  void hover(std::optional<MatrixCell> cell);

  MatrixPainter painter_;
  MatrixGeometry geometry_;
  MatrixMarks marks_;
  MatrixCell cursor_{0, 0};
  Fit fit_ = Fit::Readable;
  int longestLabel_ = 0;
};

}  // namespace panicle::ui
