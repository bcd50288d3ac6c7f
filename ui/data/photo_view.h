// One photo, large, in place of the grid: label, size and path under it. Arrow keys walk; Return or Esc goes
// back.
#pragma once

#include <QWidget>

#include "ui/shared/photo.h"

class QLabel;
class QToolButton;

namespace panicle::ui {

class PhotoCanvas;

class PhotoView : public QWidget {
  Q_OBJECT
 public:
  explicit PhotoView(QWidget* parent = nullptr);

  // `next` and `previous` are files to have ready; empty at the ends.
  void show(const Photo& photo, int index, int count, const QString& next, const QString& previous);
  const Photo& photo() const { return photo_; }

 Q_SIGNALS:
  void moveRequested(int by);     // -1, +1
  void jumpRequested(bool last);  // Home, End
  void closed();

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QToolButton* makeButton(const QString& icon, const QString& tip);
  void showFacts();

  Photo photo_;
  PhotoCanvas* canvas_;
  QLabel* place_;
  QLabel* dot_;
  QLabel* label_;
  QLabel* targets_;  // further ones
  QLabel* facts_;
  QLabel* path_;
  QToolButton* previous_;
  QToolButton* next_;
};

}  // namespace panicle::ui
