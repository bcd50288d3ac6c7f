// The recipes that come with Panicle: at the left their titles, those with several runs unfolding to them; at the right what the chosen one is for and
// what it sets. Enter, a double click or the button makes it the recipe.
#pragma once

#include "core/runs/recipes.h"
#include "ui/frame/overlay.h"

class QLabel;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace panicle::ui {

class Session;

class RecipeSheet : public Overlay {
  Q_OBJECT
 public:
  RecipeSheet(Session& session, QWidget* window);

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void fill();
  void showCurrent();
  void use();
  QWidget* makeDetails();
  // Of the chosen line: its recipe and run; null while nothing or a recipe of several runs is chosen.
  const Recipe* recipeOf(const QTreeWidgetItem* item) const;
  const RunSpec* runOf(const QTreeWidgetItem* item) const;

  Session& session_;
  QTreeWidget* tree_;
  QLabel* title_;
  QLabel* text_;
  QPushButton* use_;
};

}  // namespace panicle::ui
