#include "ui/frame/inspector.h"

#include <QClipboard>
#include <QDesktopServices>
#include <QFileInfo>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/frame/photo_frame.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kSide = 640;  // pixels of the decoded photo's longer side

QString muted(const QString& text) {
  return QStringLiteral("<font color='%1'>%2</font>").arg(Theme::instance().colors().mutedText.name(), text);
}

QString orientationWords(int orientation, ExifPolicy policy) {
  if (orientation == 1) return Inspector::tr("upright (1)");
  const QString applied = policy == ExifPolicy::Apply ? Inspector::tr("applied") : Inspector::tr("ignored, as fastai does");
  return QStringLiteral("%1, %2").arg(orientation).arg(applied);
}

QPushButton* actionButton(const QString& icon, const QString& text, const QString& help, QWidget* parent) {
  auto* button = new QPushButton(lineIcon(icon), text, parent);
  button->setToolTip(help);
  button->setAccessibleDescription(help);
  return button;
}

QToolButton* stepButton(const QString& icon, const QString& help, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setIcon(lineIcon(icon));
  button->setAutoRaise(true);
  button->setToolTip(help);
  button->setAccessibleName(help);
  return button;
}

}  // namespace

Inspector::Inspector(Session& session, QWidget* parent) : QWidget(parent), session_(session) {
  setMinimumWidth(25 * kGrid);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(2 * kGrid, kGrid, 2 * kGrid, kGrid);
  column->setSpacing(kGrid);
  column->addWidget(makeHeader());
  empty_ = new QLabel(tr("Select a photo to see it here."), this);
  empty_->setWordWrap(true);
  empty_->setAlignment(Qt::AlignTop);
  column->addWidget(empty_, 1);
  auto* scroll = new QScrollArea(this);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setWidget(makeContent());
  content_ = scroll;
  column->addWidget(scroll, 1);

  connect(&session, &Session::currentPhotoChanged, this, &Inspector::showPhoto);
  connect(&loader_, &PhotoLoader::loaded, this, &Inspector::showLoaded);
  connect(&Theme::instance(), &Theme::changed, this, &Inspector::showPhoto);
  showPhoto();
}

QWidget* Inspector::makeHeader() {
  auto* area = new QWidget(this);
  auto* row = new QHBoxLayout(area);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  auto* title = new QLabel(tr("Inspector"), area);
  QFont bold = title->font();
  bold.setBold(true);
  title->setFont(bold);
  position_ = new QLabel(area);
  previous_ = stepButton(QStringLiteral("chevron-left"), tr("The photo before (Left)"), area);
  next_ = stepButton(QStringLiteral("chevron-right"), tr("The next photo (Right)"), area);
  row->addWidget(title);
  row->addStretch(1);
  row->addWidget(position_);
  row->addSpacing(kGrid);
  row->addWidget(previous_);
  row->addWidget(next_);
  connect(previous_, &QToolButton::clicked, this, [this] { walk(-1); });
  connect(next_, &QToolButton::clicked, this, [this] { walk(1); });
  return area;
}

QWidget* Inspector::makeContent() {
  auto* area = new QWidget(this);
  auto* column = new QVBoxLayout(area);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid);
  frame_ = new PhotoFrame(area);
  frame_->setAccessibleName(tr("Current photo"));
  column->addWidget(frame_);
  label_ = new QLabel(area);
  label_->setTextFormat(Qt::RichText);
  label_->setWordWrap(true);
  label_->setToolTip(tr("The photo's true class"));
  column->addWidget(label_);
  targets_ = new QLabel(area);
  targets_->setTextFormat(Qt::RichText);
  targets_->setWordWrap(true);
  targets_->setObjectName(QStringLiteral("targets"));
  targets_->setToolTip(tr("What else is known of the photo: the further label columns"));
  column->addWidget(targets_);
  prediction_ = new QLabel(area);
  prediction_->setTextFormat(Qt::RichText);
  prediction_->setWordWrap(true);
  column->addWidget(prediction_);

  auto* form = new QFormLayout;
  form->setContentsMargins(0, 0, 0, 0);
  form->setHorizontalSpacing(2 * kGrid);
  form->setVerticalSpacing(kGrid / 2);
  form->setRowWrapPolicy(QFormLayout::DontWrapRows);
  size_ = addFact(form, tr("Size"));
  bytes_ = addFact(form, tr("File"));
  orientation_ = addFact(form, tr("EXIF"));
  orientation_->setToolTip(tr("<p>The orientation that the camera noted, 1 to 8. fastai ignores it, so Panicle does by default; the "
                              "recipe's data section can apply it.</p>"));
  path_ = addFact(form, tr("Path"));
  column->addLayout(form);

  auto* copy = actionButton(QStringLiteral("copy"), tr("Copy path"), tr("Copies the file's full path"), area);
  auto* open = actionButton(QStringLiteral("open-external"), tr("Show in folder"), tr("Opens the photo's folder in the file manager"), area);
  column->addWidget(copy);
  column->addWidget(open);
  column->addStretch(1);
  connect(copy, &QPushButton::clicked, this, [this] {
    if (const Photo* photo = session_.currentPhoto()) QGuiApplication::clipboard()->setText(photo->file);
  });
  connect(open, &QPushButton::clicked, this, [this] {
    const Photo* photo = session_.currentPhoto();
    if (photo) QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(photo->file).absolutePath()));
  });
  return area;
}

