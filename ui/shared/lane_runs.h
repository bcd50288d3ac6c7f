// Runs of the queue beside the run in progress (Session::runs()), each on a device of its own: a device does one run at a time, and they
// do not wait for each other. The Train page shows the run in progress, the queue these. Lives on the GUI thread.
#pragma once

#include <QObject>
#include <QString>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ui/shared/run_controller.h"

namespace panicle::ui {

class LaneRuns : public QObject {
  Q_OBJECT
 public:
  explicit LaneRuns(RunStore& store, QObject* parent = nullptr);
  ~LaneRuns() override;  // stops the runs and waits for them

  // Nothing where a run is on the lane.
  void start(const std::string& lane, const RunSpec& spec, RunController::Work work);
  bool active() const;
  bool activeOn(const std::string& lane) const;
  std::vector<const RunController*> running() const;
  // Each of them, and the queue takes nothing more: the window is about to close.
  void stopAfterEpoch();
  void stopNow();

 Q_SIGNALS:
  void changed();         // one began, ended, or is stopping
  void toldToStop();      // all of them
  void events(const QString& lane, const std::vector<panicle::TrainEvent>& events);
  void ended(const QString& lane, panicle::RunStatus status, const QString& message);

 private:
  RunController& on(const std::string& lane);

  RunStore& store_;
  std::map<std::string, std::unique_ptr<RunController>> lanes_;  // those that have been used
};

}  // namespace panicle::ui
