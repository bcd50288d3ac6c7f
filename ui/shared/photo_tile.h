// How one photo of a PhotoGrid is drawn: the thumbnail and the strip under it.
#pragma once

#include <QFont>
#include <QFontMetrics>
#include <QRect>

#include "ui/shared/photo.h"
#include "ui/shared/photo_grid.h"

class QPainter;

namespace panicle::ui {

struct Thumbnail;

struct TileState {
  bool current = false;
  bool focused = false;  // the grid has the keyboard
  bool hovered = false;
};

class PhotoTile {
 public:
  static constexpr int kInset = 4;  // between the tile's edge and the picture

  // `targets`: the strip has a line more, for Photo::targets.
  PhotoTile(PhotoGrid::Strip strip, const QFont& font, bool targets);

  int stripHeight() const;
  // Draws into `tile`, whose upper part, kInset less on each side, is the picture's; `thumbnail` is null
  // while it is being made.
  void paint(QPainter& painter, const QRect& tile, const Photo& photo, const Thumbnail* thumbnail,
             const TileState& state) const;

 private:
  void paintPicture(QPainter& painter, const QRect& square, const Thumbnail* thumbnail) const;
  void paintBroken(QPainter& painter, const QRect& square) const;
  void paintLabel(QPainter& painter, const QRect& strip, const Photo& photo) const;
  void paintPrediction(QPainter& painter, const QRect& strip, const Photo& photo) const;
  void paintVerdict(QPainter& painter, const QRect& box, bool right) const;
  void paintTargets(QPainter& painter, const QRect& strip, const Photo& photo) const;

  PhotoGrid::Strip strip_;
  bool targets_;
  QFont font_;
  QFont small_;
  QFontMetrics metrics_;
  QFontMetrics small_metrics_;
};

// One sentence for a tooltip or a screen reader: label, prediction, size, path, or why it cannot be read.
QString describePhoto(const Photo& photo, const Thumbnail* thumbnail);

}  // namespace panicle::ui
