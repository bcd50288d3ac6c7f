// The queue as a panel: what waits, runs and has ended, with the buttons to order, hold, cancel and try again; the recipe is added to it with
// as many seeds as wanted, or as a sweep.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "core/runs/queue.h"

class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace panicle::ui {

class EmptyState;
class QueueDriver;
class QueueModel;
class Session;

class QueuePanel : public QWidget {
  Q_OBJECT
 public:
  explicit QueuePanel(Session& session, QWidget* parent = nullptr);

  QueueModel& model() { return *model_; }
  QueueDriver& driver() { return *driver_; }
  RunQueue& queue() { return *queue_; }
  // All of them or none; `group` names what they have in common.
  void add(const std::vector<RunSpec>& specs, const QString& group);

 Q_SIGNALS:
  void waitingChanged(int waiting);    // for the panel's tab
  void sweepRequested();

 private:
  QWidget* makeBar();
  QWidget* makeRowBar();
  QToolButton* rowButton(const QString& icon, const QString& text, const QString& help);
  void follow();
  void take(std::vector<QueueEntry> entries, OnFailure policy);
  void addRecipe();
  void update();
  void showState();
  void move(int by);
  void change(const QString& title, std::function<void(RunQueue&)> what);
  const QueueEntry* current() const;

  Session& session_;
  std::shared_ptr<RunQueue> queue_;
  QueueModel* model_;
  QueueDriver* driver_;
  QPushButton* run_;
  QPushButton* add_;
  QSpinBox* seeds_;
  QPushButton* sweep_;
  QComboBox* failure_;
  QLabel* state_;
  QTableView* table_;
  QToolButton* up_;
  QToolButton* down_;
  QToolButton* hold_;
  QToolButton* cancel_;
  QToolButton* retry_;
  QToolButton* remove_;
  QToolButton* clear_;
  EmptyState* empty_;
  QStackedWidget* stack_;
};

}  // namespace panicle::ui
