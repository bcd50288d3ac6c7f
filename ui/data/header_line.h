// The line over the grid: "965 of 10,407 photos - 480x640 - brown_spot"; cut with an ellipsis where it is too
// long, whole in its tooltip.
#pragma once

#include <QLabel>
#include <QString>

#include "core/data/census.h"
#include "ui/data/photo_filter.h"

namespace panicle::ui {

// Says what of the data set is in view. `census` may be null.
QString describeView(std::size_t shown, const PhotoIndex& index, const PhotoFilter& filter,
                     const Census* census);

// "480 x 640" with a multiplication sign: width, then height.
QString sizeText(int width, int height);

// What EXIF orientation 1..8 asks a viewer to do.
QString orientationText(int orientation);

class HeaderLine : public QLabel {
  Q_OBJECT
 public:
  explicit HeaderLine(QWidget* parent = nullptr);

  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
};

}  // namespace panicle::ui
