#include "ui/inspect/confusion_view.h"

#include <QCoreApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

namespace panicle::ui {
namespace {

constexpr double kLargestCell = 96;
constexpr double kLargestFittedCell = 56;
constexpr double kZoomStep = 1.25;
constexpr int kManyClasses = 60;      // above, no size shows numbers and the whole at once
constexpr double kSnapBelow = 5;      // cells that are hard to hit: the nearest one with photos is meant
constexpr double kSnapPixels = 4;
constexpr int kSmallestHeader = 72;
constexpr int kLargestHeader = 220;
constexpr double kHeaderShare = 0.3;
constexpr int kPictureCells = 4000;   // pixels; the largest exported matrix

QString text(const char* source) {
  return QCoreApplication::translate("Inspect", source);
}

QString shareOf(std::uint32_t part, std::uint32_t whole) {
  return whole == 0 ? formatCount(part)
                    : text("%1 of %2 (%3)")
                          .arg(formatCount(part), formatCount(whole), formatPercent(static_cast<double>(part) / whole));
}

}  // namespace

QString describeCell(const ConfusionMatrix& matrix, MatrixCell cell) {
  const auto label = [&](int index) { return QString::fromStdString(matrix.vocab[static_cast<std::size_t>(index)]); };
  const auto a = static_cast<std::size_t>(cell.actual);
  const auto p = static_cast<std::size_t>(cell.predicted);
  if (cell.row()) return text("%1: %2 recognised").arg(label(cell.actual), shareOf(matrix.at(a, a), matrix.rowSum(a)));
  if (cell.column()) {
    return text("taken for %1: %2 rightly").arg(label(cell.predicted), shareOf(matrix.at(p, p), matrix.columnSum(p)));
  }
  const QString share = shareOf(matrix.at(a, p), matrix.rowSum(a));
  if (a == p) return text("%1 recognised: %2").arg(label(cell.actual), share);
  return text("%1 taken for %2: %3").arg(label(cell.actual), label(cell.predicted), share);
}

ConfusionView::ConfusionView(QWidget* parent) : QAbstractScrollArea(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setFrameShape(QFrame::NoFrame);
  viewport()->setMouseTracking(true);
  setAccessibleName(tr("Confusion matrix"));
  connect(&Theme::instance(), &Theme::changed, this, [this] {
    painter_.forgetColors();
    viewport()->update();
  });
}

void ConfusionView::setMatrix(std::shared_ptr<const ConfusionMatrix> matrix) {
  painter_.setMatrix(std::move(matrix));
  geometry_.classes = static_cast<int>(painter_.labels().size());
  longestLabel_ = painter_.longestLabel(font());
  marks_ = {};
  cursor_ = {0, 0};
  fit_ = Fit::Readable;
  relayout();
  horizontalScrollBar()->setValue(0);
  verticalScrollBar()->setValue(0);
  Q_EMIT selectionChanged();
}

void ConfusionView::setScale(MatrixScale scale) {
  painter_.setScale(scale);
  relayout();
}

void ConfusionView::select(std::vector<MatrixCell> cells) {
  if (cells == marks_.selected) return;
  marks_.selected = std::move(cells);
  if (!marks_.selected.empty()) {
    setCursorCell(marks_.selected.front());
    ensureVisible(cursor_);
  }
  viewport()->update();
  Q_EMIT selectionChanged();
}

QSize ConfusionView::sizeHint() const {
  return {56 * kGrid, 48 * kGrid};
}

QSize ConfusionView::minimumSizeHint() const {
  return {30 * kGrid, 24 * kGrid};
}

// --- Where everything lies

double ConfusionView::fittedCell(QSize area) const {
  const double wide = static_cast<double>(area.width() - geometry_.row_header - geometry_.sums) / geometry_.classes;
  const double high = static_cast<double>(area.height() - geometry_.column_header) / geometry_.classes;
  const double cell = std::clamp(std::min(wide, high), 0.05, kLargestFittedCell);
  return cell >= 4 ? std::floor(cell) : cell;
}

void ConfusionView::relayout() {
  if (geometry_.classes == 0) {
    viewport()->update();
    return;
  }
  // The size without scroll bars: with them, their coming and going would change the layout again.
  const QSize area = maximumViewportSize();
  geometry_.sums = painter_.sumsWidth(font());
  // A share of the area, or what few classes leave free.
  const auto header = [this](int extent, int beside) {
    const double most = std::max(extent * kHeaderShare, extent - beside - geometry_.classes * kLargestFittedCell);
    return std::clamp(std::min(longestLabel_ + 2 * kGrid, static_cast<int>(most)), kSmallestHeader, kLargestHeader);
  };
  geometry_.row_header = header(area.width(), geometry_.sums);
  geometry_.column_header = header(area.height(), 0);
  if (fit_ != Fit::Chosen) geometry_.cell = fittedCell(area);
  if (fit_ == Fit::Readable && geometry_.classes <= kManyClasses) {
    geometry_.cell = std::max<double>(geometry_.cell, painter_.readableCell(font()));
  }
  setScrollRanges(area);
  geometry_.size = viewport()->size();
  geometry_.scroll = {horizontalScrollBar()->value(), verticalScrollBar()->value()};
  viewport()->update();
}

// From the area without scroll bars, so that a bar which is about to go does not make the other one necessary.
void ConfusionView::setScrollRanges(QSize area) {
  const int side = static_cast<int>(std::ceil(geometry_.side()));
  int wide = area.width() - geometry_.row_header - geometry_.sums;
  int high = area.height() - geometry_.column_header;
  const bool rows = side > high;
  if (rows) wide -= verticalScrollBar()->sizeHint().width();
  const bool columns = side > wide;
  if (columns) high -= horizontalScrollBar()->sizeHint().height();
  if (columns && !rows && side > high) wide -= verticalScrollBar()->sizeHint().width();
  const auto setRange = [&](QScrollBar* bar, int room) {
    bar->setRange(0, std::max(0, side - room));
    bar->setPageStep(std::max(1, room));
    bar->setSingleStep(std::max(kGrid, static_cast<int>(geometry_.cell)));
  };
  setRange(horizontalScrollBar(), wide);
  setRange(verticalScrollBar(), high);
  // What is left with the bars in place: the last row and column must be within reach in any style.
  const QSize left = viewport()->size();
  if (columns) setRange(horizontalScrollBar(), left.width() - geometry_.row_header - geometry_.sums);
  if (rows) setRange(verticalScrollBar(), left.height() - geometry_.column_header);
}

std::optional<MatrixCell> ConfusionView::under(QPoint point) const {
  if (geometry_.classes == 0) return std::nullopt;
  const auto exact = geometry_.at(point);
  if (!exact || exact->row() || exact->column() || geometry_.cell >= kSnapBelow) return exact;
  const ConfusionMatrix& matrix = *painter_.matrix();
  const int reach = static_cast<int>(std::ceil(kSnapPixels / geometry_.cell));
  const auto from = [&](int index) { return std::max(0, index - reach); };
  const auto to = [&](int index) { return std::min(geometry_.classes - 1, index + reach); };
  MatrixCell nearest = *exact;
  double distance = reach + 1;
  for (int a = from(exact->actual); a <= to(exact->actual); ++a) {
    for (int p = from(exact->predicted); p <= to(exact->predicted); ++p) {
      if (matrix.at(static_cast<std::size_t>(a), static_cast<std::size_t>(p)) == 0) continue;
      const double away = std::hypot(a - exact->actual, p - exact->predicted);
      if (away >= distance) continue;
      distance = away;
      nearest = {a, p};
    }
  }
  return nearest;
}

void ConfusionView::zoomAt(double factor, QPointF anchor) {
  if (geometry_.classes == 0) return;
  const QPointF corner(geometry_.row_header, geometry_.column_header);
  const QPointF at = (anchor - corner + geometry_.scroll) / geometry_.cell;
  const double smallest = std::min(fittedCell(maximumViewportSize()), kLargestCell);
  double cell = std::clamp(geometry_.cell * factor, smallest, kLargestCell);
  // Whole pixels look crisp; one step must still change something.
  if (cell >= 4) cell = factor > 1 ? std::ceil(cell) : std::max(smallest, std::floor(cell));
  fit_ = cell <= smallest ? Fit::All : Fit::Chosen;
  geometry_.cell = cell;
  relayout();
  const QPointF scroll = at * geometry_.cell - (anchor - corner);
  horizontalScrollBar()->setValue(static_cast<int>(std::lround(scroll.x())));
  verticalScrollBar()->setValue(static_cast<int>(std::lround(scroll.y())));
}

void ConfusionView::zoom(double factor) {
  const QRectF body(geometry_.body());
  const QPointF cell = geometry_.rectOf(cursor_).center();
  zoomAt(factor, body.contains(cell) ? cell : body.center());
}

void ConfusionView::zoomToFit() {
  fit_ = Fit::All;
  relayout();
}

void ConfusionView::ensureVisible(MatrixCell cell) {
  const QRect body = geometry_.body();
  const auto reveal = [this](QScrollBar* bar, int index, int room) {
    if (index < 0) return;
    const int start = static_cast<int>(index * geometry_.cell);
    const int end = static_cast<int>(std::ceil((index + 1) * geometry_.cell));
    if (start < bar->value()) bar->setValue(start);
    if (end > bar->value() + room) bar->setValue(end - room);
  };
  reveal(horizontalScrollBar(), cell.predicted, body.width());
  reveal(verticalScrollBar(), cell.actual, body.height());
}

// --- Events

void ConfusionView::paintEvent(QPaintEvent*) {
  QPainter painter(viewport());
  MatrixMarks marks = marks_;
  if (hasFocus()) marks.cursor = cursor_;
  painter_.paint({painter, geometry_, marks, font(), Theme::instance().colors()});
}

void ConfusionView::resizeEvent(QResizeEvent*) {
  relayout();
}

void ConfusionView::scrollContentsBy(int, int) {
  geometry_.scroll = {horizontalScrollBar()->value(), verticalScrollBar()->value()};
  viewport()->update();
}

bool ConfusionView::viewportEvent(QEvent* event) {
  if (event->type() == QEvent::ToolTip && painter_.matrix()) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto cell = under(help->pos());
    if (cell) {
      QToolTip::showText(help->globalPos(), describeCell(*painter_.matrix(), *cell), viewport());
    } else {
      QToolTip::showText(help->globalPos(),
                         tr("Rows are the true classes, columns what the run predicted: the diagonal is right.\n"
                            "Click a cell, a row or a column to see its photos; Ctrl adds. Ctrl+wheel zooms."),
                         viewport());
    }
    return true;
  }
  if (event->type() == QEvent::Leave) hover(std::nullopt);
  return QAbstractScrollArea::viewportEvent(event);
}

