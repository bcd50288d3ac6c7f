// A virtual grid of thumbnails over any number of photos: only what is visible is decoded, on a few pool
// threads, nearest to the viewport first; the cache is bounded in bytes. Used by Data and Inspect.
#pragma once

#include <QWidget>
#include <functional>
#include <memory>
#include <vector>

#include "ui/shared/photo.h"

class QAbstractScrollArea;

namespace panicle::ui {

class PhotoGrid : public QWidget {
  Q_OBJECT
 public:
  static constexpr int kMinTile = 64;
  static constexpr int kMaxTile = 320;

  // What the strip under a tile says: Label for data, Prediction for "true -> predicted, probability, loss".
  enum class Strip { Label, Prediction };

  explicit PhotoGrid(Strip strip, QWidget* parent = nullptr);
  ~PhotoGrid() override;

  void setPhotos(std::vector<Photo> photos);
  const std::vector<Photo>& photos() const;  // as given to setPhotos(); empty after setSource()
  // For very many photos: `photo(i)`, 0 <= i < count, is asked only for those in or near the view. It must be
  // cheap.
  void setSource(int count, std::function<Photo(int)> photo);
  int count() const;
  Photo photo(int index) const;

  int current() const;           // -1: none
  void setCurrent(int index);    // brings it into view; no signal
  void setTileSize(int pixels);  // kMinTile to kMaxTile
  int tileSize() const;
  void setTargets(bool shown);             // whether the strip has a line for Photo::targets
  void setEmptyText(const QString& text);  // what to do next, when there are no photos

  QAbstractScrollArea* view() const;  // what scrolls; has the keyboard focus

 Q_SIGNALS:
  void currentChanged(int index);    // by mouse or arrow keys
  void activated(int index);         // double click or Return
  void tileSizeChanged(int pixels);  // by Ctrl and wheel, or Ctrl and plus or minus

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
