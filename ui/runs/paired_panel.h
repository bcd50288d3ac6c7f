// The compared runs photo by photo: what the paired test says of each beside the first, and the photos that changed sides.
#pragma once

#include <QWidget>
#include <memory>

#include "ui/runs/comparison.h"

class QButtonGroup;
class QLabel;
class QListWidget;
class QPushButton;

namespace panicle::ui {

class PhotoGrid;
class Session;

class PairedPanel : public QWidget {
  Q_OBJECT
 public:
  explicit PairedPanel(Session& session, QWidget* parent = nullptr);

  void setComparison(std::shared_ptr<const Comparison> comparison);
  PhotoGrid* grid() const { return grid_; }

 private:
  QWidget* makeLeft();
  QWidget* makeRight();
  const PairedPhotos* shown() const;
  const std::vector<Photo>& photos() const;
  void showPair();
  void showPhotos();
  void select(int index);
  void followSession();

  Session& session_;
  std::shared_ptr<const Comparison> comparison_;
  QListWidget* pairs_;
  QLabel* verdict_;
  QPushButton* gained_;
  QPushButton* lost_;
  QButtonGroup* sides_;
  PhotoGrid* grid_;
  bool selecting_ = false;
  bool ours_ = false;      // the session's selection is of this grid
};

}  // namespace panicle::ui