void ConfusionView::hover(std::optional<MatrixCell> cell) {
  if (cell == marks_.hovered) return;
  marks_.hovered = cell;
  viewport()->update();
}

void ConfusionView::mouseMoveEvent(QMouseEvent* event) {
  hover(under(event->pos()));
}

void ConfusionView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  if (const auto cell = under(event->pos())) choose(*cell, event->modifiers().testFlag(Qt::ControlModifier));
}

void ConfusionView::wheelEvent(QWheelEvent* event) {
  if (!event->modifiers().testFlag(Qt::ControlModifier)) {
    QAbstractScrollArea::wheelEvent(event);
    return;
  }
  if (event->angleDelta().y() != 0) zoomAt(event->angleDelta().y() > 0 ? kZoomStep : 1 / kZoomStep, event->position());
  event->accept();
}

void ConfusionView::choose(MatrixCell cell, bool add) {
  auto& selected = marks_.selected;
  const auto found = std::find(selected.begin(), selected.end(), cell);
  if (!add) {
    // A second click on the only selected cell leaves it.
    const bool again = selected.size() == 1 && found != selected.end();
    selected.clear();
    if (!again) selected.push_back(cell);
  } else if (found != selected.end()) {
    selected.erase(found);
  } else {
    selected.push_back(cell);
  }
  setCursorCell(cell);
  viewport()->update();
  Q_EMIT selectionChanged();
}