QLabel* Inspector::addFact(QFormLayout* form, const QString& name) {
  auto* title = new QLabel(name, this);
  title->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  title->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);  // beside the first of several lines
  auto* value = new QLabel(this);
  value->setWordWrap(true);
  value->setTextFormat(Qt::PlainText);
  value->setTextInteractionFlags(Qt::TextSelectableByMouse);
  value->setAccessibleName(name);
  form->addRow(title, value);
  return value;
}

void Inspector::showPhoto() {
  if (!isVisible()) return;  // showEvent catches up
  const Photo* photo = session_.currentPhoto();
  const int count = static_cast<int>(session_.selection().size());
  content_->setVisible(photo);
  empty_->setVisible(!photo);
  previous_->setEnabled(photo && session_.currentIndex() > 0);
  next_->setEnabled(photo && session_.currentIndex() + 1 < count);
  position_->setText(photo ? tr("%1 of %2").arg(formatCount(static_cast<quint64>(session_.currentIndex()) + 1),
                                                formatCount(static_cast<quint64>(count)))
                           : QString());
  if (!photo) {
    loader_.forget();
    return;
  }
  const QString dot = QStringLiteral("<font color='%1'>●</font> ").arg(classColor(photo->target).name());
  label_->setText(photo->label.isEmpty() ? muted(tr("no label")) : dot + QStringLiteral("<b>%1</b>").arg(photo->label.toHtmlEscaped()));
  showTargets();
  showPrediction();
  // Slashes are where a long path may break.
  path_->setText(QString(photo->path).replace(u'/', QStringLiteral("/\u200b")));
  path_->setToolTip(photo->file);
  loader_.load(photo->file, kSide, session_.recipe().data.exif);
}

void Inspector::showTargets() {
  const Photo* photo = session_.currentPhoto();
  targets_->setVisible(!photo->targets.isEmpty());
  QString rows;
  for (const PhotoTarget& target : photo->targets) {
    const QString value = target.value.isEmpty() ? muted(tr("not known")) : target.value.toHtmlEscaped();
    const QString said =
        target.predicted.isEmpty() ? QString() : muted(tr("predicted %1").arg(target.predicted.toHtmlEscaped()));
    rows += QStringLiteral("<tr><td style='padding-right:12px'>%1</td><td style='padding-right:12px'>%2</td><td>%3</td></tr>")
                .arg(muted(target.name.toHtmlEscaped()), value, said);
  }
  targets_->setText(QStringLiteral("<table>%1</table>").arg(rows));
}

void Inspector::showPrediction() {
  const Photo* photo = session_.currentPhoto();
  prediction_->setVisible(photo->prediction.has_value());
  if (!photo->prediction) return;
  const PhotoPrediction& said = *photo->prediction;
  QString rows;
  for (const auto& [name, probability] : said.top) {
    const QString text = name.toHtmlEscaped();
    rows += QStringLiteral("<tr><td style='padding-right:12px'>%1</td><td align='right'>%2</td></tr>")
                .arg(name == photo->label ? QStringLiteral("<b>%1</b>").arg(text) : text, formatPercent(probability));
  }
  const QString verdict = photo->label.isEmpty() ? tr("predicted %1").arg(said.label.toHtmlEscaped())
                          : said.label == photo->label
                              ? tr("predicted right, %1").arg(formatPercent(said.probability))
                              : tr("predicted %1, %2").arg(said.label.toHtmlEscaped(), formatPercent(said.probability));
  const QString loss = photo->label.isEmpty() ? QString() : tr(", loss %1").arg(said.loss, 0, 'f', 3);
  prediction_->setText(muted(said.run.toHtmlEscaped()) + QStringLiteral("<br>%1%2<table>%3</table>").arg(verdict, loss, rows));
}

void Inspector::showLoaded(const LoadedPhoto& photo) {
  if (photo.failure.isEmpty()) {
    frame_->setImage(photo.image);
  } else {
    frame_->setMessage(photo.failure);
  }
  size_->setText(photo.width > 0 ? tr("%1 × %2 (width × height)").arg(photo.width).arg(photo.height) : tr("unknown"));
  bytes_->setText(photo.bytes < 0 ? tr("not there") : QStringLiteral("%1 %2").arg(photo.format, formatBytes(static_cast<quint64>(photo.bytes))));
  orientation_->setText(photo.width > 0 ? orientationWords(photo.orientation, session_.recipe().data.exif) : tr("unknown"));
}

void Inspector::walk(int step) {
  session_.setCurrent(session_.currentIndex() + step);
}

void Inspector::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  showPhoto();
}

void Inspector::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(Theme::instance().colors().border);
  painter.drawLine(rect().topLeft(), rect().bottomLeft());
}

}  // namespace panicle::ui
