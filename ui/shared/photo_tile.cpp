#include "ui/shared/photo_tile.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>
#include <QStringList>
#include <algorithm>

#include "ui/shared/photo_targets.h"
#include "ui/shared/theme.h"
#include "ui/shared/thumbnails.h"

namespace panicle::ui {
namespace {

constexpr int kRadius = 4;
constexpr int kDot = 8;

QString tr(const char* text) {
  return QCoreApplication::translate("PhotoGrid", text);
}

QFont smaller(QFont font) {
  if (font.pointSizeF() > 0) font.setPointSizeF(std::max(6.0, font.pointSizeF() * 0.9));
  return font;
}

// What to call a photo without a label.
QString nameOf(const Photo& photo) {
  return photo.label.isEmpty() ? photo.id : photo.label;
}

QString scoreText(const PhotoPrediction& prediction) {
  return QStringLiteral("p %1  loss %2")
      .arg(prediction.probability, 0, 'f', 2)
      .arg(prediction.loss, 0, 'f', 2);
}

}  // namespace

PhotoTile::PhotoTile(PhotoGrid::Strip strip, const QFont& font, bool targets)
    : strip_(strip),
      targets_(targets),
      font_(font),
      small_(smaller(font)),
      metrics_(font_),
      small_metrics_(small_) {}

int PhotoTile::stripHeight() const {
  const int more = (strip_ == PhotoGrid::Strip::Label ? 0 : 1) + (targets_ ? 1 : 0);
  return metrics_.height() + 6 + more * (small_metrics_.height() + 2);
}

void PhotoTile::paint(QPainter& painter, const QRect& tile, const Photo& photo, const Thumbnail* thumbnail,
                      const TileState& state) const {
  const ThemeColors& colors = Theme::instance().colors();
  const int strip_height = stripHeight();
  QColor card = colors.surface;
  if (state.current || state.hovered) {
    card = state.current ? colors.accent : colors.text;
    card.setAlphaF(state.current ? 0.18F : 0.07F);
    painter.fillRect(tile, colors.base);
  }
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setPen(Qt::NoPen);
  painter.setBrush(card);
  painter.drawRoundedRect(tile, kRadius, kRadius);
  painter.setRenderHint(QPainter::Antialiasing, false);

  const int side = tile.width() - 2 * kInset;
  const QRect square(tile.left() + kInset, tile.top() + kInset, side, side);
  paintPicture(painter, square, thumbnail);
  QRect strip(tile.left() + kInset + 2, tile.bottom() + 1 - strip_height, tile.width() - 2 * kInset - 4,
              strip_height);
  if (targets_) {
    paintTargets(painter, strip, photo);
    strip.setBottom(strip.bottom() - small_metrics_.height() - 2);
  }
  if (strip_ == PhotoGrid::Strip::Prediction && photo.prediction) {
    paintPrediction(painter, strip, photo);
  } else {
    paintLabel(painter, strip, photo);
  }
  if (!state.current) return;
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setPen(QPen(state.focused ? colors.accent : colors.mutedText, 2));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(QRectF(tile).adjusted(1, 1, -1, -1), kRadius, kRadius);
}

void PhotoTile::paintPicture(QPainter& painter, const QRect& square, const Thumbnail* thumbnail) const {
  if (!thumbnail) {
    const int side = square.width() / 3;
    QColor faint = Theme::instance().colors().border;
    faint.setAlphaF(0.5F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(faint);
    painter.drawRect(QRect(square.center() - QPoint(side / 2, side / 2), QSize(side, side)));
    return;
  }
  if (thumbnail->pixmap.isNull()) {
    paintBroken(painter, square);
    return;
  }
  // Fitted to the square, but never enlarged beyond the file's own pixels.
  const QPixmap& pixmap = thumbnail->pixmap;
  const qreal own = std::max(thumbnail->width, thumbnail->height) / painter.device()->devicePixelRatioF();
  QSizeF size = pixmap.size();
  size *= std::min<qreal>(square.width(), own) / std::max(size.width(), size.height());
  const QPointF corner(square.left() + (square.width() - size.width()) / 2,
                       square.top() + (square.height() - size.height()) / 2);
  const QRect target(corner.toPoint(), size.toSize().expandedTo(QSize(1, 1)));
  painter.drawPixmap(target, pixmap);
}

// A torn picture frame, and the words: the sign never stands on its colour alone.
void PhotoTile::paintBroken(QPainter& painter, const QRect& square) const {
  const ThemeColors& colors = Theme::instance().colors();
  const int side = std::min(48, square.width() / 2);
  QRectF frame(0, 0, side, side * 0.75);
  frame.moveCenter(QPointF(square.center()) - QPointF(0, square.width() >= 96 ? metrics_.height() * 0.6 : 0));
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setPen(QPen(colors.error, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(frame, 2, 2);
  QPainterPath crack(QPointF(frame.center().x() + side * 0.08, frame.top()));
  crack.lineTo(frame.center().x() - side * 0.12, frame.top() + frame.height() * 0.4);
  crack.lineTo(frame.center().x() + side * 0.1, frame.top() + frame.height() * 0.6);
  crack.lineTo(frame.center().x() - side * 0.06, frame.bottom());
  painter.drawPath(crack);
  painter.setRenderHint(QPainter::Antialiasing, false);
  if (square.width() < 96) return;
  painter.setFont(small_);
  painter.setPen(colors.error);
  const QRect words(square.left(), static_cast<int>(frame.bottom()) + 4, square.width(),
                    small_metrics_.height() + 2);
  painter.drawText(words, Qt::AlignHCenter | Qt::AlignTop,
                   small_metrics_.elidedText(tr("cannot be read"), Qt::ElideRight, words.width()));
}

void PhotoTile::paintLabel(QPainter& painter, const QRect& strip, const Photo& photo) const {
  QRect text = strip;
  if (photo.target >= 0) {
    const QRectF dot(strip.left(), strip.center().y() - kDot / 2.0 + 0.5, kDot, kDot);
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.setPen(Qt::NoPen);
    painter.setBrush(classColor(photo.target));
    painter.drawEllipse(dot);
    painter.setRenderHint(QPainter::Antialiasing, false);
    text.setLeft(strip.left() + kDot + 6);
  }
  painter.setFont(font_);
  painter.setPen(Theme::instance().colors().text);
  painter.drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
                   metrics_.elidedText(nameOf(photo), Qt::ElideMiddle, text.width()));
}

void PhotoTile::paintPrediction(QPainter& painter, const QRect& strip, const Photo& photo) const {
  const ThemeColors& colors = Theme::instance().colors();
  const PhotoPrediction& prediction = *photo.prediction;
  const bool judged = !photo.label.isEmpty();
  const bool right = photo.label == prediction.label;
  QRect first(strip.left(), strip.top() + 2, strip.width(), metrics_.height() + 2);
  if (judged) {
    paintVerdict(painter, QRect(first.left(), first.center().y() - kDot / 2, kDot, kDot), right);
    first.setLeft(first.left() + kDot + 6);
  }
  QString words = prediction.label;
  if (judged && !right) {
    const QString arrow = QStringLiteral(" \u2192 ");
    const int half = (first.width() - metrics_.horizontalAdvance(arrow)) / 2;
    const int true_width = std::min(metrics_.horizontalAdvance(photo.label), half);
    const int predicted_width = std::max(half, 2 * half - true_width);
    const int spare = 2 * half - std::min(metrics_.horizontalAdvance(prediction.label), predicted_width);
    words = metrics_.elidedText(photo.label, Qt::ElideMiddle, std::max(half, spare)) + arrow +
            metrics_.elidedText(prediction.label, Qt::ElideMiddle, predicted_width);
  }
  painter.setFont(font_);
  painter.setPen(judged && !right ? colors.error : colors.text);
  painter.drawText(first, Qt::AlignVCenter | Qt::AlignLeft,
                   metrics_.elidedText(words, Qt::ElideMiddle, first.width()));
  const QRect second(strip.left(), first.bottom(), strip.width(), small_metrics_.height() + 2);
  painter.setFont(small_);
  painter.setPen(colors.mutedText);
  painter.drawText(second, Qt::AlignVCenter | Qt::AlignLeft,
                   small_metrics_.elidedText(scoreText(prediction), Qt::ElideRight, second.width()));
}

// The last line of the strip.
void PhotoTile::paintTargets(QPainter& painter, const QRect& strip, const Photo& photo) const {
  const int height = small_metrics_.height();
  const QRect line(strip.left(), strip.bottom() - height - 3, strip.width(), height);
  painter.setFont(small_);
  painter.setPen(Theme::instance().colors().mutedText);
  painter.drawText(line, Qt::AlignVCenter | Qt::AlignLeft,
                   small_metrics_.elidedText(targetsLine(photo.targets), Qt::ElideRight, line.width()));
}

// A cross or a tick, so that right and wrong differ in shape too.
void PhotoTile::paintVerdict(QPainter& painter, const QRect& box, bool right) const {
  const ThemeColors& colors = Theme::instance().colors();
  const QRectF area(box);
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setPen(
      QPen(right ? colors.mutedText : colors.error, 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  if (right) {
    painter.drawPolyline(QPolygonF{QPointF(area.left(), area.center().y()),
                                   QPointF(area.left() + area.width() * 0.38, area.bottom()),
                                   QPointF(area.right(), area.top())});
  } else {
    painter.drawLine(area.topLeft(), area.bottomRight());
    painter.drawLine(area.topRight(), area.bottomLeft());
  }
  painter.setRenderHint(QPainter::Antialiasing, false);
}

QString describePhoto(const Photo& photo, const Thumbnail* thumbnail) {
  QStringList lines;
  if (!photo.label.isEmpty()) lines << photo.label;
  if (!photo.targets.isEmpty()) lines << targetsText(photo.targets);
  if (photo.prediction) {
    lines << tr("predicted %1, %2").arg(photo.prediction->label, scoreText(*photo.prediction));
  }
  if (thumbnail && thumbnail->width > 0) {
    QString size = tr("%1 \u00d7 %2 pixels (width \u00d7 height)").arg(thumbnail->width).arg(thumbnail->height);
    if (thumbnail->orientation != 1) size += tr(", EXIF orientation %1").arg(thumbnail->orientation);
    lines << size;
  }
  lines << photo.path;
  if (thumbnail && !thumbnail->failure.isEmpty()) lines << tr("Cannot be read: %1").arg(thumbnail->failure);
  return lines.join(QLatin1Char('\n'));
}

}  // namespace panicle::ui
