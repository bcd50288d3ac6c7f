// The recipe in chips and what can be done with it: Start, and while a run is under way its state, Pause and Stop.
#pragma once

#include <QWidget>
#include <vector>

class QAction;
class QLabel;
class QProgressBar;
class QPushButton;

namespace panicle::ui {

class Chip;
class FlowLayout;
class Session;

// What the strip and the menus share.
struct RunActions {
  QAction* recipes = nullptr;     // opens the recipes that come with Panicle
  QAction* start = nullptr;
  QAction* pause = nullptr;       // pauses or goes on
  QAction* freeDevice = nullptr;  // pauses, and gives the device back
  QAction* stopAfterEpoch = nullptr;
  QAction* stopNow = nullptr;
};

class RecipeStrip : public QWidget {
  Q_OBJECT
 public:
  RecipeStrip(Session& session, const RunActions& actions, QWidget* parent = nullptr);

  // `state`: "Epoch 3/12"; `details`: the tooltip; `share` of the run, below 0 while it cannot be told.
  void showRun(const QString& state, const QString& details, double share);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QWidget* makeState();
  void makeButtons();
  void showRecipe();
  void showMemory();
  void showState();

  Session& session_;
  RunActions actions_;
  QWidget* chipArea_;
  FlowLayout* flow_;
  std::vector<Chip*> chips_;
  Chip* memory_;
  QWidget* stateArea_;
  QLabel* state_;
  QProgressBar* bar_;
  QPushButton* start_;
  QPushButton* pause_;
  QPushButton* stop_;
};

}  // namespace panicle::ui
