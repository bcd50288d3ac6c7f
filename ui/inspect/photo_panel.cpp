#include "ui/inspect/photo_panel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QSlider>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/inspect/confusion_view.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// Around the current photo; a selection of a million is for walking, not for copying.
constexpr int kMostSelected = 4000;
constexpr int kDefaultTile = 128;
const QLatin1StringView kTileKey("inspect/tile_size");

}  // namespace

PhotoPanel::PhotoPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      heading_(new QLabel(this)),
      count_(new QLabel(this)),
      all_(new QPushButton(tr("All photos"), this)),
      order_(new QComboBox(this)),
      filter_(new QComboBox(this)),
      size_(new QSlider(Qt::Horizontal, this)),
      grid_(new PhotoGrid(PhotoGrid::Strip::Prediction, this)) {
  build();
  connect(all_, &QPushButton::clicked, this, &PhotoPanel::allRequested);
  connect(order_, &QComboBox::currentIndexChanged, this, &PhotoPanel::rebuild);
  connect(filter_, &QComboBox::currentIndexChanged, this, &PhotoPanel::rebuild);
  connect(grid_, &PhotoGrid::currentChanged, this, &PhotoPanel::select);
  connect(grid_, &PhotoGrid::tileSizeChanged, size_, &QSlider::setValue);
  connect(size_, &QSlider::valueChanged, this, [this](int pixels) {
    grid_->setTileSize(pixels);
    session_.settings().setValue(kTileKey, pixels);
  });
  connect(&session_, &Session::selectionChanged, this, [this] {
    if (!selecting_) selectionStart_ = -1;
  });
  connect(&session_, &Session::currentPhotoChanged, this, &PhotoPanel::followSession);
  size_->setValue(session_.settings().value(kTileKey, kDefaultTile).toInt());
  grid_->setTileSize(size_->value());
}

void PhotoPanel::build() {
  heading_->setWordWrap(true);
  heading_->setMinimumWidth(1);  // or the longest name would decide how wide the page is
  heading_->setTextFormat(Qt::PlainText);
  QFont strong = font();
  strong.setWeight(QFont::DemiBold);
  heading_->setFont(strong);
  count_->setForegroundRole(QPalette::PlaceholderText);
  all_->setToolTip(tr("Leave the selection and show all validation photos again (Esc)"));
  all_->setAccessibleName(tr("Show all validation photos"));

  order_->addItem(tr("Highest loss"), static_cast<int>(PhotoOrder::Loss));
  order_->addItem(tr("Highest probability"), static_cast<int>(PhotoOrder::Probability));
  order_->addItem(tr("Name"), static_cast<int>(PhotoOrder::Name));
  order_->setToolTip(tr("Highest loss first shows what surprised the network most: often a wrong label.\n"
                        "Highest probability first shows where it was surest, rightly or not."));
  order_->setAccessibleName(tr("Order of the photos"));
  filter_->addItem(tr("All"), static_cast<int>(WhichPhotos::All));
  filter_->addItem(tr("Wrong"), static_cast<int>(WhichPhotos::Wrong));
  filter_->addItem(tr("Right"), static_cast<int>(WhichPhotos::Right));
  filter_->setToolTip(tr("Show all photos, or only those predicted wrongly or rightly"));
  filter_->setAccessibleName(tr("Which photos"));
  size_->setRange(PhotoGrid::kMinTile, PhotoGrid::kMaxTile);
  size_->setToolTip(tr("Size of the photos (Ctrl and wheel over them does the same)"));
  size_->setAccessibleName(tr("Size of the photos"));
  size_->setMinimumWidth(6 * kGrid);
  size_->setMaximumWidth(16 * kGrid);
  grid_->setAccessibleName(tr("Photos with true class, prediction, probability and loss"));

  auto* below = new QHBoxLayout;
  below->setSpacing(kGrid);
  below->addWidget(count_, 1);
  below->addWidget(all_);
  auto* controls = new QHBoxLayout;
  controls->setSpacing(kGrid);
  controls->addWidget(order_);
  controls->addWidget(filter_);
  controls->addWidget(size_, 1);
  controls->addStretch(1);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kGrid, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(heading_);
  layout->addLayout(below);
  layout->addLayout(controls);
  layout->addWidget(grid_, 1);
}

void PhotoPanel::setInspection(std::shared_ptr<const Inspection> inspection) {
  inspection_ = std::move(inspection);
  cells_.clear();
  selectionStart_ = -1;
  grid_->setTargets(inspection_ && !inspection_->others.empty());
  rebuild();
}

void PhotoPanel::showBehind(const std::vector<MatrixCell>& cells) {
  cells_ = cells;
  rebuild();
  // The first photo goes to the inspector at once; going back to all photos leaves it as it is.
  if (!cells_.empty() && !rows_.empty()) {
    grid_->setCurrent(0);
    select(0);
  }
}

void PhotoPanel::rebuild() {
  rows_.clear();
  if (inspection_) {
    rows_ = photosBehind(*inspection_, cells_, static_cast<WhichPhotos>(filter_->currentData().toInt()),
                         static_cast<PhotoOrder>(order_->currentData().toInt()));
  }
  selectionStart_ = -1;
  grid_->setSource(static_cast<int>(rows_.size()), [this](int index) {
    return photoOf(*inspection_, rows_[static_cast<std::size_t>(index)]);
  });
  heading_->setText(heading());
  count_->setText(rows_.size() == 1 ? tr("1 photo") : tr("%1 photos").arg(formatCount(rows_.size())));
  all_->setVisible(!cells_.empty());
  grid_->setEmptyText(cells_.empty() ? tr("No photo passes the filter.")
                                     : tr("No photo is behind this selection. Choose another cell, or show all photos."));
}

QString PhotoPanel::heading() const {
  if (!inspection_) return {};
  if (cells_.empty()) {
    return order_->currentIndex() == 0 ? tr("Top losses of all validation photos") : tr("All validation photos");
  }
  if (cells_.size() == 1) {
    // Long names may break at their underscores, but a figure keeps its unit.
    return describeCell(*inspection_->matrix, cells_.front())
        .replace(QLatin1String("_"), QStringLiteral("_\u200b"))
        .replace(QLatin1String(" %"), QStringLiteral("\u00a0%"));
  }
  return tr("%1 parts of the matrix selected").arg(cells_.size());
}

void PhotoPanel::select(int index) {
  if (index < 0 || !inspection_) return;
  const bool held = selectionStart_ >= 0 && index >= selectionStart_ &&
                    index < selectionStart_ + static_cast<int>(session_.selection().size());
  if (held) {
    session_.setCurrent(index - selectionStart_);
    return;
  }
  const int count = static_cast<int>(rows_.size());
  const int first = std::clamp(index - kMostSelected / 2, 0, std::max(0, count - kMostSelected));
  const int last = std::min(count, first + kMostSelected);
  std::vector<Photo> photos;
  photos.reserve(static_cast<std::size_t>(last - first));
  for (int i = first; i < last; ++i) photos.push_back(photoOf(*inspection_, rows_[static_cast<std::size_t>(i)]));
  selecting_ = true;
  selectionStart_ = first;
  session_.select(std::move(photos), index - first);
  selecting_ = false;
}

void PhotoPanel::followSession() {
  if (selecting_ || selectionStart_ < 0 || session_.currentIndex() < 0) return;
  grid_->setCurrent(selectionStart_ + session_.currentIndex());
}

}  // namespace panicle::ui