void ConfusionView::setCursorCell(MatrixCell cell) {
  cursor_ = cell;
  // What a screen reader says as the cursor moves.
  if (painter_.matrix()) setAccessibleDescription(describeCell(*painter_.matrix(), cell));
}

void ConfusionView::moveCursor(int rows, int columns) {
  const int last = geometry_.classes - 1;
  MatrixCell next{std::clamp(cursor_.actual + rows, -1, last), std::clamp(cursor_.predicted + columns, -1, last)};
  // The corner is no cell.
  if (next.row() && next.column()) return;
  setCursorCell(next);
  ensureVisible(next);
  viewport()->update();
}

void ConfusionView::keyPressEvent(QKeyEvent* event) {
  if (geometry_.classes == 0) {
    event->ignore();
    return;
  }
  const int page = std::max(1, static_cast<int>(geometry_.body().height() / geometry_.cell) - 1);
  switch (event->key()) {
    case Qt::Key_Left: return moveCursor(0, -1);
    case Qt::Key_Right: return moveCursor(0, 1);
    case Qt::Key_Up: return moveCursor(-1, 0);
    case Qt::Key_Down: return moveCursor(1, 0);
    case Qt::Key_PageUp: return moveCursor(-std::min(page, std::max(cursor_.actual, 0)), 0);
    case Qt::Key_PageDown: return moveCursor(page, 0);
    case Qt::Key_Home: return moveCursor(0, -std::max(cursor_.predicted, 0));
    case Qt::Key_End: return moveCursor(0, geometry_.classes);
    case Qt::Key_Return:
    case Qt::Key_Enter: return choose(cursor_, event->modifiers().testFlag(Qt::ControlModifier));
    case Qt::Key_Plus: return zoom(kZoomStep);
    case Qt::Key_Minus: return zoom(1 / kZoomStep);
    case Qt::Key_0: return zoomToFit();
    default: event->ignore();  // Esc and the shortcuts belong to the page and the window
  }
}

