#include "ui/preview/damaged_photo.h"

#include <QDesktopServices>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMark = 4 * kGrid;
constexpr int kWidest = 70 * kGrid;

}  // namespace

DamagedPhoto::DamagedPhoto(QWidget* parent)
    : QWidget(parent),
      mark_(new QLabel(this)),
      title_(new QLabel(this)),
      reason_(new QLabel(this)),
      advice_(new QLabel(this)),
      folder_(new QPushButton(lineIcon(QStringLiteral("open-external")), tr("Show in folder"), this)),
      next_(new QPushButton(lineIcon(QStringLiteral("chevron-right")), tr("Next photo"), this)) {
  QFont bold = font();
  bold.setBold(true);
  title_->setFont(bold);
  for (QLabel* label : {title_, reason_, advice_}) {
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  }
  advice_->setForegroundRole(QPalette::PlaceholderText);
  folder_->setToolTip(tr("Opens the photo's folder in the file manager"));
  next_->setToolTip(tr("Goes to the next photo (Right)"));
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(kGrid);
  buttons->addWidget(folder_);
  buttons->addWidget(next_);
  buttons->addStretch(1);
  auto* box = new QWidget(this);
  box->setMaximumWidth(kWidest);
  auto* column = new QVBoxLayout(box);
  column->setSpacing(kGrid);
  column->addStretch(1);
  column->addWidget(mark_);
  column->addWidget(title_);
  column->addWidget(reason_);
  column->addWidget(advice_);
  column->addLayout(buttons);
  column->addStretch(2);
  auto* layout = new QHBoxLayout(this);
  layout->addStretch(1);
  layout->addWidget(box, 6);
  layout->addStretch(1);
  connect(folder_, &QPushButton::clicked, this,
          [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(file_).absolutePath())); });
  connect(next_, &QPushButton::clicked, this, &DamagedPhoto::nextRequested);
  connect(&Theme::instance(), &Theme::changed, this, &DamagedPhoto::paintMark);
  paintMark();
}

void DamagedPhoto::say(const QString& file, const QString& reason, bool skipped) {
  file_ = file;
  title_->setText(tr("%1 cannot be previewed").arg(QFileInfo(file).fileName()));
  reason_->setText(reason);
  advice_->setText(skipped ? tr("A run leaves such photos out and lists them. Get the file again from where "
                                "it came from, or remove it from "
                                "the data set; then come back to this photo.")
                           : tr("A run stops at such a photo (bad images: refuse). Get the file again from "
                                "where it came from, or remove it "
                                "from the data set; then come back to this photo."));
  setAccessibleName(text());
}

QString DamagedPhoto::text() const {
  return title_->text() + QStringLiteral("\n") + reason_->text() + QStringLiteral("\n") + advice_->text();
}

void DamagedPhoto::paintMark() {
  QPixmap mark = lineIcon(QStringLiteral("error")).pixmap(QSize(kMark, kMark), devicePixelRatioF());
  QPainter painter(&mark);
  painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
  painter.fillRect(mark.rect(), Theme::instance().colors().error);
  painter.end();
  mark_->setPixmap(mark);
}

}  // namespace panicle::ui
