// The tiles of a batch: as large as fits the view, with a strip that tells class and place. A photo that the
// trainer leaves out is a tile with the reason.
#pragma once

#include <QAbstractScrollArea>
#include <QImage>
#include <QString>
#include <vector>

#include "ui/shared/photo.h"

namespace panicle::ui {

struct GridTile {
  QImage image;  // null where there is a problem
  Photo photo;
  QString note;     // second line of the strip: "epoch 3, batch 17"; "" for none
  QString problem;  // why there is no image
  QString tip;
};

class BatchGrid : public QAbstractScrollArea {
  Q_OBJECT
 public:
  explicit BatchGrid(QWidget* parent = nullptr);

  void setTiles(std::vector<GridTile> tiles);  // keeps the current place where it can
  const std::vector<GridTile>& tiles() const { return tiles_; }
  void setEmptyText(const QString& text);   // while there are no tiles
  void leaveSidewaysKeys(bool leave);       // Left and Right go to the page, which walks the photos
  int current() const { return current_; }  // -1: none
  void setCurrent(int index);               // no signal
  QRect tileRect(int index) const;          // in the viewport

 Q_SIGNALS:
  void currentChanged(int index);  // by mouse or keys
  void activated(int index);       // double click or Return

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool viewportEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  void relayout();
  int stripHeight() const;
  int indexAt(const QPoint& point) const;
  void moveCurrent(int index);
  void announce();
  void paintTile(QPainter& painter, int index) const;
  void paintImage(QPainter& painter, const QRect& area, const QImage& image) const;
  void paintProblem(QPainter& painter, const QRect& area, const GridTile& tile) const;
  void paintStrip(QPainter& painter, const QRect& strip, const GridTile& tile) const;

  std::vector<GridTile> tiles_;
  QString empty_text_;
  int current_ = -1;
  bool leaves_sideways_ = false;
  int columns_ = 1;
  int card_width_ = 96;    // of a tile
  QSize picture_{96, 96};  // of each tile's picture, on screen
};

}  // namespace panicle::ui
