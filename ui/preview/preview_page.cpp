#include "ui/preview/preview_page.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QSettings>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/preview/batch_tab.h"
#include "ui/preview/resize_tab.h"
#include "ui/shared/page.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/transform_words.h"

namespace panicle::ui {
namespace {

constexpr int kFirstPhotos = 12'000;  // of the data set, when nothing is selected
const QLatin1StringView kTabKey("preview/tab");

// A line that is cut with an ellipsis where it is too long; whole in its tooltip.
class ElidedLine : public QLabel {
 public:
  using QLabel::QLabel;
  QSize minimumSizeHint() const override { return {10 * kGrid, QLabel::minimumSizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    painter.drawText(rect(), static_cast<int>(alignment()),
                     fontMetrics().elidedText(text(), Qt::ElideRight, width()));
  }
};

class PreviewPage : public Page {
 public:
  PreviewPage(Session& session, QWidget* parent);

  QWidget* filterWidget() override {
    return tabs_->currentWidget() == resize_ ? resize_->sizeField() : nullptr;
  }
  bool leaveDrillDown() override {
    return tabs_->currentWidget() == resize_ ? resize_->leaveDrillDown() : batch_->leaveDrillDown();
  }

 protected:
  void showEvent(QShowEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QWidget* makeHeader();
  QToolButton* makeStep(const QString& icon, const QString& help, int by);
  void selectSomething();
  void showHeader();

  Session& session_;
  QLabel* photo_;
  QLabel* recipe_;
  QToolButton* previous_;
  QToolButton* next_;
  QTabWidget* tabs_;
  ResizeTab* resize_;
  BatchTab* batch_;
};

PreviewPage::PreviewPage(Session& session, QWidget* parent)
    : Page(parent),
      session_(session),
      photo_(new ElidedLine(this)),
      recipe_(new ElidedLine(this)),
      previous_(makeStep(QStringLiteral("chevron-left"), tr("The photo before (Left)"), -1)),
      next_(makeStep(QStringLiteral("chevron-right"), tr("The next photo (Right)"), 1)),
      tabs_(new QTabWidget(this)),
      resize_(new ResizeTab(session, tabs_)),
      batch_(new BatchTab(session, tabs_)) {
  tabs_->setDocumentMode(true);
  tabs_->addTab(resize_, tr("Resize"));
  tabs_->addTab(batch_, tr("Batch"));
  tabs_->setTabToolTip(0, tr("One photo through every way of resizing, side by side"));
  tabs_->setTabToolTip(1, tr("What the network gets: whole batches, augmented as in training"));
  tabs_->setCurrentIndex(session_.settings().value(kTabKey, 0).toInt());
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, kGrid);
  layout->setSpacing(kGrid);
  layout->addWidget(makeHeader());
  layout->addWidget(tabs_, 1);
  connect(tabs_, &QTabWidget::currentChanged, this,
          [this](int tab) { session_.settings().setValue(kTabKey, tab); });
  for (const auto signal :
       {&Session::currentPhotoChanged, &Session::selectionChanged, &Session::recipeChanged}) {
    connect(&session_, signal, this, &PreviewPage::showHeader);
  }
  connect(&session_, &Session::datasetChanged, this, [this] {
    if (isVisible()) selectSomething();
    showHeader();
  });
  showHeader();
}

QWidget* PreviewPage::makeHeader() {
  auto* header = new QWidget(this);
  QFont strong = font();
  strong.setBold(true);
  photo_->setFont(strong);
  photo_->setTextFormat(Qt::PlainText);
  photo_->setAccessibleName(tr("Photo"));
  photo_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  recipe_->setTextFormat(Qt::PlainText);
  recipe_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  recipe_->setForegroundRole(QPalette::PlaceholderText);
  recipe_->setToolTip(
      tr("What the recipe does now to every photo: the item transform, and the size that the network gets "
         "after augmentation. "
         "Choices on this page change it; undo takes them back."));
  auto* row = new QHBoxLayout(header);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  row->addWidget(previous_);
  row->addWidget(next_);
  row->addWidget(photo_, 1);
  row->addWidget(recipe_);
  return header;
}

QToolButton* PreviewPage::makeStep(const QString& icon, const QString& help, int by) {
  auto* button = new QToolButton(this);
  button->setIcon(lineIcon(icon));
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setToolTip(help);
  button->setAccessibleName(help);
  connect(button, &QToolButton::clicked, this,
          [this, by] { session_.setCurrent(session_.currentIndex() + by); });
  return button;
}

void PreviewPage::showHeader() {
  const Photo* photo = session_.currentPhoto();
  const int count = static_cast<int>(session_.selection().size());
  previous_->setEnabled(photo && session_.currentIndex() > 0);
  next_->setEnabled(photo && session_.currentIndex() + 1 < count);
  recipe_->setText(tr("Recipe: %1").arg(transformWords(session_.recipe().stages.front())));
  if (!photo) {
    photo_->setText(session_.dataset() ? tr("No photo is chosen") : tr("No data set is open"));
    photo_->setToolTip({});
    return;
  }
  QStringList parts{QFileInfo(photo->file).fileName(),
                    photo->label.isEmpty() ? tr("unlabelled") : photo->label,
                    tr("%1 of %2 chosen photos")
                        .arg(formatCount(static_cast<quint64>(session_.currentIndex()) + 1),
                             formatCount(static_cast<quint64>(count)))};
  photo_->setText(parts.join(QStringLiteral("  ·  ")));
  photo_->setToolTip(tr("%1\nThe photos chosen on the Data or the Inspect page; Left and Right walk them.")
                         .arg(photo->file));
}

// With nothing chosen elsewhere the first photos of the data set are.
void PreviewPage::selectSomething() {
  if (session_.currentPhoto() || !session_.dataset()) return;
  if (!session_.selection().empty()) {
    session_.setCurrent(0);
    return;
  }
  const auto& items = session_.dataset()->items;
  std::vector<Photo> photos;
  for (std::size_t i = 0; i < items.size() && i < kFirstPhotos; ++i)
    photos.push_back(session_.photo(items[i]));
  session_.select(std::move(photos), 0);
}

void PreviewPage::showEvent(QShowEvent* event) {
  Page::showEvent(event);
  selectSomething();
}

void PreviewPage::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Left:
      session_.setCurrent(session_.currentIndex() - 1);
      break;
    case Qt::Key_Right:
      session_.setCurrent(session_.currentIndex() + 1);
      break;
    default:
      Page::keyPressEvent(event);
  }
}

}  // namespace

Page* makePreviewPage(Session& session, QWidget* parent) {
  return new PreviewPage(session, parent);
}

}  // namespace panicle::ui
