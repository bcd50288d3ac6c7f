// The inside of RunStore: what its files share. Internal to core/runs.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/error.h"
#include "core/runs/run_database.h"
#include "core/runs/run_lock.h"
#include "core/runs/run_store.h"

namespace panicle {

// A run that this store records.
struct ActiveRun {
  explicit ActiveRun(const std::filesystem::path& folder) : lock(folder / "running.lock") {}

  RunLock lock;
  RunBuffer buffer;
  std::chrono::steady_clock::time_point written = std::chrono::steady_clock::now();
};

struct RunStore::Impl {
  explicit Impl(std::filesystem::path folder);

  // Runs `work` under the mutex and turns what SQLite and the file system throw into Error.
  template <typename Work>
  auto guarded(Work work) const -> decltype(work());

  std::filesystem::path folder(std::int64_t run) const { return workspace / "runs" / std::to_string(run); }
  std::int64_t makeFolder();
  std::int64_t requireId(const std::string& run);
  std::vector<std::int64_t> requireIds(const std::vector<std::string>& runs);
  ActiveRun& requireActive(const std::string& run);
  // Writes what is buffered, and `rows` with it, in one transaction.
  template <typename... Rows>
  void flush(const std::string& run, ActiveRun& active, const Rows&... rows);
  void flushWhenDue(const std::string& run, ActiveRun& active);
  void markInterrupted();
  // Does `work` with the database and the run's number, in a transaction of its own.
  template <typename Work>
  void change(const std::string& run, Work work);

  void apply(const std::string& run, const BatchEnded& batch);
  void apply(const std::string& run, const EpochEnded& epoch);
  void apply(const std::string& run, const RatesChanged& change);
  void apply(const std::string& run, const MemorySampled& sample);
  void apply(const std::string& run, const MemoryMeasured& measured);
  void apply(const std::string& run, const BatchesSplit& split);
  void apply(const std::string& run, const Warning& warning);
  void apply(const std::string& run, const RunEnded& end);
  template <typename Other>
  void apply(const std::string&, const Other&) {}

  std::filesystem::path workspace;
  std::filesystem::path file;
  mutable std::mutex mutex;
  std::unique_ptr<RunDatabase> db;
  std::map<std::string, ActiveRun> active;
};

template <typename Work>
auto RunStore::Impl::guarded(Work work) const -> decltype(work()) {
  const std::lock_guard lock(mutex);
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    constexpr int kFull = 13;  // SQLITE_FULL
    if (error.getErrorCode() == kFull) throw DiskFull(fileError(file, "the disk is full").what());
    throw fileError(file, std::string("the run store failed: ") + error.what() +
                              "; see that the disk is not full and the folder can be written");
  } catch (const std::filesystem::filesystem_error& error) {
    throw fileError(error.path1(), "cannot be used: " + error.code().message());
  }
}

template <typename Work>
void RunStore::Impl::change(const std::string& run, Work work) {
  guarded([&] {
    SQLite::Transaction transaction = db->begin();
    work(db->connection(), requireId(run));
    transaction.commit();
  });
}

// As the workspace keeps it. Paths need not be UTF-8; what is not is kept with replacement characters.
std::string jsonText(const Json& json);

}  // namespace panicle
