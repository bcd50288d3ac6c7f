#include "ui/data/photo_view.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/data/header_line.h"
#include "ui/data/photo_canvas.h"
#include "ui/shared/photo_targets.h"
#include "ui/shared/theme.h"
#include "ui/shared/thumbnails.h"

namespace panicle::ui {
namespace {

QPixmap classDot(int target, qreal ratio) {
  constexpr int kSize = 12;
  QPixmap dot(QSize(kSize, kSize) * ratio);
  dot.setDevicePixelRatio(ratio);
  dot.fill(Qt::transparent);
  QPainter painter(&dot);
  painter.setRenderHint(QPainter::Antialiasing, true);
  painter.setPen(Qt::NoPen);
  painter.setBrush(classColor(target));
  painter.drawEllipse(QRectF(1, 1, kSize - 2, kSize - 2));
  return dot;
}

}  // namespace

PhotoView::PhotoView(QWidget* parent)
    : QWidget(parent),
      canvas_(new PhotoCanvas(this)),
      place_(new QLabel(this)),
      dot_(new QLabel(this)),
      label_(new QLabel(this)),
      targets_(new QLabel(this)),
      facts_(new QLabel(this)),
      path_(new QLabel(this)) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Photo"));
  auto* back = makeButton(QStringLiteral("chevron-left"), tr("Back to the grid (Esc)"));
  back->setText(tr("Back to the grid"));
  back->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  connect(back, &QToolButton::clicked, this, &PhotoView::closed);
  previous_ = makeButton(QStringLiteral("chevron-left"), tr("Previous photo (Left)"));
  next_ = makeButton(QStringLiteral("chevron-right"), tr("Next photo (Right)"));
  connect(previous_, &QToolButton::clicked, this, [this] { Q_EMIT moveRequested(-1); });
  connect(next_, &QToolButton::clicked, this, [this] { Q_EMIT moveRequested(1); });

  auto* top = new QHBoxLayout;
  top->addWidget(back);
  top->addStretch();
  top->addWidget(place_);
  top->addWidget(previous_);
  top->addWidget(next_);
  auto* names = new QHBoxLayout;
  names->setSpacing(kGrid);
  names->addWidget(dot_);
  names->addWidget(label_);
  names->addWidget(targets_);
  names->addSpacing(kGrid);
  names->addWidget(facts_);
  names->addStretch();
  QFont strong = label_->font();
  strong.setBold(true);
  label_->setFont(strong);
  label_->setTextFormat(Qt::PlainText);
  targets_->setTextFormat(Qt::PlainText);
  path_->setTextFormat(Qt::PlainText);
  path_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  path_->setWordWrap(true);
  path_->setForegroundRole(QPalette::PlaceholderText);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addLayout(top);
  layout->addWidget(canvas_, 1);
  layout->addLayout(names);
  layout->addWidget(path_);
  connect(canvas_, &PhotoCanvas::arrived, this, &PhotoView::showFacts);
}

QToolButton* PhotoView::makeButton(const QString& icon, const QString& tip) {
  auto* button = new QToolButton(this);
  button->setIcon(lineIcon(icon));
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::TabFocus);
  return button;
}

void PhotoView::show(const Photo& photo, int index, int count, const QString& next, const QString& previous) {
  photo_ = photo;
  QStringList files{photo.file};
  for (const QString& file : {next, previous}) {
    if (!file.isEmpty()) files << file;
  }
  canvas_->setFiles(files);
  place_->setText(
      tr("%1 of %2")
          .arg(formatCount(static_cast<quint64>(index) + 1), formatCount(static_cast<quint64>(count))));
  previous_->setEnabled(index > 0);
  next_->setEnabled(index + 1 < count);
  dot_->setVisible(photo.target >= 0);
  if (photo.target >= 0) dot_->setPixmap(classDot(photo.target, devicePixelRatioF()));
  label_->setText(photo.label.isEmpty() ? tr("unlabelled") : photo.label);
  targets_->setText(targetsText(photo.targets));
  targets_->setVisible(!photo.targets.isEmpty());
  path_->setText(photo.path);
  path_->setToolTip(photo.file);
  showFacts();
  QStringList said{label_->text(), photo.path};
  if (!photo.targets.isEmpty()) said.insert(1, targets_->text());
  setAccessibleDescription(place_->text() + QStringLiteral(": ") + said.join(QStringLiteral(", ")));
}

void PhotoView::showFacts() {
  const Thumbnail* shown = canvas_->thumbnail();
  if (!shown || shown->width == 0) {
    facts_->clear();
    return;
  }
  QString text = tr("%1 pixels (width \u00d7 height)").arg(sizeText(shown->width, shown->height));
  if (shown->orientation != 1)
    text += QStringLiteral("  \u00b7  ") + tr("EXIF %1").arg(orientationText(shown->orientation));
  facts_->setText(text);
}

void PhotoView::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Up:
      Q_EMIT moveRequested(-1);
      return;
    case Qt::Key_Right:
    case Qt::Key_Down:
      Q_EMIT moveRequested(1);
      return;
    case Qt::Key_Home:
      Q_EMIT jumpRequested(false);
      return;
    case Qt::Key_End:
      Q_EMIT jumpRequested(true);
      return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      Q_EMIT closed();
      return;
    default:
      QWidget::keyPressEvent(event);
  }
}

}  // namespace panicle::ui
