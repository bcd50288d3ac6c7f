// The runs of a workspace: a SQLite database (WAL) <workspace>/panicle.db and a folder <workspace>/runs/<id>/ for each run with
//   spec.json, vocab.json, model.safetensors, valid_preds.csv, valid_items.csv, test_preds.csv, test_items.csv, running.lock; of further
//   targets valid.<target>_preds.csv ..., with test-time augmentation valid_tta_preds.csv ...
// Safe to use from several threads, and from several processes on one workspace. A run that was running when its process
// died is shown as interrupted: the process holds a lock on running.lock that the system gives back with the process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runs/memory_plan.h"
#include "core/runs/run_memory.h"
#include "core/runs/run_spec.h"
#include "core/runs/run_summary.h"
#include "core/train/events.h"

namespace panicle {

struct EpochRow {
  int stage = 0;
  int epoch = 0;                // over the whole run, from 0
  std::string phase;            // "one cycle", "frozen", "unfrozen"
  double train_loss = 0;
  double valid_loss = 0;
  std::map<std::string, double> metrics;
  double seconds = 0;
  std::uint64_t skipped_steps = 0;  // as EpochEnded's

  // A column of the epoch table: train_loss, valid_loss or a metric; NaN where it is not there.
  double value(const std::string& column) const;
};

struct StepRow {
  std::uint64_t step = 0;
  double loss = 0;
  double smooth_loss = 0;
  double lr = 0;
  double momentum = 0;
};

// Rates that were changed while the run was on (RatesChanged).
struct ChangeRow {
  int epoch = 0;
  std::uint64_t step = 0;
  double lr_scale = 1;
  double wd = 0;
};

struct RunRecord {
  std::string id;               // "1", "2", ...; unique in the workspace
  std::string name;
  RunStatus status = RunStatus::Queued;
  std::string message;          // of a failure
  std::string created;          // ISO 8601, UTC
  std::string finished;         // "" while it runs
  double seconds = 0;
  std::uint64_t peak_tensor_bytes = 0;
  RunMemory memory;             // predicted and measured, by stage
  std::vector<BatchesSplit> splits;  // batches that did not fit and went on in pieces
  std::vector<Remedy> remedies; // of a run that was out of memory
  RunSpec spec;
  Json environment;             // versions, device, threads, BLAS
  bool starred = false;
  std::string note;
  std::vector<std::string> tags;  // sorted
  std::string trashed;          // when it went to the trash; "" for one that is not in it
  std::vector<EpochRow> epochs;
  std::vector<ChangeRow> changes;
  std::vector<std::string> warnings;
  std::map<std::string, double> results;  // as RunEnded's metrics; empty while it runs, and of runs before schema 3

  // What makes an epoch the best: what callbacks.keep_best watches; else error_rate, or valid_loss where the run has none.
  std::string monitor() const;
  // The epoch that is the best of the whole run by its monitor, or nullptr.
  const EpochRow* best() const;
};

// What of a workspace a list shows.
enum class Shown { Kept, Trashed };

class RunStore {
 public:
  // Opens or makes the workspace. Throws Error when it cannot be written or was made by a newer Panicle.
  explicit RunStore(std::filesystem::path workspace);
  ~RunStore();
  RunStore(const RunStore&) = delete;
  RunStore& operator=(const RunStore&) = delete;

  const std::filesystem::path& workspace() const;
  std::filesystem::path folder(const std::string& run) const;

  // Makes the run's row and folder, writes spec.json, takes its lock; the run is Running until its RunEnded is recorded or the
  // process ends. Ids go up and are never used twice, not even by a workspace whose database was lost.
  std::string create(const RunSpec& spec, const Json& environment);
  // Stores an event of a run that this store created: batches (buffered; a batch that comes a second or more after the last
  // write is written at once with all before it), epochs, changes of the rates, peaks of memory, warnings, the end. An epoch is stored in one transaction with all its
  // batches. Other events pass through. Throws Error (disk full ...).
  void record(const std::string& run, const TrainEvent& event);
  // A run that was stopped, has failed or was interrupted is to go on: takes its lock, and it is Running again. Returns what was known of it.
  // Throws Error for a run in another state, also one that another program runs.
  RunRecord reopen(const std::string& run);
  // Of a run that was reopened: forgets what came after so many batches and epochs, all in one transaction. `seconds` of work remain.
  void rewind(const std::string& run, std::uint64_t step, int epochs, double seconds);
  // Writes what is still buffered of a run that this store records.
  void flush(const std::string& run);
  // Adds to RunRecord::environment; entries of the same name are replaced.
  void describe(const std::string& run, const Json& entries);
  // What the run will need, for the device that it is on: beside which its peaks will stand.
  void keepPlan(const std::string& run, const DeviceProfile& profile, const RunPlan& plan);

  std::vector<RunRecord> list() const;                   // newest first, without the trash; does not read the steps
  RunRecord get(const std::string& run) const;           // throws Error when there is no such run
  std::vector<StepRow> steps(const std::string& run) const;  // those still buffered here included
  // All runs in a row each, newest first: a few milliseconds for thousands.
  std::vector<RunSummary> summaries(Shown shown = Shown::Kept) const;
  // Another number whenever anybody, in any process, has changed what the store holds, or a run's process has died.
  std::uint64_t changes() const;
  // When the program that runs it last gave a sign of life, ISO 8601, UTC; "" where it is not known. A run whose program keeps its lock
  // is running however long ago that is; one whose lock cannot be seen (a network folder) is, while the sign is younger than kSilence.
  std::string signOfLife(const std::string& run) const;

  // What a person says of a run. Each throws Error when there is no such run.
  void rename(const std::string& run, const std::string& name);
  void setStarred(const std::string& run, bool starred);
  void setNote(const std::string& run, const std::string& note);
  void addTag(const std::string& run, const std::string& tag);  // without blanks at its ends; throws Error for an empty one
  void removeTag(const std::string& run, const std::string& tag);

  // An interrupted run becomes a stopped one: its model, metrics and history stay as they are. Throws Error for a run in another state.
  void keepAsIs(const std::string& run);

  // All of them or none. In the trash a run keeps its folder and all that is known of it, so that restore() brings back everything.
  // Throws Error for a run that is running.
  void moveToTrash(const std::vector<std::string>& runs);
  void restore(const std::vector<std::string>& runs);
  // For ever, with their folders: runs that are in the trash. Returns the bytes that they took.
  std::uint64_t purge(const std::vector<std::string>& runs);

  // All that the database holds of a run, for a file that is given away; throws Error for one that is running.
  Json dump(const std::string& run) const;
  // The run of such a document, under a new id. `folder` becomes the run's, which is then written in its name alone. Throws Error, and
  // leaves `folder` and the database as they were, for a document that is none.
  std::string adopt(const Json& dump, const std::filesystem::path& folder);
  // The last runs that were planned, newest first, 200 at most: a few milliseconds however many there are.
  std::vector<MeasuredRun> measuredRuns() const;
  // Samples of the run's memory, some 500 at most; what is still buffered here included.
  std::vector<MemoryRow> memory(const std::string& run) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The workspace used when none is named: $PANICLE_WORKSPACE, else ~/Panicle.
std::filesystem::path defaultWorkspace();

}  // namespace panicle
