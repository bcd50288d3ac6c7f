#include "ui/data/shared_selection.h"

#include <QScopedValueRollback>
#include <algorithm>

#include "ui/shared/session.h"

namespace panicle::ui {

SharedSelection::SharedSelection(Session& session, QObject* parent) : QObject(parent), session_(session) {
  connect(&session_, &Session::selectionChanged, this, [this] {
    if (!sharing_) ours_ = false;
  });
  connect(&session_, &Session::currentPhotoChanged, this, &SharedSelection::follow);
}

void SharedSelection::setSource(int count, std::function<Photo(int)> photo) {
  count_ = count;
  photo_ = std::move(photo);
  ours_ = false;
}

void SharedSelection::share(int index) {
  const bool inside = ours_ && index >= first_ && index < first_ + shared_;
  const QScopedValueRollback sharing(sharing_, true);
  if (!inside || nearEdge(index)) {
    shareWindow(index);
  } else {
    session_.setCurrent(index - first_);
  }
}

void SharedSelection::shareWindow(int index) {
  shared_ = std::min(count_, kWindow);
  first_ = std::clamp(index - shared_ / 2, 0, count_ - shared_);
  std::vector<Photo> photos;
  photos.reserve(static_cast<std::size_t>(shared_));
  for (int i = first_; i < first_ + shared_; ++i) photos.push_back(photo_(i));
  session_.select(std::move(photos), index < 0 ? -1 : index - first_);
  ours_ = true;
}

void SharedSelection::follow() {
  if (!ours_ || sharing_ || session_.currentIndex() < 0) return;
  const int index = first_ + session_.currentIndex();
  if (nearEdge(index)) share(index);
  Q_EMIT currentChanged(index);
}

// At the last photo of the window, with more of the list beyond.
bool SharedSelection::nearEdge(int index) const {
  const bool low = index == first_ && first_ > 0;
  const bool high = index == first_ + shared_ - 1 && index < count_ - 1;
  return low || high;
}

}  // namespace panicle::ui
