#include "ui/preview/batch_grid.h"

#include <QFileInfo>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QTextLayout>
#include <QToolTip>
#include <algorithm>

#include "ui/shared/photo_targets.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kGap = kGrid;
constexpr int kInset = 4;
constexpr int kRadius = 4;
constexpr int kDot = 8;
constexpr int kLabelWidth =
    18 * kGrid;                   // of a tile, where there is room, so that narrow pictures keep their labels
constexpr int kSmallest = 96;     // a picture's longer side on screen; below it the grid scrolls
constexpr double kLargest = 3.0;  // screen pixels for one of the network's

QFont smaller(QFont font) {
  if (font.pointSizeF() > 0) font.setPointSizeF(std::max(6.0, font.pointSizeF() * 0.9));
  return font;
}

// The text in as many whole lines as fit, the last one cut with an ellipsis where there is more.
void drawLines(QPainter& painter, const QRect& area, const QString& text) {
  const QFontMetrics metrics(painter.font());
  const int most = std::max(1, area.height() / metrics.lineSpacing());
  QTextOption option;
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  QTextLayout layout(text, painter.font());
  layout.setTextOption(option);
  layout.beginLayout();
  int lines = 0;
  for (QTextLine line = layout.createLine(); line.isValid() && lines < most;
       line = layout.createLine(), ++lines) {
    line.setLineWidth(area.width());
    const bool last = lines + 1 == most;
    const QString words = last ? metrics.elidedText(text.mid(line.textStart()), Qt::ElideRight, area.width())
                               : text.mid(line.textStart(), line.textLength());
    painter.drawText(area.left(), area.top() + lines * metrics.lineSpacing() + metrics.ascent(), words);
  }
  layout.endLayout();
}

}  // namespace

