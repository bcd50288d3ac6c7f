// LaneRunner: takes the entries of a lane from the queue and runs them.
#include <SQLiteCpp/VariadicBind.h>

#include <chrono>

#include "core/runs/queue_impl.h"
#include "core/runs/run_database.h"
#include "core/runs/run_lock.h"

namespace panicle {
namespace {

// How often a run looks whether another program told it to stop.
constexpr std::chrono::seconds kLook{1};

}  // namespace

std::optional<QueueEntry> RunQueue::Impl::claim(const std::string& lane) {
  return guarded([&]() -> std::optional<QueueEntry> {
    auto next = select("WHERE state = 'waiting' AND lane = ? ORDER BY position LIMIT 1", lane);
    if (next.empty()) return std::nullopt;
    SQLite::Statement row(db, "UPDATE queue SET state = 'running', machine = ?, started = ?, ended = '', stop_asked = 0 WHERE id = ?");
    SQLite::bind(row, machineName(), utcNow(), next.front().id);
    row.exec();
    return require(next.front().id);
  });
}

void RunQueue::Impl::keepRun(std::int64_t id, const std::string& run) {
  guarded([&] {
    SQLite::Statement row(db, "UPDATE queue SET made = ? WHERE id = ?");
    SQLite::bind(row, run, id);
    row.exec();
  });
}

bool RunQueue::Impl::stopAsked(std::int64_t id) {
  const std::lock_guard lock(mutex);
  SQLite::Statement row(db, "SELECT stop_asked FROM queue WHERE id = ?");
  row.bind(1, id);
  return row.executeStep() && row.getColumn(0).getInt() != 0;
}

QueueEntry RunQueue::Impl::finish(std::int64_t id, QueueState state, const RunOutcome& outcome) {
  return guarded([&] {
    SQLite::Statement row(db, "UPDATE queue SET state = ?, made = CASE WHEN ? = '' THEN made ELSE ? END, message = ?, ended = ? WHERE id = ?");
    SQLite::bind(row, toString(state), outcome.run, outcome.run, outcome.message, utcNow(), id);
    row.exec();
    promote(halvingOf(id));
    QueueEntry entry = require(id);
    if (state == QueueState::Failed && onFailure() == OnFailure::Hold) {
      SQLite::Statement rest(db, "UPDATE queue SET state = 'held' WHERE state = 'waiting' AND lane = ?");
      rest.bind(1, entry.lane);
      rest.exec();
    }
    return entry;
  });
}

struct LaneRunner::Impl {
  Impl(RunStore& store, RunQueue::Impl& queue, const std::string& lane, EntryWork work)
      : store(store),
        queue(queue),
        lane(lane),
        work(std::move(work)),
        lock(laneLock(store.workspace(), lane, machineName()), "another program works on the queue of " + lane) {}

  // What the work came to; nothing is thrown on, since the next entry is to have its turn.
  RunOutcome perform(const QueueEntry& entry, TrainControl& control, const LaneObserver& observer) {
    auto looked = std::chrono::steady_clock::now();
    const TrainObserver forward = [&](const TrainEvent& event) {
      if (const auto* started = std::get_if<RunStarted>(&event)) queue.keepRun(entry.id, started->run);
      if (const auto now = std::chrono::steady_clock::now(); now - looked >= kLook) {
        looked = now;
        if (queue.stopAsked(entry.id)) control.stopNow();
      }
      if (observer.event) observer.event(event);
    };
    try {
      return work(store, entry, control, forward);
    } catch (const Cancelled&) {
      return {.run = "", .status = RunStatus::Stopped, .message = ""};
    } catch (const std::exception& error) {
      return {.run = "", .status = RunStatus::Failed, .message = error.what()};
    }
  }

  RunStore& store;
  RunQueue::Impl& queue;
  std::string lane;
  EntryWork work;
  RunLock lock;
};

LaneRunner::LaneRunner(RunStore& store, RunQueue& queue, const std::string& lane, EntryWork work) {
  queue.impl_->guarded([&] { queue.impl_->settleDead(); });
  impl_ = std::make_unique<Impl>(store, *queue.impl_, lane, std::move(work));
  // Whose program died in between: the lock is ours now.
  impl_->queue.guarded([&] {
    for (const QueueEntry& dead : impl_->queue.select("WHERE state = 'running' AND lane = ? AND machine = '" + machineName() + "'", lane)) {
      impl_->queue.setState(dead.id, QueueState::Interrupted);
    }
  });
}

LaneRunner::~LaneRunner() = default;

bool LaneRunner::isBusy(const RunStore& store, const std::string& lane) {
  return RunLock::isHeld(laneLock(store.workspace(), lane, machineName()));
}

bool LaneRunner::runNext(const LaneObserver& observer, std::stop_token stop) {
  if (stop.stop_requested()) return false;
  const std::optional<QueueEntry> entry = impl_->queue.claim(impl_->lane);
  if (!entry) return false;
  TrainControl control;
  const std::stop_callback onStop(stop, [&] { control.stopNow(); });
  if (observer.started) observer.started(*entry, control);
  const RunOutcome outcome = impl_->perform(*entry, control, observer);
  QueueState state = QueueState::Failed;
  if (outcome.status == RunStatus::Finished) state = QueueState::Finished;
  if (outcome.status == RunStatus::Stopped) state = QueueState::Stopped;
  const QueueEntry ended = impl_->queue.finish(entry->id, state, outcome);
  if (observer.ended) observer.ended(ended);
  return true;
}

int LaneRunner::runAll(const LaneObserver& observer, std::stop_token stop) {
  int ran = 0;
  while (runNext(observer, stop)) ++ran;
  return ran;
}

}  // namespace panicle
