// The photo with what a transform shows of it: the rest dimmed, what it invents hatched.
#pragma once

#include <QImage>
#include <QPixmap>
#include <QWidget>
#include <vector>

#include "core/transforms/resize.h"

class QPainter;

namespace panicle::ui {

class PhotoMap : public QWidget {
  Q_OBJECT
 public:
  explicit PhotoMap(QWidget* parent = nullptr);

  // `source`: the photo's own size, in whose pixels boxes are. Keeps the boxes.
  void setPhoto(const QImage& photo, Size source);
  // What validation shows, and what draws of training show.
  void setBoxes(const Box& valid, const std::vector<Box>& train);
  void clear();

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QRectF world() const;  // the photo and all boxes, in its pixels
  void paintFrame(QPainter& painter, const QRectF& box, const QColor& color, Qt::PenStyle style) const;

  QImage photo_;
  QPixmap scaled_;
  Size source_;
  Box valid_;
  std::vector<Box> train_;
};

}  // namespace panicle::ui