BatchGrid::BatchGrid(QWidget* parent) : QAbstractScrollArea(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Tiles of the batch"));
  setMinimumSize(24 * kGrid, 20 * kGrid);
  viewport()->setBackgroundRole(QPalette::Base);
  connect(&Theme::instance(), &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void BatchGrid::setTiles(std::vector<GridTile> tiles) {
  tiles_ = std::move(tiles);
  current_ = std::min(current_, static_cast<int>(tiles_.size()) - 1);
  relayout();
  announce();
}

void BatchGrid::setEmptyText(const QString& text) {
  empty_text_ = text;
  announce();
  viewport()->update();
}

void BatchGrid::setCurrent(int index) {
  current_ = std::clamp(index, -1, static_cast<int>(tiles_.size()) - 1);
  announce();
  viewport()->update();
}

void BatchGrid::leaveSidewaysKeys(bool leave) {
  leaves_sideways_ = leave;
}

int BatchGrid::stripHeight() const {
  const bool notes =
      std::any_of(tiles_.begin(), tiles_.end(), [](const GridTile& tile) { return !tile.note.isEmpty(); });
  return fontMetrics().height() + 6 + (notes ? QFontMetrics(smaller(font())).height() + 2 : 0);
}

// As many columns as make the pictures largest; when they would be too small to see anything, the grid
// scrolls.
void BatchGrid::relayout() {
  QSizeF own(1, 1);
  for (const GridTile& tile : tiles_) {
    if (!tile.image.isNull()) own = own.expandedTo(QSizeF(tile.image.size()));
  }
  if (own.width() <= 1) own = QSizeF(kSmallest, kSmallest);
  const int count = std::max(1, static_cast<int>(tiles_.size()));
  const int width = viewport()->width() - kGap;
  const int height = viewport()->height() - kGap;
  const auto scaleFor = [&](int columns) {
    const int rows = (count + columns - 1) / columns;
    const double across = (static_cast<double>(width) / columns - kGap - 2 * kInset) / own.width();
    const double down =
        (static_cast<double>(height) / rows - kGap - 2 * kInset - stripHeight()) / own.height();
    return std::min(across, down);
  };
  columns_ = 1;
  for (int columns = 2; columns <= count; ++columns) {
    if (scaleFor(columns) > scaleFor(columns_)) columns_ = columns;
  }
  const double pixelRatio = devicePixelRatioF();
  const double least = kSmallest / std::max(own.width(), own.height());
  double scale = std::min(scaleFor(columns_), kLargest / pixelRatio);
  // A whole number of screen pixels for each of the network's looks best, if it costs little.
  if (scale * pixelRatio > 1 && scale * pixelRatio < 1.15) scale = 1 / pixelRatio;
  if (scale < least) {
    scale = least;
    columns_ = std::clamp(static_cast<int>(width / (own.width() * scale + 2 * kInset + kGap)), 1, count);
  }
  picture_ = QSize(std::max(1, static_cast<int>(own.width() * scale)),
                   std::max(1, static_cast<int>(own.height() * scale)));
  const int least_width = picture_.width() + 2 * kInset;
  card_width_ = std::max(least_width, std::min(kLabelWidth, width / columns_ - kGap));
  const int rows = (count + columns_ - 1) / columns_;
  const int content = rows * (picture_.height() + 2 * kInset + stripHeight() + kGap) + kGap;
  verticalScrollBar()->setPageStep(viewport()->height());
  verticalScrollBar()->setSingleStep(picture_.height() / 3);
  verticalScrollBar()->setRange(0, std::max(0, content - viewport()->height()));
  viewport()->update();
}

QRect BatchGrid::tileRect(int index) const {
  const int height = picture_.height() + 2 * kInset + stripHeight();
  const int left = kGap + index % columns_ * (card_width_ + kGap);
  const int top = kGap + index / columns_ * (height + kGap) - verticalScrollBar()->value();
  return {left, top, card_width_, height};
}

int BatchGrid::indexAt(const QPoint& point) const {
  for (int i = 0; i < static_cast<int>(tiles_.size()); ++i) {
    if (tileRect(i).contains(point)) return i;
  }
  return -1;
}

// --- Painting

void BatchGrid::paintEvent(QPaintEvent*) {
  QPainter painter(viewport());
  if (tiles_.empty()) {
    painter.setPen(Theme::instance().colors().mutedText);
    const QRect area = viewport()->rect().adjusted(4 * kGrid, 4 * kGrid, -4 * kGrid, -4 * kGrid);
    painter.drawText(area, Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
    return;
  }
  for (int i = 0; i < static_cast<int>(tiles_.size()); ++i) {
    if (tileRect(i).intersects(viewport()->rect())) paintTile(painter, i);
  }
}

void BatchGrid::paintTile(QPainter& painter, int index) const {
  const ThemeColors& colors = Theme::instance().colors();
  const GridTile& tile = tiles_[static_cast<std::size_t>(index)];
  const QRect rect = tileRect(index);
  const bool isCurrent = index == current_;
  QColor card = isCurrent ? colors.accent : colors.surface;
  if (isCurrent) card.setAlphaF(0.18F);
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setPen(Qt::NoPen);
  painter.setBrush(card);
  painter.drawRoundedRect(rect, kRadius, kRadius);
  painter.setRenderHint(QPainter::Antialiasing, false);
  const QRect area(QPoint(rect.left() + (rect.width() - picture_.width()) / 2, rect.top() + kInset),
                   picture_);
  if (tile.image.isNull()) {
    paintProblem(painter, QRect(rect.left() + kInset, area.top(), rect.width() - 2 * kInset, area.height()),
                 tile);
  } else {
    paintImage(painter, area, tile.image);
  }
  paintStrip(
      painter,
      QRect(rect.left() + kInset + 2, area.bottom() + kInset, rect.width() - 2 * kInset - 4, stripHeight()),
      tile);
  if (!isCurrent) return;
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setPen(QPen(hasFocus() ? colors.accent : colors.mutedText, 2));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), kRadius, kRadius);
  painter.setRenderHint(QPainter::Antialiasing, false);
}

void BatchGrid::paintImage(QPainter& painter, const QRect& area, const QImage& image) const {
  // Tiles of one batch may differ in size (ratio_resize): each fits into the same space.
  const QSize size = image.size().scaled(area.size(), Qt::KeepAspectRatio);
  QRect target(QPoint(), size);
  target.moveCenter(area.center());
  painter.setRenderHint(QPainter::SmoothPixmapTransform,
                        target.size() * devicePixelRatioF() != QSizeF(image.size()).toSize());
  painter.drawImage(target, image);
}

void BatchGrid::paintProblem(QPainter& painter, const QRect& area, const GridTile& tile) const {
  const ThemeColors& colors = Theme::instance().colors();
  painter.setPen(QPen(colors.error, 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(area.adjusted(0, 0, -1, -1));
  QRect text = area.adjusted(kGrid, kGrid / 2, -kGrid, -kGrid / 2);
  QFont bold = font();
  bold.setBold(true);
  painter.setFont(bold);
  painter.setPen(colors.error);
  const QFontMetrics strong(bold);
  painter.drawText(text, Qt::AlignLeft | Qt::AlignTop,
                   strong.elidedText(tr("Left out"), Qt::ElideRight, text.width()));
  text.setTop(text.top() + strong.lineSpacing() + 2);
  painter.setFont(smaller(font()));
  painter.setPen(colors.text);
  const QFontMetrics metrics(painter.font());
  painter.drawText(text, Qt::AlignLeft | Qt::AlignTop,
                   metrics.elidedText(QFileInfo(tile.photo.file).fileName(), Qt::ElideMiddle, text.width()));
  text.setTop(text.top() + metrics.lineSpacing() + 2);
  drawLines(painter, text, tile.problem);
}

void BatchGrid::paintStrip(QPainter& painter, const QRect& strip, const GridTile& tile) const {
  const ThemeColors& colors = Theme::instance().colors();
  QRect line(strip.left(), strip.top(), strip.width(), fontMetrics().height() + 6);
  if (tile.photo.target >= 0) {
    const QRectF dot(line.left(), line.center().y() - kDot / 2.0 + 0.5, kDot, kDot);
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(classColor(tile.photo.target));
    painter.drawEllipse(dot);
    painter.setRenderHint(QPainter::Antialiasing, false);
    line.setLeft(line.left() + kDot + 6);
  }
  painter.setFont(font());
  painter.setPen(colors.text);
  const QString name = tile.photo.label.isEmpty() ? tile.photo.id : tile.photo.label;
  const QString shown = fontMetrics().elidedText(name, Qt::ElideMiddle, line.width());
  painter.drawText(line, Qt::AlignVCenter | Qt::AlignLeft, shown);
  line.setLeft(line.left() + fontMetrics().horizontalAdvance(shown) + kGrid);
  painter.setPen(colors.mutedText);
  painter.drawText(line, Qt::AlignVCenter | Qt::AlignLeft,
                   fontMetrics().elidedText(targetsLine(tile.photo.targets), Qt::ElideRight, line.width()));
  if (tile.note.isEmpty()) return;
  const QFontMetrics small(smaller(font()));
  painter.setFont(smaller(font()));
  painter.setPen(colors.mutedText);
  const QRect second(strip.left(), line.bottom() - 1, strip.width(), small.height() + 2);
  painter.drawText(second, Qt::AlignVCenter | Qt::AlignLeft,
                   small.elidedText(tile.note, Qt::ElideRight, second.width()));
}

// --- Events

void BatchGrid::resizeEvent(QResizeEvent*) {
  relayout();
}

void BatchGrid::changeEvent(QEvent* event) {
  QAbstractScrollArea::changeEvent(event);
  if (event->type() == QEvent::FontChange) relayout();
}

bool BatchGrid::viewportEvent(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QAbstractScrollArea::viewportEvent(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const int index = indexAt(help->pos());
  if (index < 0) {
    QToolTip::hideText();
  } else {
    QToolTip::showText(help->globalPos(), tiles_[static_cast<std::size_t>(index)].tip, viewport(),
                       tileRect(index));
  }
  return true;
}

void BatchGrid::keyPressEvent(QKeyEvent* event) {
  const int last = static_cast<int>(tiles_.size()) - 1;
  if (leaves_sideways_ && (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right))
    return event->ignore();
  switch (event->key()) {
    case Qt::Key_Left:
      return moveCurrent(current_ - 1);
    case Qt::Key_Right:
      return moveCurrent(current_ + 1);
    case Qt::Key_Up:
      return moveCurrent(current_ >= columns_ ? current_ - columns_ : current_);
    case Qt::Key_Down:
      return moveCurrent(current_ < 0 ? 0 : std::min(current_ + columns_, last));
    case Qt::Key_Home:
      return moveCurrent(0);
    case Qt::Key_End:
      return moveCurrent(last);
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (current_ >= 0) Q_EMIT activated(current_);
      return;
    default:
      QAbstractScrollArea::keyPressEvent(event);
  }
}

void BatchGrid::mousePressEvent(QMouseEvent* event) {
  moveCurrent(indexAt(event->position().toPoint()));
}

void BatchGrid::mouseDoubleClickEvent(QMouseEvent* event) {
  const int index = indexAt(event->position().toPoint());
  if (index >= 0 && event->button() == Qt::LeftButton) Q_EMIT activated(index);
}

void BatchGrid::focusInEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusInEvent(event);
  const bool byKey = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
  if (byKey && current_ < 0) moveCurrent(0);
  viewport()->update();
}

void BatchGrid::focusOutEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusOutEvent(event);
  viewport()->update();
}

void BatchGrid::moveCurrent(int index) {
  if (index < 0 || index >= static_cast<int>(tiles_.size()) || index == current_) return;
  setCurrent(index);
  const QRect rect = tileRect(index);
  QScrollBar* bar = verticalScrollBar();
  if (rect.top() < kGap) bar->setValue(bar->value() + rect.top() - kGap);
  if (rect.bottom() > viewport()->height() - kGap)
    bar->setValue(bar->value() + rect.bottom() + 1 - viewport()->height() + kGap);
  Q_EMIT currentChanged(index);
}

// The tiles are painted, so a screen reader learns of the current one by the description of the whole.
void BatchGrid::announce() {
  if (current_ < 0) {
    setAccessibleDescription(tiles_.empty() ? empty_text_ : tr("%1 tiles").arg(tiles_.size()));
    return;
  }
  const GridTile& tile = tiles_[static_cast<std::size_t>(current_)];
  setAccessibleDescription(tr("Tile %1 of %2: %3").arg(current_ + 1).arg(tiles_.size()).arg(tile.tip));
}

}  // namespace panicle::ui
