// Paints a confusion matrix into any paint device: the widget's viewport, or the picture that is exported.
#pragma once

#include <QFont>
#include <QImage>
#include <QString>
#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "core/eval/interpretation.h"
#include "ui/inspect/matrix_geometry.h"
#include "ui/shared/theme.h"

class QPainter;

namespace panicle::ui {

enum class MatrixScale {
  Counts,  // photos; right and wrong each against their own largest cell
  Shares,  // per cent of the row
};

// What is marked in it.
struct MatrixMarks {
  std::vector<MatrixCell> selected;
  std::optional<MatrixCell> hovered;
  std::optional<MatrixCell> cursor;  // of the keyboard
};

// Where and how to paint.
struct MatrixCanvas {
  QPainter& painter;
  const MatrixGeometry& geometry;
  const MatrixMarks& marks;
  const QFont& font;
  const ThemeColors& colors;
};

class MatrixPainter {
 public:
  void setMatrix(std::shared_ptr<const ConfusionMatrix> matrix);
  void setScale(MatrixScale scale);
  void forgetColors();  // before painting with other colours

  const std::shared_ptr<const ConfusionMatrix>& matrix() const { return matrix_; }
  const QStringList& labels() const { return labels_; }
  MatrixScale scale() const { return scale_; }
  std::uint32_t rowSum(int actual) const { return row_sums_[static_cast<std::size_t>(actual)]; }

  void paint(const MatrixCanvas& canvas) const;

  // The smallest cell in which the numbers can be read.
  int readableCell(const QFont& font) const;
  int longestLabel(const QFont& font) const;  // pixels
  int sumsWidth(const QFont& font) const;     // pixels

 private:
  double strength(int actual, int predicted) const;
  QString share(int actual, int predicted) const;  // per cent of the row, without the sign
  QString widestNumber() const;
  std::optional<QFont> numberFont(double cell, const QFont& font) const;

  void paintCells(const MatrixCanvas& canvas) const;
  void paintRaster(const MatrixCanvas& canvas) const;
  void paintHeaders(const MatrixCanvas& canvas, bool rows) const;
  void paintHeader(const MatrixCanvas& canvas, int index, bool rows) const;
  void paintSums(const MatrixCanvas& canvas) const;
  void paintCorner(const MatrixCanvas& canvas) const;
  void paintMarks(const MatrixCanvas& canvas) const;
  const QImage& raster(int side, const ThemeColors& colors) const;

  std::shared_ptr<const ConfusionMatrix> matrix_;
  QStringList labels_;
  MatrixScale scale_ = MatrixScale::Counts;
  std::vector<std::uint32_t> row_sums_;
  double largest_right_ = 0;  // count or share, by the scale
  double largest_wrong_ = 0;
  std::uint32_t largest_count_ = 0;
  mutable QImage raster_;  // one pixel a cell (or a block of cells), where cells are too small for numbers
};

}  // namespace panicle::ui