void ConfusionView::focusInEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusInEvent(event);
  viewport()->update();
}

void ConfusionView::focusOutEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusOutEvent(event);
  viewport()->update();
}

void ConfusionView::changeEvent(QEvent* event) {
  QAbstractScrollArea::changeEvent(event);
  if (event->type() == QEvent::FontChange) {
    longestLabel_ = painter_.longestLabel(font());
    relayout();
  }
}

// --- Export

QImage ConfusionView::picture(const QString& title) const {
  if (!painter_.matrix()) return {};
  MatrixPainter painter = painter_;
  painter.forgetColors();
  MatrixGeometry geometry = geometry_;
  const int classes = std::max(1, geometry.classes);
  geometry.cell = std::max(1, std::min(painter.readableCell(font()) + kGrid, kPictureCells / classes));
  geometry.row_header = geometry.column_header = std::max(kSmallestHeader, longestLabel_ + 3 * kGrid);
  geometry.sums = painter.sumsWidth(font());
  geometry.scroll = {};
  const int side = static_cast<int>(std::ceil(geometry.side()));
  geometry.size = {geometry.row_header + side + geometry.sums, geometry.column_header + side};

  const QFontMetrics metrics(font());
  const int titleHeight = metrics.height() + 2 * kGrid;
  const int width = std::max(geometry.size.width(), metrics.horizontalAdvance(title)) + 2 * kGrid;
  const ThemeColors& colors = Theme::colors(false);
  QImage image(width, geometry.size.height() + titleHeight + kGrid, QImage::Format_RGB32);
  image.fill(colors.base);
  QPainter canvas(&image);
  canvas.setFont(font());
  canvas.setPen(colors.text);
  canvas.drawText(QRect(kGrid, 0, width - 2 * kGrid, titleHeight), Qt::AlignLeft | Qt::AlignVCenter, title);
  canvas.translate(kGrid, titleHeight);
  painter.paint({canvas, geometry, {}, font(), colors});
  return image;
}

}  // namespace panicle::ui
