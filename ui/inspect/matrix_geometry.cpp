#include "ui/inspect/matrix_geometry.h"

#include <algorithm>
#include <cmath>

namespace panicle::ui {
namespace {

std::pair<int, int> visible(int scroll, int extent, double cell, int classes) {
  const int first = std::clamp(static_cast<int>(std::floor(scroll / cell)), 0, classes);
  const int last = std::clamp(static_cast<int>(std::ceil((scroll + extent) / cell)), first, classes);
  return {first, last};
}

}  // namespace

QRect MatrixGeometry::body() const {
  const int extent = static_cast<int>(std::ceil(side()));
  return {row_header, column_header, std::max(0, std::min(extent, size.width() - row_header - sums)),
          std::max(0, std::min(extent, size.height() - column_header))};
}

QRect MatrixGeometry::sumsArea() const {
  const QRect cells = body();
  return {cells.right() + 1, cells.top(), sums, cells.height()};
}

QRectF MatrixGeometry::rectOf(MatrixCell target) const {
  const double x = row_header - scroll.x() + target.predicted * cell;
  const double y = column_header - scroll.y() + target.actual * cell;
  if (target.row()) return {0, y, static_cast<double>(row_header), cell};
  if (target.column()) return {x, 0, cell, static_cast<double>(column_header)};
  return {x, y, cell, cell};
}

QRectF MatrixGeometry::bandOf(MatrixCell target) const {
  QRectF band = rectOf(target);
  if (target.row()) band.setRight(body().right() + 1);
  if (target.column()) band.setBottom(body().bottom() + 1);
  return band;
}

std::optional<MatrixCell> MatrixGeometry::at(QPoint point) const {
  const QRect cells = body();
  const auto index = [this](int offset) {
    return std::clamp(static_cast<int>(std::floor(offset / cell)), 0, classes - 1);
  };
  const bool inColumns = point.x() >= cells.left() && point.x() <= cells.right();
  const bool inRows = point.y() >= cells.top() && point.y() <= cells.bottom();
  const int column = index(point.x() - row_header + scroll.x());
  const int row = index(point.y() - column_header + scroll.y());
  if (inRows && inColumns) return MatrixCell{row, column};
  const bool inHeader = point.x() < cells.left();
  const bool inSums = point.x() > cells.right() && point.x() <= cells.right() + sums;
  if (inRows && (inHeader || inSums)) return MatrixCell{row, -1};
  if (inColumns && point.y() < cells.top()) return MatrixCell{-1, column};
  return std::nullopt;
}

std::pair<int, int> MatrixGeometry::visibleRows() const {
  return visible(scroll.y(), body().height(), cell, classes);
}

std::pair<int, int> MatrixGeometry::visibleColumns() const {
  return visible(scroll.x(), body().width(), cell, classes);
}

}  // namespace panicle::ui
