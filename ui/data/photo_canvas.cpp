#include "ui/data/photo_canvas.h"

#include <QPainter>
#include <algorithm>

#include "ui/shared/theme.h"
#include "ui/shared/thumbnails.h"

namespace panicle::ui {
namespace {

constexpr int kSideStep = 256;         // so that dragging the window's edge does not decode at every pixel
constexpr double kMaxEnlargement = 3;  // beyond that, one sees blur, not the photo

}  // namespace

PhotoCanvas::PhotoCanvas(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  connect(&Thumbnails::instance(), &Thumbnails::ready, this, [this] {
    if (!isVisible()) return;
    update();
    Q_EMIT arrived();
  });
  connect(&Thumbnails::instance(), &Thumbnails::cleared, this, &PhotoCanvas::request, Qt::QueuedConnection);
  connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void PhotoCanvas::setFiles(const QStringList& files) {
  files_ = files;
  request();
  update();
}

const Thumbnail* PhotoCanvas::thumbnail() const {
  return files_.isEmpty() ? nullptr : Thumbnails::instance().findAny(files_.front(), side());
}

QSize PhotoCanvas::sizeHint() const {
  return {60 * kGrid, 50 * kGrid};
}

int PhotoCanvas::side() const {
  const int longest = static_cast<int>(std::max(width(), height()) * devicePixelRatioF());
  return std::max(1, (longest + kSideStep - 1) / kSideStep) * kSideStep;
}

void PhotoCanvas::request() {
  Thumbnails::instance().want(this, isVisible() ? files_ : QStringList(), side());
}

void PhotoCanvas::paintEvent(QPaintEvent*) {
  const Thumbnail* shown = thumbnail();
  QPainter painter(this);
  if (!shown) return;
  if (shown->pixmap.isNull()) {
    painter.setPen(Theme::instance().colors().error);
    painter.drawText(rect().adjusted(4 * kGrid, 0, -4 * kGrid, 0), Qt::AlignCenter | Qt::TextWordWrap,
                     tr("This file cannot be read: %1").arg(shown->failure));
    return;
  }
  const double own = std::max(shown->width, shown->height) / devicePixelRatioF();
  QSizeF size = QSizeF(shown->pixmap.size()).scaled(QSizeF(this->size()), Qt::KeepAspectRatio);
  size *= std::min(1.0, kMaxEnlargement * own / std::max(size.width(), size.height()));
  QRectF target(QPointF(0, 0), size);
  target.moveCenter(QRectF(rect()).center());
  painter.setRenderHint(QPainter::SmoothPixmapTransform, true);
  painter.drawPixmap(target, shown->pixmap, QRectF(shown->pixmap.rect()));
}

void PhotoCanvas::resizeEvent(QResizeEvent*) {
  request();
}
void PhotoCanvas::showEvent(QShowEvent*) {
  request();
}
void PhotoCanvas::hideEvent(QHideEvent*) {
  request();
}

}  // namespace panicle::ui
