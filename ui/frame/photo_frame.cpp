#include "ui/frame/photo_frame.h"

#include <QPainter>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kUsualShape = 4.0 / 3;  // height over width while there is no photo
constexpr int kMaxHeight = 480;

}  // namespace

PhotoFrame::PhotoFrame(QWidget* parent) : QWidget(parent) {
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void PhotoFrame::setImage(const QImage& image) {
  pixmap_ = QPixmap::fromImage(image);
  scaled_ = {};
  message_.clear();
  updateGeometry();
  update();
}

void PhotoFrame::setMessage(const QString& message) {
  pixmap_ = {};
  scaled_ = {};
  message_ = message;
  updateGeometry();
  update();
}

QSize PhotoFrame::sizeHint() const {
  return {240, heightForWidth(240)};
}

int PhotoFrame::heightForWidth(int width) const {
  const double shape = pixmap_.isNull() ? kUsualShape : static_cast<double>(pixmap_.height()) / pixmap_.width();
  return std::clamp(static_cast<int>(width * shape), 8 * kGrid, kMaxHeight);
}

void PhotoFrame::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const ThemeColors& colors = Theme::instance().colors();
  if (pixmap_.isNull()) {
    painter.fillRect(rect(), colors.base);
    painter.setPen(colors.mutedText);
    painter.drawText(rect().adjusted(kGrid, kGrid, -kGrid, -kGrid), Qt::AlignCenter | Qt::TextWordWrap, message_);
    return;
  }
  const double ratio = devicePixelRatioF();
  const QSize fit = pixmap_.size().scaled(size(), Qt::KeepAspectRatio);
  if (scaled_.isNull() || scaled_.size() != fit * ratio) {
    scaled_ = pixmap_.scaled(fit * ratio, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    scaled_.setDevicePixelRatio(ratio);
  }
  painter.drawPixmap(QRect(QPoint((width() - fit.width()) / 2, (height() - fit.height()) / 2), fit), scaled_);
}

}  // namespace panicle::ui
