#include "ui/runs/queue_driver.h"

#include <algorithm>
#include <utility>

#include "ui/shared/lane_runs.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

constexpr int kProgressMs = 500;

}  // namespace

QueueDriver::QueueDriver(Session& session, std::shared_ptr<RunQueue> queue, QObject* parent, EntryWork work)
    : QObject(parent), session_(session), queue_(std::move(queue)), work_(std::move(work)) {
  follow();
}

void QueueDriver::follow() {
  told_.setSingleShot(true);
  told_.setInterval(kProgressMs);
  connect(&told_, &QTimer::timeout, this, &QueueDriver::progressed);
  const RunController& first = session_.runs();
  connect(&first, &RunController::events, this, [this](const std::vector<TrainEvent>& events) { hear({}, events); });
  connect(&first, &RunController::ended, this, [this] {
    mine_ = false;
    forget({});
  });
  const LaneRuns& beside = session_.laneRuns();
  connect(&beside, &LaneRuns::events, this,
          [this](const QString& lane, const std::vector<TrainEvent>& events) { hear(lane.toStdString(), events); });
  connect(&beside, &LaneRuns::ended, this, [this](const QString& lane) { forget(lane.toStdString()); });
  connect(&beside, &LaneRuns::toldToStop, this, [this] { setOn(false); });
}

void QueueDriver::hear(const std::string& lane, const std::vector<TrainEvent>& events) {
  for (const TrainEvent& event : events) progress_[lane].apply(event);
  if (!told_.isActive()) told_.start();
}

void QueueDriver::forget(const std::string& lane) {
  progress_.erase(lane);
  waiting_.clear();  // until the store has been read again
  Q_EMIT session_.runsChanged();
}

QString QueueDriver::progress(const std::string& run) const {
  const auto of = [&](const auto& known) { return known.second.run().toStdString() == run; };
  const auto found = run.empty() ? progress_.end() : std::find_if(progress_.begin(), progress_.end(), of);
  if (found == progress_.end()) return {};
  const QString where = found->second.where(), left = found->second.left();
  return left.isEmpty() ? where : QStringLiteral("%1, %2").arg(where, left);
}

void QueueDriver::setOn(bool on) {
  if (on == on_) return;
  on_ = on;
  worked_ = false;
  Q_EMIT onChanged();
  next();
}

bool QueueDriver::works() const { return mine_ || session_.laneRuns().active(); }

void QueueDriver::setEntries(const std::vector<QueueEntry>& entries, const std::string& usual) {
  usual_ = usual;
  waiting_.clear();
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(waiting_), [](const QueueEntry& entry) { return entry.state == QueueState::Waiting; });
  const auto running = std::count_if(entries.begin(), entries.end(), [](const QueueEntry& entry) { return entry.state == QueueState::Running; });
  const auto ours = (mine_ ? 1 : 0) + std::ssize(session_.laneRuns().running());
  elsewhere_ = running > ours;
  next();
}

std::string QueueDriver::laneOfRun() const {
  const std::string& device = session_.runs().spec().device;
  return device == "auto" ? usual_ : device == "cuda" ? "cuda:0" : device;
}

// Another program may work on a lane too.
bool QueueDriver::isFree(const std::string& lane) const {
  if (session_.runs().active() && laneOfRun() == lane) return false;
  return !session_.laneRuns().activeOn(lane) && !LaneRunner::isBusy(session_.store(), lane);
}

void QueueDriver::next() {
  if (!on_) return;
  std::map<std::string, bool> free;
  for (const QueueEntry& entry : std::exchange(waiting_, {})) {
    if (!free.contains(entry.lane)) free[entry.lane] = isFree(entry.lane);
    if (std::exchange(free[entry.lane], false)) {
      begin(entry);
    } else {
      waiting_.push_back(entry);
    }
  }
  if (!waiting_.empty() || works() || !worked_) return;
  worked_ = false;
  Q_EMIT ended();
}

void QueueDriver::begin(const QueueEntry& entry) {
  worked_ = true;
  RunController::Work work = [queue = queue_, lane = entry.lane, work = work_](RunStore& store, const RunController::TakeControl& take,
                                                                             const TrainObserver& observer) {
    RunOutcome outcome;
    LaneRunner runner(store, *queue, lane, [&](RunStore& runs, const QueueEntry& next, TrainControl& control, const TrainObserver& events) {
      return outcome = work(runs, next, control, events);
    });
    LaneObserver told;
    told.started = [&take](const QueueEntry&, TrainControl& control) { take(&control); };
    told.event = observer;
    told.ended = [&take](const QueueEntry&) { take(nullptr); };
    runner.runNext(told);
    return outcome;
  };
  if (session_.runs().active()) return session_.laneRuns().start(entry.lane, entry.spec, std::move(work));
  mine_ = true;
  session_.runs().start(entry.spec, std::move(work));
}

}  // namespace panicle::ui
