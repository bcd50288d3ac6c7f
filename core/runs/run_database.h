// The SQL of the run store: its tables, and what is read from and written to them. Not thread-safe, and
// throws SQLite::Exception; RunStore guards both.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/runs/run_store.h"

namespace panicle {

// What a run told since the last write.
struct RunBuffer {
  std::vector<StepRow> steps;
  std::vector<std::string> warnings;
  double seconds = 0;
  std::uint64_t peak_tensor_bytes = 0;
  ThinnedMemory memory;  // of the whole run
};

RunStatus statusFromText(const std::string& text);  // Interrupted for what is none
std::string utcNow();                              // ISO 8601

class RunDatabase {
 public:
  // Opens or makes the file and brings it to the newest schema. Throws Error when a newer Panicle wrote it.
  explicit RunDatabase(const std::filesystem::path& file);

  // A transaction that waits for its turn among processes at its start, never in its middle, where SQLite
  // could not wait.
  SQLite::Transaction begin() { return SQLite::Transaction(db_, SQLite::TransactionBehavior::IMMEDIATE); }

  SQLite::Database& connection() { return db_; }
  std::int64_t lastId();  // the highest that was ever given
  void insertRun(std::int64_t run, const std::string& name, const std::string& spec,
                 const std::string& environment);
  void write(std::int64_t run, const RunBuffer& buffer);
  void write(std::int64_t run, const EpochEnded& epoch);
  void write(std::int64_t run, const RatesChanged& change);
  void write(std::int64_t run, const MemoryMeasured& measured);
  void write(std::int64_t run, const BatchesSplit& split);
  void write(std::int64_t run, const RunEnded& end);
  void writePlan(std::int64_t run, const DeviceProfile& profile, const RunPlan& plan);
  // After anything that a summary tells of was written, in the same transaction.
  void refreshSummary(std::int64_t run);
  // A run ended when it last wrote. One that has meanwhile ended properly stays as it is.
  void markInterrupted(std::int64_t run);

  bool contains(std::int64_t run);
  int count();
  std::vector<std::int64_t> running();
  // All runs but those in the trash, newest first, or only one.
  std::vector<RunRecord> load(std::optional<std::int64_t> only);
  std::vector<StepRow> steps(std::int64_t run);
  std::vector<MemoryRow> memory(std::int64_t run);
  std::vector<MeasuredRun> measuredRuns();

 private:
  using RecordsById = std::unordered_map<std::int64_t, RunRecord*>;

  void migrate(const std::filesystem::path& file);
  void addSummaries();
  std::vector<RunRecord> read(std::optional<std::int64_t> only);  // in the transaction that is open
  void loadEpochs(std::optional<std::int64_t> only, const RecordsById& records);
  void loadChanges(std::optional<std::int64_t> only, const RecordsById& records);
  void loadWarnings(std::optional<std::int64_t> only, const RecordsById& records);
  void loadResults(std::optional<std::int64_t> only, const RecordsById& records);

  SQLite::Database db_;
};

}  // namespace panicle
