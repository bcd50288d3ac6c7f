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

#include "core/runs/run_spec.h"
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
  RunSpec spec;
  Json environment;             // versions, device, threads, BLAS
  std::vector<EpochRow> epochs;
  std::vector<ChangeRow> changes;
  std::vector<std::string> warnings;
  std::map<std::string, double> results;  // as RunEnded's metrics; empty while it runs, and of runs before schema 3

  // What makes an epoch the best: what callbacks.keep_best watches; else error_rate, or valid_loss where the run has none.
  std::string monitor() const;
  // The epoch that is the best of the whole run by its monitor, or nullptr.
  const EpochRow* best() const;
};

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
  // write is written at once with all before it), epochs, changes of the rates, warnings, the end. An epoch is stored in one transaction with all its
  // batches. Other events pass through. Throws Error (disk full ...).
  void record(const std::string& run, const TrainEvent& event);

  std::vector<RunRecord> list() const;                   // newest first; does not read the steps
  RunRecord get(const std::string& run) const;           // throws Error when there is no such run
  std::vector<StepRow> steps(const std::string& run) const;  // those still buffered here included

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The workspace used when none is named: $PANICLE_WORKSPACE, else ~/Panicle.
std::filesystem::path defaultWorkspace();

}  // namespace panicle
