// The scrolling part of PhotoGrid: lays out tiles by arithmetic alone, so that a million photos cost no more
// than a screenful.
#pragma once

#include <QAbstractScrollArea>
#include <QTimer>
#include <functional>
#include <vector>

#include "ui/shared/photo.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/photo_tile.h"

namespace panicle::ui {

struct Thumbnail;

class PhotoGridView : public QAbstractScrollArea {
  Q_OBJECT
 public:
  PhotoGridView(PhotoGrid::Strip strip, QWidget* parent);

  void setSource(int count, std::function<Photo(int)> photo);
  int count() const { return count_; }
  Photo photo(int index) const;
  int current() const { return current_; }
  void setCurrent(int index);
  int tileSize() const { return tile_size_; }
  void setTileSize(int pixels);
  void setEmptyText(const QString& text);
  void setTargets(bool shown);

 Q_SIGNALS:
  void currentChanged(int index);
  void activated(int index);
  void tileSizeChanged(int pixels);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void scrollContentsBy(int dx, int dy) override;
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool viewportEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  struct Range {
    int first = 0;
    int last = 0;  // one past the end
  };

  int rowHeight() const;
  int rows() const;
  QRect tileRect(int index) const;  // in the viewport
  int indexAt(const QPoint& point) const;
  Range visible() const;
  const Photo& windowPhoto(int index);  // of the window kept around what is visible
  int decodedSide() const;

  void relayout(int keep);  // columns and scroll range; `keep` stays in view (-1: the top row)
  void fillWindow();
  void requestThumbnails();
  void scrollTo(int index);
  void moveCurrent(int index);
  void setHovered(int index);
  void updateTile(int index);
  void announceCurrent();
  void zoomBy(int steps);
  void paintEmpty(QPainter& painter);

  PhotoGrid::Strip strip_;
  PhotoTile tile_;
  bool targets_ = false;  // photos have further targets
  int count_ = 0;
  std::function<Photo(int)> source_;
  std::vector<Photo> window_;  // photos [window_first_, window_first_ + size)
  int window_first_ = 0;
  int current_ = -1;
  int hovered_ = -1;
  int tile_size_ = 160;
  int columns_ = 1;
  QString empty_text_;
  QTimer request_;  // merges the requests of one burst of scrolling
};

}  // namespace panicle::ui
