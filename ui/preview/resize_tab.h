// The current photo through every item transform at a chosen size, side by side: what each would keep, lose,
// bend or invent.
#pragma once

#include <QTimer>
#include <QWidget>
#include <memory>
#include <optional>

#include "ui/preview/resize_preview.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QSplitter;
class QStackedWidget;
class QToolButton;

namespace panicle::ui {

class DamagedPhoto;
class EmptyState;
class LatestJob;
class MethodBoard;
class PhotoMap;
class Session;
class SizeAdvisor;
class StepsPanel;

class ResizeTab : public QWidget {
  Q_OBJECT
 public:
  ResizeTab(Session& session, QWidget* parent);

  bool leaveDrillDown();  // back to the recipe's size; false when it was shown

  QLineEdit* sizeField() const { return size_; }
  const std::optional<ResizePreview>& preview() const { return preview_; }  // of the request answered last

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* makeBar();
  QWidget* makeLeft();
  QToolButton* makeFold(const QString& text, const QString& help, QWidget* panel);
  void connectParts();

  void takeRecipe();
  void takeSize();
  void useSize();
  void useCase(int card);
  void fold();

  void render();
  int shownSide() const;
  void showPreview(ResizePreview preview);
  void showDamaged(const QString& file, const QString& reason);
  void showEmpty();
  void markRecipe();
  void showBoxes(int card);
  ResizeOptions options() const;  // of the recipe, at the size in the field

  Session& session_;
  Size shown_size_;   // what the field says, when it says a size
  Size recipe_size_;  // what the recipe said last
  bool stale_ = true;
  int shown_side_ = 0;  // of the last request
  std::optional<ResizePreview> preview_;
  std::shared_ptr<DecodedPhoto> decoded_;

  QLineEdit* size_;
  QLabel* size_problem_;
  QPushButton* use_size_;
  QSpinBox* epoch_;
  QPushButton* draw_;
  QLabel* busy_;
  QTimer busy_delay_;
  QToolButton* steps_fold_ = nullptr;
  QToolButton* advisor_fold_ = nullptr;
  PhotoMap* map_;
  QLabel* caption_;
  MethodBoard* board_;
  DamagedPhoto* damaged_;
  EmptyState* empty_;
  StepsPanel* steps_;
  SizeAdvisor* advisor_;
  QStackedWidget* stack_;
  QWidget* left_ = nullptr;
  QSplitter* sides_;
  QSplitter* halves_;
  QStackedWidget* panels_;
  LatestJob* job_;
};

// What is wrong with `text` as a size for the recipe's Resize, or "" and the size.
QString readSize(const QString& text, Size& size);

}  // namespace panicle::ui
