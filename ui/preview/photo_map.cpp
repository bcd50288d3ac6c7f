#include "ui/preview/photo_map.h"

#include <QPainter>
#include <QPainterPath>
#include <QTransform>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QRectF rectOf(const Box& box) {
  return QRectF(box.left, box.top, box.width, box.height);
}

}  // namespace

PhotoMap::PhotoMap(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void PhotoMap::setPhoto(const QImage& photo, Size source) {
  photo_ = photo;
  source_ = source;
  scaled_ = {};
  update();
}

void PhotoMap::setBoxes(const Box& valid, const std::vector<Box>& train) {
  valid_ = valid;
  train_ = train;
  update();
}

void PhotoMap::clear() {
  setPhoto({}, {});
  setBoxes({}, {});
}

QSize PhotoMap::sizeHint() const {
  return {30 * kGrid, 36 * kGrid};
}

QSize PhotoMap::minimumSizeHint() const {
  return {16 * kGrid, 12 * kGrid};
}

QRectF PhotoMap::world() const {
  QRectF all(0, 0, source_.width, source_.height);
  for (const Box& box : train_) all |= rectOf(box);
  return all | rectOf(valid_);
}

void PhotoMap::paintFrame(QPainter& painter, const QRectF& box, const QColor& color,
                          Qt::PenStyle style) const {
  // Two lines, so that it is seen on any photo.
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(QColor(0, 0, 0, 150), style == Qt::SolidLine ? 4 : 3));
  painter.drawRect(box);
  painter.setPen(QPen(color, style == Qt::SolidLine ? 2 : 1.5, style));
  painter.drawRect(box);
}

void PhotoMap::paintEvent(QPaintEvent*) {
  if (photo_.isNull()) return;
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRectF all = world();
  const QSizeF fit = all.size().scaled(QSizeF(size()) - QSizeF(4, 4), Qt::KeepAspectRatio);
  const double scale = fit.width() / all.width();
  const QPointF corner((width() - fit.width()) / 2, (height() - fit.height()) / 2);
  const QTransform toWidget =
      QTransform::fromTranslate(corner.x(), corner.y()).scale(scale, scale).translate(-all.x(), -all.y());

  const QRectF photo = toWidget.mapRect(QRectF(0, 0, source_.width, source_.height));
  const QSize pixels = (photo.size() * devicePixelRatioF()).toSize();
  if (scaled_.size() != pixels) {
    scaled_ = QPixmap::fromImage(photo_.scaled(pixels, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
  }
  painter.drawPixmap(photo, scaled_, QRectF(scaled_.rect()));

  const ThemeColors& colors = Theme::instance().colors();
  const QRectF kept = toWidget.mapRect(rectOf(valid_));
  QPainterPath outside, inside, whole;
  inside.addRect(kept);
  whole.addRect(photo);
  outside = whole.subtracted(inside);
  painter.fillPath(outside, QColor(0, 0, 0, 130));
  painter.fillPath(inside.subtracted(whole), QBrush(colors.mutedText, Qt::BDiagPattern));
  for (const Box& box : train_)
    paintFrame(painter, toWidget.mapRect(rectOf(box)), Theme::colors(true).warning, Qt::DashLine);
  if (valid_.width > 0) paintFrame(painter, kept, Theme::colors(true).accent, Qt::SolidLine);
}

}  // namespace panicle::ui
