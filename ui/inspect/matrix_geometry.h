// Where the parts of a confusion matrix lie: row headers left, column headers above, row sums right, the cells between them.
// Headers and sums stay in place while the cells scroll under them.
#pragma once

#include <QPoint>
#include <QRect>
#include <QRectF>
#include <QSize>
#include <optional>

namespace panicle::ui {

// A cell, or a whole row (predicted < 0), or a whole column (actual < 0).
struct MatrixCell {
  int actual = -1;
  int predicted = -1;

  bool row() const { return predicted < 0; }
  bool column() const { return actual < 0; }
  // Whether photos of class `a` taken for `p` are behind it.
  bool covers(int a, int p) const { return (column() || actual == a) && (row() || predicted == p); }

  friend bool operator==(const MatrixCell&, const MatrixCell&) = default;
};

struct MatrixGeometry {
  int classes = 0;
  double cell = 24;  // side in pixels; below 1 where thousands of classes are fitted into a window
  int row_header = 0;
  int column_header = 0;
  int sums = 0;
  QPoint scroll;
  QSize size;  // of the area that shows all of it

  double side() const { return classes * cell; }
  QRect body() const;                       // where the cells show
  QRect sumsArea() const;
  QRectF rectOf(MatrixCell cell) const;     // of a row or a column: its header
  QRectF bandOf(MatrixCell cell) const;     // of a row or a column: header and cells
  std::optional<MatrixCell> at(QPoint point) const;  // the sums belong to their rows
  // Rows (or columns) of which something shows, [first, last).
  std::pair<int, int> visibleRows() const;
  std::pair<int, int> visibleColumns() const;
};

}  // namespace panicle::ui
