#include "ui/preview/method_card.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kInset = kGrid;
constexpr int kGap = kGrid / 2;
constexpr int kDraws = 3;  // side by side

QFont smallFont(const QFont& font) {
  QFont small = font;
  small.setPointSizeF(font.pointSizeF() * 0.9);
  return small;
}

}  // namespace

MethodCard::MethodCard(QWidget* parent) : QAbstractButton(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void MethodCard::setCase(const ResizedCase& shown, std::uint64_t firstEpoch) {
  case_ = shown;
  first_epoch_ = firstEpoch;
  valid_ = {};
  train_.assign(case_.train.size(), {});
  std::vector<ResizeFacts> train;
  for (const ResizedPicture& picture : case_.train) train.push_back(picture.facts);
  costs_ = case_.failure.isEmpty() ? costWords(case_.valid.facts, train) : case_.failure;
  reduction_ = case_.failure.isEmpty() ? reductionWords(case_.valid.facts) : QString();
  describe();
  update();
}

void MethodCard::setInRecipe(bool in) {
  in_recipe_ = in;
  describe();
  update();
}

void MethodCard::describe() {
  const QString name = caseName(case_.options);
  const QString action =
      in_recipe_ ? tr("This is what the recipe does.") : tr("Click to put it in the recipe.");
  setAccessibleName(in_recipe_ ? tr("%1, in the recipe").arg(name) : name);
  setAccessibleDescription(words() + QLatin1Char(' ') + action);
  QString tip = QStringLiteral("<p><b>%1</b><br>%2</p><p>%3</p>")
                    .arg(name, caseHelp(case_.options).toHtmlEscaped(), words().toHtmlEscaped());
  if (case_.mean.files > 0) {
    tip += tr("<p>Over all %1 photos, on average: %2.</p>")
               .arg(formatCount(case_.mean.files), meanWords(case_.mean));
  }
  setToolTip(tip + QStringLiteral("<p>%1</p>").arg(action));
}

QString MethodCard::words() const {
  const QString words = reduction_.isEmpty() ? costs_ : tr("%1. %2.").arg(costs_, reduction_);
  // A figure keeps its unit on the line.
  return QString(words)
      .replace(QStringLiteral(" ×"), QStringLiteral("\u00a0×"))
      .replace(QStringLiteral(" %"), QStringLiteral("\u00a0%"));
}

int MethodCard::wordsHeightFor(int width) const {
  const QRect room(0, 0, std::max(1, width - 2 * kInset), QWIDGETSIZE_MAX);
  return QFontMetrics(smallFont(font()))
      .boundingRect(room, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, words())
      .height();
}

void MethodCard::setWordsHeight(int height) {
  words_height_ = height;
  update();
}

int MethodCard::heightFor(int width, double shape, int wordsHeight) const {
  const int inner = width - 2 * kInset;
  const int draw = (inner - (kDraws - 1) * kGap) / kDraws;
  const int line = QFontMetrics(smallFont(font())).height();
  return 2 * kInset + fontMetrics().height() + kGap + static_cast<int>(inner * shape) + kGap + line + kGap +
         static_cast<int>(draw * shape) + kGap + wordsHeight;
}

MethodCard::Places MethodCard::places() const {
  Places places;
  const int line = QFontMetrics(smallFont(font())).height();
  const int inner = width() - 2 * kInset;
  const int fixed = 2 * kInset + fontMetrics().height() + 4 * kGap + line + words_height_;
  // A draw is as wide as a third of the inside; heights share what is left in the same proportion.
  const double draw = static_cast<double>(inner - (kDraws - 1) * kGap) / kDraws;
  const int left = std::max(0, height() - fixed);
  const int picture = static_cast<int>(left * inner / (inner + draw));
  int y = kInset;
  const auto row = [&](int height, int gap) {
    const QRect place(kInset, y, inner, height);
    y += height + gap;
    return place;
  };
  places.title = row(fontMetrics().height(), kGap);
  places.picture = row(picture, kGap);
  places.trainTitle = row(line, kGap);
  places.draws = row(left - picture, kGap);
  places.words = row(words_height_, 0);
  return places;
}

int MethodCard::pictureWidth() const {
  return width() - 2 * kInset;
}

void MethodCard::paintPicture(QPainter& painter, const QRect& place, const ResizedPicture& picture,
                              QPixmap& scaled) const {
  const QImage& image = picture.image;
  if (image.isNull() || place.isEmpty()) return;
  const double ratio = devicePixelRatioF();
  const QSize fit = image.size().scaled(place.size(), Qt::KeepAspectRatio);
  if (scaled.isNull()) {
    const QSize pixels = fit * ratio;
    // Enlarged, its pixels are seen as they are: that is all there is for the network.
    const auto how =
        pixels.width() > picture.facts.result.width ? Qt::FastTransformation : Qt::SmoothTransformation;
    scaled = QPixmap::fromImage(image.scaled(pixels, Qt::IgnoreAspectRatio, how));
    scaled.setDevicePixelRatio(ratio);
  }
  painter.drawPixmap(QPoint(place.left() + (place.width() - fit.width()) / 2,
                            place.top() + (place.height() - fit.height()) / 2),
                     scaled);
}

void MethodCard::paintTitle(QPainter& painter, const QRect& place) const {
  painter.setPen(palette().color(QPalette::WindowText));
  QRect text = place;
  if (in_recipe_) {
    const int side = place.height();
    const QRect mark(place.right() - side, place.top(), side, side);
    lineIcon(QStringLiteral("check")).paint(&painter, mark);
    text.setRight(mark.left() - kGap);
  }
  const QString name = caseName(case_.options);
  QFont bold = font();
  bold.setBold(true);
  // The longest name is written smaller on a small card rather than cut off.
  const double smallest = 0.7 * bold.pointSizeF();
  while (QFontMetrics(bold).horizontalAdvance(name) > text.width() && bold.pointSizeF() > smallest)
    bold.setPointSizeF(bold.pointSizeF() - 0.5);
  painter.setFont(bold);
  painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
                   QFontMetrics(bold).elidedText(name, Qt::ElideRight, text.width()));
}

