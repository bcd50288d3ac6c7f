#include "ui/shared/photo_grid.h"

#include <QVBoxLayout>
#include <algorithm>

#include "ui/shared/photo_grid_view.h"

namespace panicle::ui {

struct PhotoGrid::Impl {
  std::vector<Photo> photos;
  PhotoGridView* view = nullptr;
};

PhotoGrid::PhotoGrid(Strip strip, QWidget* parent) : QWidget(parent), impl_(std::make_unique<Impl>()) {
  impl_->view = new PhotoGridView(strip, this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(impl_->view);
  setFocusProxy(impl_->view);
  connect(impl_->view, &PhotoGridView::currentChanged, this, &PhotoGrid::currentChanged);
  connect(impl_->view, &PhotoGridView::activated, this, &PhotoGrid::activated);
  connect(impl_->view, &PhotoGridView::tileSizeChanged, this, &PhotoGrid::tileSizeChanged);
}

PhotoGrid::~PhotoGrid() = default;

void PhotoGrid::setPhotos(std::vector<Photo> photos) {
  impl_->photos = std::move(photos);
  impl_->view->setSource(static_cast<int>(impl_->photos.size()),
                         [this](int index) { return impl_->photos[static_cast<std::size_t>(index)]; });
}

const std::vector<Photo>& PhotoGrid::photos() const {
  return impl_->photos;
}

void PhotoGrid::setSource(int count, std::function<Photo(int)> photo) {
  impl_->view->setSource(count, std::move(photo));
  impl_->photos.clear();
  impl_->photos.shrink_to_fit();
}

int PhotoGrid::count() const {
  return impl_->view->count();
}
Photo PhotoGrid::photo(int index) const {
  return impl_->view->photo(index);
}
int PhotoGrid::current() const {
  return impl_->view->current();
}
void PhotoGrid::setCurrent(int index) {
  impl_->view->setCurrent(index);
}
void PhotoGrid::setTileSize(int pixels) {
  impl_->view->setTileSize(pixels);
}
int PhotoGrid::tileSize() const {
  return impl_->view->tileSize();
}
void PhotoGrid::setEmptyText(const QString& text) {
  impl_->view->setEmptyText(text);
}
void PhotoGrid::setTargets(bool shown) {
  impl_->view->setTargets(shown);
}
QAbstractScrollArea* PhotoGrid::view() const {
  return impl_->view;
}

}  // namespace panicle::ui
