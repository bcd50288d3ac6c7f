#include "ui/shared/photo_grid_view.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QDesktopServices>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <QUrl>
#include <algorithm>
#include <limits>

#include "ui/shared/theme.h"
#include "ui/shared/thumbnails.h"

namespace panicle::ui {
namespace {

constexpr int kGap = kGrid;
constexpr int kZoomStep = 16;
constexpr int kRequestMs = 15;

}  // namespace

PhotoGridView::PhotoGridView(PhotoGrid::Strip strip, QWidget* parent)
    : QAbstractScrollArea(parent), strip_(strip), tile_(strip, font(), false) {
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::StrongFocus);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Photos"));
  viewport()->setMouseTracking(true);
  viewport()->setAttribute(Qt::WA_OpaquePaintEvent);
  request_.setSingleShot(true);
  request_.setInterval(kRequestMs);
  connect(&request_, &QTimer::timeout, this, &PhotoGridView::requestThumbnails);
  connect(&Thumbnails::instance(), &Thumbnails::ready, viewport(), qOverload<>(&QWidget::update));
  connect(&Thumbnails::instance(), &Thumbnails::cleared, &request_, qOverload<>(&QTimer::start));
  connect(&Theme::instance(), &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void PhotoGridView::setSource(int count, std::function<Photo(int)> photo) {
  count_ = std::max(0, count);
  source_ = std::move(photo);
  window_.clear();
  window_first_ = 0;
  current_ = -1;
  hovered_ = -1;
  verticalScrollBar()->setValue(0);
  // Always there, else the columns flicker when it comes and goes.
  setVerticalScrollBarPolicy(count_ > 0 ? Qt::ScrollBarAlwaysOn : Qt::ScrollBarAlwaysOff);
  relayout(-1);
  announceCurrent();
}

Photo PhotoGridView::photo(int index) const {
  return index >= 0 && index < count_ ? source_(index) : Photo{};
}

void PhotoGridView::setCurrent(int index) {
  if (index < 0 || index >= count_) index = -1;
  if (index == current_) return;
  updateTile(current_);
  current_ = index;
  updateTile(current_);
  if (current_ >= 0) scrollTo(current_);
  announceCurrent();
}

void PhotoGridView::setTileSize(int pixels) {
  pixels = std::clamp(pixels, PhotoGrid::kMinTile, PhotoGrid::kMaxTile);
  if (pixels == tile_size_) return;
  const Range range = visible();
  const bool current_seen = current_ >= range.first && current_ < range.last;
  tile_size_ = pixels;
  relayout(current_seen ? current_ : range.first);
}

void PhotoGridView::setEmptyText(const QString& text) {
  empty_text_ = text;
  if (count_ > 0) return;
  viewport()->update();
  announceCurrent();
}

void PhotoGridView::setTargets(bool shown) {
  if (shown == targets_) return;
  targets_ = shown;
  tile_ = PhotoTile(strip_, font(), targets_);
  relayout(current_);
}

// --- Layout

int PhotoGridView::rowHeight() const {
  return tile_size_ + tile_.stripHeight() + kGap;
}
int PhotoGridView::rows() const {
  return (count_ + columns_ - 1) / columns_;
}

QRect PhotoGridView::tileRect(int index) const {
  const int row = index / columns_;
  const int column = index % columns_;
  // What is left over is spread between the columns.
  const int free = std::max(0, viewport()->width() - columns_ * tile_size_);
  const int x = free * (column + 1) / (columns_ + 1) + column * tile_size_;
  const qint64 y = kGap + qint64{row} * rowHeight() - verticalScrollBar()->value();
  return {x, static_cast<int>(y), tile_size_, tile_size_ + tile_.stripHeight()};
}

int PhotoGridView::indexAt(const QPoint& point) const {
  const qint64 y = qint64{point.y()} + verticalScrollBar()->value() - kGap;
  if (y < 0) return -1;
  const int first = static_cast<int>(y / rowHeight()) * columns_;
  for (int index = first; index < std::min(first + columns_, count_); ++index) {
    if (tileRect(index).contains(point)) return index;
  }
  return -1;
}

PhotoGridView::Range PhotoGridView::visible() const {
  const int top = verticalScrollBar()->value();
  const int first = std::max(0, (top - kGap) / rowHeight()) * columns_;
  const int last = ((top + viewport()->height()) / rowHeight() + 1) * columns_;
  return {std::min(first, count_), std::min(last, count_)};
}

void PhotoGridView::relayout(int keep) {
  columns_ = std::max(1, (viewport()->width() - kGap) / (tile_size_ + kGap));
  const qint64 height = kGap + qint64{rows()} * rowHeight();
  const qint64 range = std::max<qint64>(0, height - viewport()->height());
  verticalScrollBar()->setRange(
      0, static_cast<int>(std::min<qint64>(range, std::numeric_limits<int>::max() / 2)));
  verticalScrollBar()->setPageStep(viewport()->height());
  verticalScrollBar()->setSingleStep(std::max(1, rowHeight() / 3));
  if (keep >= 0) scrollTo(keep);
  fillWindow();
  request_.start();
  viewport()->update();
}

// --- Photos near the view, and their thumbnails

// Keeps the photos of one screen above and two screens below at hand, reusing those it has.
void PhotoGridView::fillWindow() {
  const Range range = visible();
  const int screen = range.last - range.first;
  const int first = std::max(0, range.first - screen);
  const int last = std::min(count_, range.last + 2 * screen);
  const int old_last = window_first_ + static_cast<int>(window_.size());
  if (first == window_first_ && last == old_last) return;
  std::vector<Photo> next;
  next.reserve(static_cast<std::size_t>(last - first));
  for (int index = first; index < last; ++index) {
    const bool known = index >= window_first_ && index < old_last;
    next.push_back(known ? std::move(window_[static_cast<std::size_t>(index - window_first_)])
                         : source_(index));
  }
  window_ = std::move(next);
  window_first_ = first;
}

const Photo& PhotoGridView::windowPhoto(int index) {
  const int last = window_first_ + static_cast<int>(window_.size());
  if (index < window_first_ || index >= last) fillWindow();
  return window_[static_cast<std::size_t>(index - window_first_)];
}

int PhotoGridView::decodedSide() const {
  return static_cast<int>((tile_size_ - 2 * PhotoTile::kInset) * devicePixelRatioF());
}

void PhotoGridView::requestThumbnails() {
  Thumbnails& thumbnails = Thumbnails::instance();
  if (!isVisible()) {
    thumbnails.want(this, {}, decodedSide());
    return;
  }
  fillWindow();
  const Range range = visible();
  const int window_last = window_first_ + static_cast<int>(window_.size());
  QStringList files;
  files.reserve(static_cast<qsizetype>(window_.size()));
  for (int index = range.first; index < range.last; ++index) files << windowPhoto(index).file;
  // Then outwards, row by row.
  int above = range.first - 1;
  int below = range.last;
  while (above >= window_first_ || below < window_last) {
    for (int n = 0; n < columns_ && below < window_last; ++n) files << windowPhoto(below++).file;
    for (int n = 0; n < columns_ && above >= window_first_; ++n) files << windowPhoto(above--).file;
  }
  thumbnails.want(this, files, decodedSide());
}

// --- Painting

void PhotoGridView::paintEvent(QPaintEvent* event) {
  QPainter painter(viewport());
  painter.fillRect(event->rect(), Theme::instance().colors().base);
  if (count_ == 0) {
    paintEmpty(painter);
    return;
  }
  const Thumbnails& thumbnails = Thumbnails::instance();
  const Range range = visible();
  for (int index = range.first; index < range.last; ++index) {
    const QRect rect = tileRect(index);
    if (!rect.intersects(event->rect())) continue;
    const Photo& photo = windowPhoto(index);
    tile_.paint(painter, rect, photo, thumbnails.findAny(photo.file, decodedSide()),
                {.current = index == current_, .focused = hasFocus(), .hovered = index == hovered_});
  }
}

void PhotoGridView::paintEmpty(QPainter& painter) {
  painter.setPen(Theme::instance().colors().mutedText);
  const QRect area = viewport()->rect().adjusted(4 * kGrid, 4 * kGrid, -4 * kGrid, -4 * kGrid);
  painter.drawText(area, Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
}

void PhotoGridView::updateTile(int index) {
  if (index >= 0) viewport()->update(tileRect(index));
}

// --- Events

void PhotoGridView::resizeEvent(QResizeEvent*) {
  const Range range = visible();
  relayout(current_ >= range.first && current_ < range.last ? current_ : -1);
}

void PhotoGridView::scrollContentsBy(int, int dy) {
  viewport()->scroll(0, dy);
  if (hovered_ >= 0) setHovered(-1);
  // Not restarted, so that a long drag still shows pictures on its way.
  if (!request_.isActive()) request_.start();
}

void PhotoGridView::showEvent(QShowEvent* event) {
  QAbstractScrollArea::showEvent(event);
  request_.start();
}

void PhotoGridView::hideEvent(QHideEvent* event) {
  QAbstractScrollArea::hideEvent(event);
  Thumbnails::instance().want(this, {}, decodedSide());
}

void PhotoGridView::changeEvent(QEvent* event) {
  QAbstractScrollArea::changeEvent(event);
  if (event->type() != QEvent::FontChange) return;
  tile_ = PhotoTile(strip_, font(), targets_);
  relayout(current_);
}

bool PhotoGridView::viewportEvent(QEvent* event) {
  if (event->type() == QEvent::Leave) setHovered(-1);
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const int index = indexAt(help->pos());
    if (index < 0) {
      QToolTip::hideText();
    } else {
      const Photo& photo = windowPhoto(index);
      const Thumbnail* thumbnail = Thumbnails::instance().findAny(photo.file, decodedSide());
      QToolTip::showText(help->globalPos(), describePhoto(photo, thumbnail), viewport(), tileRect(index));
    }
    return true;
  }
  return QAbstractScrollArea::viewportEvent(event);
}

void PhotoGridView::keyPressEvent(QKeyEvent* event) {
  if (event->matches(QKeySequence::Copy) && current_ >= 0) {
    QGuiApplication::clipboard()->setText(photo(current_).file);
    return;
  }
  if (event->modifiers() & Qt::ControlModifier) {
    if (event->key() == Qt::Key_Plus || event->key() == Qt::Key_Equal) return zoomBy(1);
    if (event->key() == Qt::Key_Minus) return zoomBy(-1);
  }
  const int page = std::max(1, viewport()->height() / rowHeight()) * columns_;
  const int last = count_ - 1;
  // The last row may be shorter than the one above.
  const int down = std::min(current_ + columns_, current_ / columns_ < rows() - 1 ? last : current_);
  switch (event->key()) {
    case Qt::Key_Left:
      return moveCurrent(current_ - 1);
    case Qt::Key_Right:
      return moveCurrent(current_ + 1);
    case Qt::Key_Up:
      return moveCurrent(current_ >= columns_ ? current_ - columns_ : current_);
    case Qt::Key_Down:
      return moveCurrent(current_ < 0 ? 0 : down);
    case Qt::Key_PageUp:
      return moveCurrent(std::max(current_ - page, std::max(0, current_) % columns_));
    case Qt::Key_PageDown:
      return moveCurrent(std::min(current_ + page, last));
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

void PhotoGridView::mousePressEvent(QMouseEvent* event) {
  const int index = indexAt(event->position().toPoint());
  if (index >= 0) moveCurrent(index);
}

void PhotoGridView::mouseDoubleClickEvent(QMouseEvent* event) {
  const int index = indexAt(event->position().toPoint());
  if (index >= 0 && event->button() == Qt::LeftButton) Q_EMIT activated(index);
}

void PhotoGridView::mouseMoveEvent(QMouseEvent* event) {
  setHovered(indexAt(event->position().toPoint()));
}

void PhotoGridView::wheelEvent(QWheelEvent* event) {
  if (event->modifiers() & Qt::ControlModifier) {
    zoomBy(event->angleDelta().y() > 0 ? 1 : -1);
    event->accept();
    return;
  }
  QAbstractScrollArea::wheelEvent(event);
}

void PhotoGridView::contextMenuEvent(QContextMenuEvent* event) {
  const bool by_mouse = event->reason() == QContextMenuEvent::Mouse;
  const int index = by_mouse ? indexAt(viewport()->mapFromGlobal(event->globalPos())) : current_;
  if (index < 0) return;
  const Photo shown = photo(index);
  QMenu menu(this);
  menu.addAction(lineIcon(QStringLiteral("photo")), tr("Show large"), this,
                 [this, index] { Q_EMIT activated(index); });
  menu.addAction(lineIcon(QStringLiteral("copy")), tr("Copy path"), this,
                 [&shown] { QGuiApplication::clipboard()->setText(shown.file); });
  menu.addAction(tr("Copy name"), this, [&shown] { QGuiApplication::clipboard()->setText(shown.id); });
  menu.addAction(lineIcon(QStringLiteral("open-external")), tr("Show its folder"), this, [&shown] {
    QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(shown.file).absolutePath()));
  });
  menu.exec(by_mouse ? event->globalPos() : viewport()->mapToGlobal(tileRect(index).center()));
}

void PhotoGridView::focusInEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusInEvent(event);
  const bool by_key = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
  if (by_key && current_ < 0) moveCurrent(visible().first);
  updateTile(current_);
}

void PhotoGridView::focusOutEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusOutEvent(event);
  updateTile(current_);
}

