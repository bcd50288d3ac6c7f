// Runs that wait for their device, kept in the workspace's database: they survive a restart, and several programs may work on one queue.
// A lane is a device ("cpu", "cuda:0"); each lane does one run at a time. Safe to use from several threads and processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/runs/execute.h"
#include "core/runs/run_spec.h"
#include "core/runs/run_store.h"

namespace panicle {

// Held waits until it is released. Stopped was told to stop while it ran, Cancelled never began. Interrupted: the program ended.
enum class QueueState { Waiting, Held, Running, Finished, Stopped, Failed, Cancelled, Interrupted };
const char* toString(QueueState state);  // "waiting" ...

struct QueueEntry {
  std::int64_t id = 0;     // never used twice
  QueueState state = QueueState::Waiting;
  std::string lane;        // "cpu", "cuda:0"
  RunSpec spec;            // a copy of its own: what is changed elsewhere later does not reach it
  int rung = -1;           // of a successive halving, from 0; -1: none
  std::string group;       // of the sweep or repetition that it belongs to; "" for none
  std::string run;         // the run that came of it; "" before it began
  std::string message;     // why it failed
  std::string added;       // ISO 8601, UTC
  std::string started;
  std::string ended;
  bool stop_asked = false; // it runs, or ran, and was told to stop
};

// What the entries that still wait in a lane do when one fails.
enum class OnFailure { Continue, Hold };

// Successive halving (Jamieson and Talwalkar 2016): all entries train for the first number of epochs; when the last of them has ended, the
// best 1/eta by their monitor are queued again, each from its beginning, since a schedule is made for its epochs, for the next number.
struct Halving {
  std::vector<int> epochs{3, 9, 27};  // of the last stage, growing
  int eta = 3;
};
// Throws Error for one that is no plan.
void checkHalving(const Halving& halving);
// How many entries each rung has, of so many in the first, where all of them finish.
std::vector<std::size_t> rungSizes(const Halving& halving, std::size_t entries);

struct QueueOptions {
  std::string group;
  bool held = false;
  std::optional<Halving> halving = std::nullopt;
};

class RunQueue {
 public:
  // Of this store's workspace; `store` outlives it.
  explicit RunQueue(const RunStore& store);
  ~RunQueue();
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  // To the end of the queue, all or none; their ids. Throws Error for a spec that check() refuses, naming it.
  std::vector<std::int64_t> add(const std::vector<RunSpec>& specs, const QueueOptions& options = {});

  // In the order in which they will run; those that have ended after them, the newest first.
  std::vector<QueueEntry> list() const;
  QueueEntry get(std::int64_t id) const;  // throws Error when there is none
  // Goes up whenever anybody changes the store or the queue.
  std::uint64_t changes() const;

  // Each throws Error, naming the entry and its state, when it is not in a state for it.
  void hold(std::int64_t id);     // waiting
  void release(std::int64_t id);  // held
  // What waits or is held never runs; what runs is told to stop and keeps its model.
  void cancel(std::int64_t id);
  // To the end of the queue again, with the same spec: stopped, failed, cancelled, interrupted. A run that can be resumed goes on.
  void retry(std::int64_t id);
  // Before `other`, or to the end; both must be waiting or held.
  void moveBefore(std::int64_t id, std::optional<std::int64_t> other);
  // Forgets an entry that does not run; its run stays.
  void remove(std::int64_t id);
  std::size_t removeEnded();  // how many there were

  OnFailure onFailure() const;
  void setOnFailure(OnFailure policy);

 private:
  friend class LaneRunner;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How a lane tells what it does; called on the thread that runs it. Each may be empty.
struct LaneObserver {
  std::function<void(const QueueEntry&, TrainControl&)> started;  // the control is the run's, and lives until `ended`
  TrainObserver event;
  std::function<void(const QueueEntry&)> ended;  // as it is then
};

// Does what an entry says: makes and executes its run, or goes on with entry.run where that can be resumed. Tests give another.
using EntryWork = std::function<RunOutcome(RunStore&, const QueueEntry&, TrainControl&, const TrainObserver&)>;
RunOutcome workOn(RunStore& store, const QueueEntry& entry, TrainControl& control, const TrainObserver& observer);

// The one that works on a lane. While it lives, it holds the lane's lock of this machine.
class LaneRunner {
 public:
  // Throws Error when another program, or another object of this one, works on the lane. Both outlive it.
  LaneRunner(RunStore& store, RunQueue& queue, const std::string& lane, EntryWork work = workOn);
  ~LaneRunner();
  LaneRunner(const LaneRunner&) = delete;
  LaneRunner& operator=(const LaneRunner&) = delete;

  static bool isBusy(const RunStore& store, const std::string& lane);

  // Takes the lane's next entry and runs it to its end; blocks. False when none waits. A stop ends the run in work as Stopped.
  bool runNext(const LaneObserver& observer = {}, std::stop_token stop = {});
  // runNext() until none waits or a stop comes; how many ran.
  int runAll(const LaneObserver& observer = {}, std::stop_token stop = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The lane of a spec's device on this machine: "auto" is what it becomes. Throws Error when the device is not there.
std::string laneOf(const std::string& device);
// The lanes of this machine: "cpu" and each CUDA device.
std::vector<std::string> lanes();

}  // namespace panicle