void MethodCard::paintDraws(QPainter& painter, const Places& places) {
  painter.setFont(smallFont(font()));
  painter.setPen(palette().color(QPalette::PlaceholderText));
  const QFontMetrics metrics(painter.font());
  const auto last = first_epoch_ + case_.train.size();
  const QString title = !case_.failure.isEmpty() ? QString()
                        : case_.train.empty()    ? tr("the same in training")
                                              : tr("training, epochs %1–%2").arg(first_epoch_ + 1).arg(last);
  painter.drawText(places.trainTitle, Qt::AlignLeft | Qt::AlignVCenter,
                   metrics.elidedText(title, Qt::ElideRight, places.trainTitle.width()));
  const int count = static_cast<int>(case_.train.size());
  for (int i = 0; i < count; ++i) {
    const int width = (places.draws.width() - (kDraws - 1) * kGap) / kDraws;
    const QRect place(places.draws.left() + i * (width + kGap), places.draws.top(), width,
                      places.draws.height());
    const auto at = static_cast<std::size_t>(i);
    paintPicture(painter, place, case_.train[at], train_[at]);
  }
}

void MethodCard::paintEvent(QPaintEvent*) {
  const ThemeColors& colors = Theme::instance().colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const bool marked = in_recipe_ || hasFocus();
  painter.setPen(QPen(marked         ? colors.accent
                      : underMouse() ? colors.mutedText
                                     : colors.border,
                      marked ? 2 : 1));
  painter.setBrush(isDown() ? colors.grid : colors.base);
  painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 4, 4);
  const Places at = places();
  paintTitle(painter, at.title);
  paintPicture(painter, at.picture, case_.valid, valid_);
  paintDraws(painter, at);
  painter.setFont(smallFont(font()));
  painter.setPen(case_.failure.isEmpty() ? colors.text : colors.error);
  painter.drawText(at.words, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, words());
}

void MethodCard::resizeEvent(QResizeEvent*) {
  valid_ = {};
  train_.assign(case_.train.size(), {});
}

void MethodCard::enterEvent(QEnterEvent* event) {
  QAbstractButton::enterEvent(event);
  update();
  Q_EMIT entered();
}

void MethodCard::leaveEvent(QEvent* event) {
  QAbstractButton::leaveEvent(event);
  update();
  Q_EMIT left();
}

void MethodCard::focusInEvent(QFocusEvent* event) {
  QAbstractButton::focusInEvent(event);
  Q_EMIT entered();
}

void MethodCard::focusOutEvent(QFocusEvent* event) {
  QAbstractButton::focusOutEvent(event);
  Q_EMIT left();
}

void MethodCard::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
      click();
      break;
    // Among buttons the arrows would move the focus; here they walk the photos.
    case Qt::Key_Left:
    case Qt::Key_Right:
      event->ignore();
      break;
    default:
      QAbstractButton::keyPressEvent(event);
  }
}

}  // namespace panicle::ui