// --- Current photo

void PhotoGridView::moveCurrent(int index) {
  if (index < 0 || index >= count_ || index == current_) return;
  setCurrent(index);
  Q_EMIT currentChanged(index);
}

void PhotoGridView::scrollTo(int index) {
  const QRect rect = tileRect(index);
  QScrollBar* bar = verticalScrollBar();
  if (rect.top() < kGap) {
    bar->setValue(bar->value() + rect.top() - kGap);
  } else if (rect.bottom() > viewport()->height() - kGap) {
    bar->setValue(bar->value() + rect.bottom() + 1 - viewport()->height() + kGap);
  }
}

void PhotoGridView::setHovered(int index) {
  if (index == hovered_) return;
  updateTile(hovered_);
  hovered_ = index;
  updateTile(hovered_);
}

// The tiles are painted, so a screen reader learns of the current one by the description of the whole.
void PhotoGridView::announceCurrent() {
  if (current_ < 0) {
    setAccessibleDescription(count_ == 0 ? empty_text_
                                         : tr("%1 photos").arg(formatCount(static_cast<quint64>(count_))));
    return;
  }
  const Photo shown = photo(current_);
  const QString place =
      tr("Photo %1 of %2")
          .arg(formatCount(static_cast<quint64>(current_) + 1), formatCount(static_cast<quint64>(count_)));
  setAccessibleDescription(place + QStringLiteral(": ") + describePhoto(shown, nullptr));
}

void PhotoGridView::zoomBy(int steps) {
  const int before = tile_size_;
  setTileSize(tile_size_ + steps * kZoomStep);
  if (tile_size_ != before) Q_EMIT tileSizeChanged(tile_size_);
}

}  // namespace panicle::ui
