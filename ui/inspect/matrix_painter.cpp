#include "ui/inspect/matrix_painter.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/inspect/matrix_colors.h"

namespace panicle::ui {
namespace {

constexpr double kGapsFrom = 10;     // cells at least this large have gaps and may have numbers
constexpr int kSmallestNumber = 8;   // pixels of font height
constexpr int kReadableNumber = 10;
constexpr int kLargestNumber = 14;
constexpr int kSmallestLabel = 9;
constexpr double kLabelsFrom = kSmallestLabel + 1;
constexpr double kSmallestFrame = 7;

int pixelSize(const QFont& font) {
  return font.pixelSize() > 0 ? font.pixelSize() : QFontMetrics(font).ascent();
}

QFont sized(const QFont& font, int pixels) {
  QFont other(font);
  other.setPixelSize(pixels);
  return other;
}

// 1,234 where it fits, 1.2k and 12k where it does not.
QString shortened(std::uint32_t count) {
  if (count < 1000) return QString::number(count);
  if (count < 10'000) return QString::number(count / 1000.0, 'f', 1) + QLatin1Char('k');
  if (count < 1'000'000) return QString::number(count / 1000) + QLatin1Char('k');
  return QString::number(count / 1'000'000) + QLatin1Char('M');
}

bool marked(const MatrixMarks& marks, MatrixCell header) {
  const auto touches = [&](MatrixCell cell) {
    return header.row() ? cell.actual == header.actual : cell.predicted == header.predicted;
  };
  return (marks.hovered && touches(*marks.hovered)) || (marks.cursor && touches(*marks.cursor)) ||
         std::any_of(marks.selected.begin(), marks.selected.end(), touches);
}

QFont labelFont(const QFont& font, double cell) {
  return sized(font, std::clamp(static_cast<int>(cell) - 1, kSmallestLabel, std::max(kSmallestLabel, pixelSize(font))));
}

}  // namespace

void MatrixPainter::setMatrix(std::shared_ptr<const ConfusionMatrix> matrix) {
  matrix_ = std::move(matrix);
  labels_.clear();
  row_sums_.clear();
  largest_count_ = 0;
  if (matrix_) {
    const std::size_t classes = matrix_->vocab.size();
    for (const std::string& label : matrix_->vocab) labels_ << QString::fromStdString(label);
    for (std::size_t i = 0; i < classes; ++i) row_sums_.push_back(matrix_->rowSum(i));
    if (!matrix_->counts.empty()) largest_count_ = *std::max_element(matrix_->counts.begin(), matrix_->counts.end());
  }
  setScale(scale_);
}

void MatrixPainter::setScale(MatrixScale scale) {
  scale_ = scale;
  largest_right_ = largest_wrong_ = 0;
  forgetColors();
  if (!matrix_) return;
  const std::size_t classes = matrix_->vocab.size();
  for (std::size_t a = 0; a < classes; ++a) {
    for (std::size_t p = 0; p < classes; ++p) {
      const double value = scale == MatrixScale::Counts ? matrix_->at(a, p)
                           : row_sums_[a] == 0          ? 0.0
                                                        : static_cast<double>(matrix_->at(a, p)) / row_sums_[a];
      double& largest = a == p ? largest_right_ : largest_wrong_;
      largest = std::max(largest, value);
    }
  }
  // A share speaks for itself on the diagonal: full colour is 100 %.
  if (scale == MatrixScale::Shares) largest_right_ = 1;
}

void MatrixPainter::forgetColors() { raster_ = QImage(); }

double MatrixPainter::strength(int actual, int predicted) const {
  const auto a = static_cast<std::size_t>(actual);
  const std::uint32_t count = matrix_->at(a, static_cast<std::size_t>(predicted));
  if (count == 0) return 0;
  const double value = scale_ == MatrixScale::Counts ? count : static_cast<double>(count) / row_sums_[a];
  return value / (actual == predicted ? largest_right_ : largest_wrong_);
}

QString MatrixPainter::share(int actual, int predicted) const {
  const std::uint32_t count = matrix_->at(static_cast<std::size_t>(actual), static_cast<std::size_t>(predicted));
  const double percent = 100.0 * count / std::max(row_sums_[static_cast<std::size_t>(actual)], 1U);
  if (count > 0 && percent < 0.5) return QStringLiteral("<1");
  // 99.7 % is not all of them.
  if (percent < 100 && percent >= 99.5) return QStringLiteral("99");
  return QString::number(std::lround(percent));
}

QString MatrixPainter::widestNumber() const {
  if (scale_ == MatrixScale::Shares) return QStringLiteral("100");
  return QString(std::max<qsizetype>(shortened(largest_count_).size(), 2), QLatin1Char('8'));
}

std::optional<QFont> MatrixPainter::numberFont(double cell, const QFont& font) const {
  if (cell < kGapsFrom) return std::nullopt;
  const QString widest = widestNumber();
  for (int pixels = std::min<int>(kLargestNumber, static_cast<int>(cell * 0.62)); pixels >= kSmallestNumber; --pixels) {
    const QFont candidate = sized(font, pixels);
    if (QFontMetrics(candidate).horizontalAdvance(widest) <= cell - 3) return candidate;
  }
  return std::nullopt;
}

int MatrixPainter::readableCell(const QFont& font) const {
  const QFontMetrics metrics(sized(font, kReadableNumber));
  return std::max(metrics.horizontalAdvance(widestNumber()) + 4, kReadableNumber * 3 / 2 + 2);
}

int MatrixPainter::longestLabel(const QFont& font) const {
  const QFontMetrics metrics(font);
  int longest = 0;
  for (const QString& label : labels_) longest = std::max(longest, metrics.horizontalAdvance(label));
  return longest;
}

int MatrixPainter::sumsWidth(const QFont& font) const {
  std::uint32_t largest = 0;
  for (const std::uint32_t sum : row_sums_) largest = std::max(largest, sum);
  const QFontMetrics metrics(font);
  return std::max(metrics.horizontalAdvance(formatCount(largest)), metrics.horizontalAdvance(QStringLiteral("sum"))) +
         2 * kGrid;
}

void MatrixPainter::paint(const MatrixCanvas& canvas) const {
  QPainter& painter = canvas.painter;
  painter.fillRect(QRect(QPoint(0, 0), canvas.geometry.size), canvas.colors.base);
  if (!matrix_ || canvas.geometry.classes == 0) return;
  painter.save();
  painter.setClipRect(canvas.geometry.body());
  if (canvas.geometry.cell < kGapsFrom) {
    paintRaster(canvas);
  } else {
    paintCells(canvas);
  }
  painter.restore();
  paintHeaders(canvas, true);
  paintHeaders(canvas, false);
  paintSums(canvas);
  paintCorner(canvas);
  paintMarks(canvas);
}

void MatrixPainter::paintCells(const MatrixCanvas& canvas) const {
  const auto& [painter, geometry, marks, font, colors] = canvas;
  const std::optional<QFont> numbers = numberFont(geometry.cell, font);
  if (numbers) painter.setFont(*numbers);
  painter.fillRect(geometry.body(), colors.grid);
  const auto [firstRow, lastRow] = geometry.visibleRows();
  const auto [firstColumn, lastColumn] = geometry.visibleColumns();
  for (int a = firstRow; a < lastRow; ++a) {
    for (int p = firstColumn; p < lastColumn; ++p) {
      const QRect rect = geometry.rectOf({a, p}).toAlignedRect().adjusted(0, 0, -1, -1);
      const double value = strength(a, p);
      const QColor color = matrixCellColor(a == p, value, colors);
      painter.fillRect(rect, color);
      // Zeros off the diagonal would drown the errors.
      if (!numbers || (value == 0 && a != p)) continue;
      painter.setPen(value == 0 ? colors.mutedText : inkOn(color, colors));
      const std::uint32_t count = matrix_->at(static_cast<std::size_t>(a), static_cast<std::size_t>(p));
      QString figure = scale_ == MatrixScale::Counts ? formatCount(count) : share(a, p);
      if (painter.fontMetrics().horizontalAdvance(figure) > rect.width() - 2) figure = shortened(count);
      painter.drawText(rect, Qt::AlignCenter, figure);
    }
  }
}

const QImage& MatrixPainter::raster(int side, const ThemeColors& colors) const {
  if (raster_.width() == side) return raster_;
  const int classes = static_cast<int>(labels_.size());
  raster_ = QImage(side, side, QImage::Format_RGB32);
  raster_.fill(colors.base);
  // Where several cells share a pixel, the strongest error shows, else the strongest right answer.
  std::vector<std::pair<bool, double>> strongest(static_cast<std::size_t>(side) * side, {false, 0.0});
  for (int a = 0; a < classes; ++a) {
    const std::size_t line = static_cast<std::size_t>(static_cast<std::int64_t>(a) * side / classes) * side;
    for (int p = 0; p < classes; ++p) {
      const double value = strength(a, p);
      if (value == 0) continue;
      auto& pixel = strongest[line + static_cast<std::size_t>(static_cast<std::int64_t>(p) * side / classes)];
      pixel = std::max(pixel, std::pair(a != p, value));
    }
  }
  for (int y = 0; y < side; ++y) {
    auto* line = reinterpret_cast<QRgb*>(raster_.scanLine(y));
    for (int x = 0; x < side; ++x) {
      const auto& [wrong, value] = strongest[static_cast<std::size_t>(y) * side + x];
      if (value > 0) line[x] = matrixCellColor(!wrong, value, colors).rgb();
    }
  }
  return raster_;
}

void MatrixPainter::paintRaster(const MatrixCanvas& canvas) const {
  const MatrixGeometry& geometry = canvas.geometry;
  const int side = std::max(1, std::min(geometry.classes, static_cast<int>(geometry.side())));
  const QRectF target(QPointF(geometry.body().topLeft() - geometry.scroll), QSizeF(geometry.side(), geometry.side()));
  canvas.painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
  canvas.painter.drawImage(target, raster(side, canvas.colors));
}

void MatrixPainter::paintHeaders(const MatrixCanvas& canvas, bool rows) const {
  const MatrixGeometry& geometry = canvas.geometry;
  const QRect body = geometry.body();
  const bool all = geometry.cell >= kLabelsFrom;
  canvas.painter.save();
  canvas.painter.setClipRect(rows ? QRect(0, body.top(), geometry.row_header, body.height())
                                  : QRect(body.left(), 0, body.width(), geometry.column_header));
  canvas.painter.setFont(all ? labelFont(canvas.font, geometry.cell) : canvas.font);
  const auto [first, last] = rows ? geometry.visibleRows() : geometry.visibleColumns();
  for (int i = first; i < last; ++i) {
    // Where there is no room for all, those of marked rows and columns still show.
    if (all || marked(canvas.marks, rows ? MatrixCell{i, -1} : MatrixCell{-1, i})) paintHeader(canvas, i, rows);
  }
  canvas.painter.restore();
}

void MatrixPainter::paintHeader(const MatrixCanvas& canvas, int index, bool rows) const {
  QPainter& painter = canvas.painter;
  const MatrixCell header = rows ? MatrixCell{index, -1} : MatrixCell{-1, index};
  const QFontMetrics metrics = painter.fontMetrics();
  QRectF rect = canvas.geometry.rectOf(header);
  if ((rows ? rect.height() : rect.width()) < metrics.height()) {
    const double grow = (metrics.height() - (rows ? rect.height() : rect.width())) / 2;
    rect.adjust(rows ? 0 : -grow, rows ? -grow : 0, rows ? 0 : grow, rows ? grow : 0);
  }
  const bool lit = marked(canvas.marks, header);
  if (lit) painter.fillRect(rect, mixed(canvas.colors.base, canvas.colors.border, 0.6));
  painter.setPen(lit ? canvas.colors.text : canvas.colors.mutedText);
  painter.save();
  QRectF text = rect.adjusted(kGrid / 2, 0, -kGrid, 0);
  if (!rows) {
    // Read from below upwards: the label starts at its column.
    painter.translate(rect.left(), rect.bottom());
    painter.rotate(-90);
    text = QRectF(kGrid, 0, rect.height() - kGrid * 1.5, rect.width());
  }
  painter.drawText(text, (rows ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter | Qt::TextSingleLine,
                   metrics.elidedText(labels_[index], Qt::ElideMiddle, static_cast<int>(text.width())));
  painter.restore();
}

void MatrixPainter::paintSums(const MatrixCanvas& canvas) const {
  QPainter& painter = canvas.painter;
  const MatrixGeometry& geometry = canvas.geometry;
  const QRect area = geometry.sumsArea();
  painter.save();
  painter.setPen(canvas.colors.mutedText);
  painter.setFont(canvas.font);
  painter.drawText(QRect(area.left(), 0, area.width() - kGrid / 2, geometry.column_header - kGrid / 2),
                   Qt::AlignRight | Qt::AlignBottom, QCoreApplication::translate("Inspect", "sum"));
  if (geometry.cell >= kLabelsFrom) {
    painter.setClipRect(area);
    painter.setFont(labelFont(canvas.font, geometry.cell));
    const auto [first, last] = geometry.visibleRows();
    for (int i = first; i < last; ++i) {
      const QRectF row = geometry.rectOf({i, -1});
      painter.drawText(QRectF(area.left(), row.top(), area.width() - kGrid / 2.0, row.height()),
                       Qt::AlignRight | Qt::AlignVCenter, formatCount(rowSum(i)));
    }
  }
  painter.restore();
}

void MatrixPainter::paintCorner(const MatrixCanvas& canvas) const {
  QPainter& painter = canvas.painter;
  painter.save();
  painter.setPen(canvas.colors.text);
  painter.setFont(canvas.font);
  const int line = painter.fontMetrics().height();
  const QRect corner(0, 0, canvas.geometry.row_header - kGrid, canvas.geometry.column_header - kGrid / 2);
  painter.drawText(corner.adjusted(0, 0, 0, -line - 2), Qt::AlignRight | Qt::AlignBottom,
                   QCoreApplication::translate("Inspect", "predicted →"));
  painter.drawText(corner, Qt::AlignRight | Qt::AlignBottom, QCoreApplication::translate("Inspect", "actual ↓"));
  painter.restore();
}

void MatrixPainter::paintMarks(const MatrixCanvas& canvas) const {
  QPainter& painter = canvas.painter;
  const QRect body = canvas.geometry.body();
  painter.save();
  painter.setClipRect(QRect(0, 0, body.right() + 2, body.bottom() + 2));
  const auto frame = [&](MatrixCell cell, const QPen& pen) {
    QRectF rect = canvas.geometry.bandOf(cell);
    if (rect.right() <= body.left() && !cell.row()) return;
    if (rect.bottom() <= body.top() && !cell.column()) return;
    // A band reaches into its header, a cell does not.
    if (!cell.row()) rect.setLeft(std::max<double>(rect.left(), body.left()));
    if (!cell.column()) rect.setTop(std::max<double>(rect.top(), body.top()));
    // A cell of a pixel or two still gets a frame that can be seen.
    const double grow = std::max(0.0, (kSmallestFrame - std::min(rect.width(), rect.height())) / 2);
    painter.setPen(pen);
    painter.drawRect(rect.adjusted(0.5 - grow, 0.5 - grow, grow - 1.5, grow - 1.5));
  };
  for (const MatrixCell& cell : canvas.marks.selected) {
    frame(cell, QPen(canvas.colors.text, 2, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
  }
  if (canvas.marks.cursor) frame(*canvas.marks.cursor, QPen(canvas.colors.text, 1, Qt::DashLine));
  painter.restore();
}

}  // namespace panicle::ui
