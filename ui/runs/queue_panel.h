// The queue as a panel: what waits, runs and has ended, with the buttons to order, hold, cancel and try again; the recipe is added to it with
// as many seeds as wanted, or as a sweep; and what happens when it has ended.
#pragma once

#include <QList>
#include <QWidget>
#include <functional>
#include <memory>
#include <optional>
#include <string>
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

class AfterQueue;
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
  AfterQueue& after() { return *after_; }
  RunQueue& queue() { return *queue_; }
  void add(const std::vector<RunSpec>& specs, const QueueOptions& options);  // all of them or none

 Q_SIGNALS:
  void waitingChanged(int waiting);    // for the panel's tab
  void sweepRequested();

 private:
  QWidget* makeBar();
  QWidget* makeRowBar();
  QToolButton* rowButton(const QString& icon, const QString& text, const QString& help);
  void setUp();
  void setUpTable();
  void follow();
  void followDriver();
  void followRows();
  void take(std::vector<QueueEntry> entries, OnFailure policy, const std::string& lane);
  void addRecipe();
  void update();
  void showState();
  void showAfter();
  void holdOrRelease();
  void move(int by);
  void moveBefore(const QList<qint64>& ids, std::optional<qint64> before);
  QString outcomes() const;
  void change(const QString& title, std::function<void(RunQueue&)> what);
  std::vector<QueueEntry> selected() const;  // in the table's order

  Session& session_;
  std::shared_ptr<RunQueue> queue_;
  QueueModel* model_;
  QueueDriver* driver_;
  AfterQueue* after_;
  QPushButton* run_;
  QPushButton* add_;
  QSpinBox* seeds_;
  QPushButton* sweep_;
  QComboBox* failure_;
  QComboBox* ending_;
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
  std::string since_;   // when the queue was switched on, as the store writes times
  bool sized_ = false;  // the columns
};

}  // namespace panicle::ui
