// From where a stored run goes on, and whether it will be as if nothing had been. Internal to core/runs (includes torch).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/runs/checkpoint.h"
#include "core/runs/run_store.h"
#include "core/train/trainer.h"

namespace panicle {

struct ResumePoint {
  RunRecord record;                      // as it was when the run ended
  std::optional<Checkpoint> checkpoint;  // none: from the beginning
  std::vector<PlannedChange> changes;    // of the rates, that the user made after it
};

// <run folder>/checkpoints
std::filesystem::path checkpointFolder(const std::filesystem::path& runFolder);
// What says that a checkpoint is of this run: of its spec.json.
std::string specChecksum(const std::filesystem::path& runFolder);

// Of a run that was reopened: finds the newest checkpoint that verifies, removes what killed programs left, and rewinds the stored history to it.
// `warn` is told of each that does not verify. Throws Error, Cancelled.
ResumePoint findResumePoint(RunStore& store, RunRecord record, const std::function<void(const std::string&)>& warn,
                            std::stop_token stop);

// "" where the rest of the run will be bit for bit what it would have been, else why not. Both as RunRecord::environment.
std::string whyNotExact(const Json& before, const Json& now);

// Records the data set's fingerprint with the run, or compares it with the one that is there. Throws Error where `goesOn` and the list of photos,
// their labels or the vocab are others: what was learnt would not fit, or be tested on photos that it has seen.
void checkData(RunStore& store, const std::string& run, const Dataset& dataset, bool goesOn,
               const std::function<void(const std::string&)>& warn, std::stop_token stop);

}  // namespace panicle
