#include "ui/runs/queue_driver.h"

#include <algorithm>

#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"

namespace panicle::ui {

QueueDriver::QueueDriver(Session& session, std::shared_ptr<RunQueue> queue, QObject* parent)
    : QObject(parent), session_(session), queue_(std::move(queue)) {
  connect(&session_.runs(), &RunController::ended, this, [this] {
    waiting_.clear();  // until the store has been read again
    Q_EMIT session_.runsChanged();
  });
}

void QueueDriver::setOn(bool on) {
  if (on == on_) return;
  on_ = on;
  worked_ = false;
  Q_EMIT onChanged();
  next();
}

void QueueDriver::setEntries(const std::vector<QueueEntry>& entries) {
  waiting_.clear();
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(waiting_), [](const QueueEntry& entry) { return entry.state == QueueState::Waiting; });
  next();
}

void QueueDriver::next() {
  if (!on_ || session_.runs().active()) return;
  // Another program may work on a lane; what waits in others can run meanwhile.
  const auto free = std::find_if(waiting_.begin(), waiting_.end(),
                                 [this](const QueueEntry& entry) { return !LaneRunner::isBusy(session_.store(), entry.lane); });
  if (free == waiting_.end()) {
    if (!waiting_.empty() || !worked_) return;
    worked_ = false;
    Q_EMIT ended();
    return;
  }
  worked_ = true;
  const QueueEntry entry = *free;
  waiting_.clear();
  session_.runs().start(entry.spec, [queue = queue_, lane = entry.lane](RunStore& store, const RunController::TakeControl& take,
                                                                       const TrainObserver& observer) {
    RunOutcome outcome;
    LaneRunner runner(store, *queue, lane, [&outcome](RunStore& runs, const QueueEntry& next, TrainControl& control, const TrainObserver& events) {
      return outcome = workOn(runs, next, control, events);
    });
    LaneObserver told;
    told.started = [&take](const QueueEntry&, TrainControl& control) { take(&control); };
    told.event = observer;
    told.ended = [&take](const QueueEntry&) { take(nullptr); };
    runner.runNext(told);
    return outcome;
  });
}

}  // namespace panicle::ui
