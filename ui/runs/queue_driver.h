// Works on the queue as long as it is switched on: on each device one run at a time, the next when it has ended. The first goes through
// the session's run controller, so that the Train page shows it; those on other devices meanwhile beside it. A run that the user starts
// by hand keeps its device to itself.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/runs/queue.h"
#include "ui/train/run_progress.h"

namespace panicle::ui {

class Session;

class QueueDriver : public QObject {
  Q_OBJECT
 public:
  // Tests give other work.
  QueueDriver(Session& session, std::shared_ptr<RunQueue> queue, QObject* parent = nullptr, EntryWork work = workOn);

  bool isOn() const { return on_; }
  void setOn(bool on);                                   // off: the runs in work go on to their end
  // As the store has them now; `usual` is the lane of a spec that leaves the device to Panicle.
  void setEntries(const std::vector<QueueEntry>& entries, const std::string& usual);
  bool works() const;                                    // a run of the queue is in work in this window
  bool runsElsewhere() const { return elsewhere_; }      // another program trains an entry
  // "Epoch 3 of 12, 0:41 left" of a run of this window; "" of others.
  QString progress(const std::string& run) const;

 Q_SIGNALS:
  void onChanged();
  void progressed();                                     // progress() tells something else
  void ended();                                          // switched on, and nothing waits or runs any more

 private:
  void follow();
  void next();
  void begin(const QueueEntry& entry);
  bool isFree(const std::string& lane) const;
  std::string laneOfRun() const;                         // that of the run in progress
  void hear(const std::string& lane, const std::vector<TrainEvent>& events);
  void forget(const std::string& lane);

  Session& session_;
  std::shared_ptr<RunQueue> queue_;
  EntryWork work_;
  std::vector<QueueEntry> waiting_;
  std::string usual_;
  std::map<std::string, RunProgress> progress_;          // by lane; "" of the run in progress
  bool on_ = false;
  bool elsewhere_ = false;
  bool mine_ = false;                                    // the run in progress is of the queue
  QTimer told_;                                          // progressed() comes when it is over
  bool worked_ = false;                                  // since it was switched on
};

}  // namespace panicle::ui
