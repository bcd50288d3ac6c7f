// A virtual grid of thumbnails over any number of photos: only what is visible is decoded, on a few pool threads, nearest to
// the viewport first; the cache is bounded in bytes. Used by Data and Inspect.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "ui/shared/photo.h"

namespace panicle::ui {

class PhotoGrid : public QWidget {
  Q_OBJECT
 public:
  // What the strip under a tile says: Label for data, Prediction for "true -> predicted, probability, loss".
  enum class Strip { Label, Prediction };

  explicit PhotoGrid(Strip strip, QWidget* parent = nullptr);
  ~PhotoGrid() override;

  void setPhotos(std::vector<Photo> photos);
  const std::vector<Photo>& photos() const;
  int current() const;                 // -1: none
  void setCurrent(int index);
  void setTileSize(int pixels);        // 64 to 320
  int tileSize() const;
  void setEmptyText(const QString& text);  // what to do next, when there are no photos

 Q_SIGNALS:
  void currentChanged(int index);      // by mouse or arrow keys
  void activated(int index);           // double click or Return

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
