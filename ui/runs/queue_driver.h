// Works on the queue through the session's run controller: one run at a time in this window, the next when it has ended, as long as it is
// switched on. A run that the user starts by hand goes first.
#pragma once

#include <QObject>
#include <memory>
#include <vector>

#include "core/runs/queue.h"

namespace panicle::ui {

class Session;

class QueueDriver : public QObject {
  Q_OBJECT
 public:
  QueueDriver(Session& session, std::shared_ptr<RunQueue> queue, QObject* parent = nullptr);

  bool isOn() const { return on_; }
  void setOn(bool on);                                   // off: the run in work goes on to its end
  void setEntries(const std::vector<QueueEntry>& entries);  // as the store has them now

 Q_SIGNALS:
  void onChanged();
  void ended();                                          // switched on, and nothing waits any more

 private:
  void next();

  Session& session_;
  std::shared_ptr<RunQueue> queue_;
  std::vector<QueueEntry> waiting_;
  bool on_ = false;
  bool worked_ = false;                                  // since it was switched on
};

}  // namespace panicle::ui
