// The inside of RunQueue: the table `queue` (core/runs/summary_tables.cpp) on a connection of its own. Internal to core/runs.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "core/runs/queue.h"

namespace panicle {

// The file whose lock says that this machine works on a lane.
std::filesystem::path laneLock(const std::filesystem::path& workspace, const std::string& lane, const std::string& machine);

struct RunQueue::Impl {
  explicit Impl(const RunStore& store);

  // Runs `work` under the mutex, in a transaction that waits for its turn, and turns what SQLite throws into Error.
  template <typename Work>
  auto guarded(Work work) -> decltype(work());

  // The same without a transaction, for what only reads.
  template <typename Work>
  auto reading(Work work) -> decltype(work());

  // Those that match, after `where` and what follows it, with one value for a ? in it.
  std::vector<QueueEntry> select(const std::string& where, const std::string& value = "");
  QueueEntry require(std::int64_t id);
  // Entries that say they are running, but whose program is gone: their numbers and runs.
  std::vector<std::pair<std::int64_t, std::string>> dead();
  void settleDead();          // in a transaction
  void settleDeadIfAny();     // outside of one
  void setState(std::int64_t id, QueueState state);
  std::int64_t lastPosition();

  // The lane's next entry, which then is this machine's to run; nullopt when none waits.
  std::optional<QueueEntry> claim(const std::string& lane);
  void keepRun(std::int64_t id, const std::string& run);
  bool stopAsked(std::int64_t id);
  QueueEntry finish(std::int64_t id, QueueState state, const RunOutcome& outcome);
  void insert(const std::vector<RunSpec>& specs, const std::vector<std::string>& lanes, const std::string& group, QueueState state,
              const std::string& halving, std::vector<std::int64_t>& ids);
  // After an entry of this rung has ended: the next one, when it was the last.
  void promote(const std::string& halving);
  std::string halvingOf(std::int64_t id);
  OnFailure onFailure();

  const RunStore& store;
  std::filesystem::path file;
  std::mutex mutex;
  SQLite::Database db;
  std::unordered_map<std::int64_t, RunSpec> specs;  // of entries that were read before: they never change
};

// What the column `halving` holds of a rung: equal for the entries of one rung, and no others.
std::string halvingText(const Halving& halving, std::size_t rung, std::int64_t key);
int rungOf(const std::string& halving);
RunSpec withEpochs(RunSpec spec, int epochs);

template <typename Work>
auto RunQueue::Impl::reading(Work work) -> decltype(work()) {
  const std::lock_guard lock(mutex);
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw fileError(file, std::string("the queue failed: ") + error.what() + "; see that the disk is not full and the folder can be written");
  }
}

template <typename Work>
auto RunQueue::Impl::guarded(Work work) -> decltype(work()) {
  return reading([&] {
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      transaction.commit();
    } else {
      auto result = work();
      transaction.commit();
      return result;
    }
  });
}

}  // namespace panicle
