// How far the planner was from what runs took, and what the process took beside its tensors: from the runs of a store (RunStore::measuredRuns()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/memory/device_profile.h"
#include "core/runs/run_memory.h"

namespace panicle {

// Measured to predicted, of tensors (on a card of what its allocator held); above 1 the plan was too low.
struct PlannerError {
  ComputeKind kind = ComputeKind::Cpu;
  std::size_t runs = 0;
  double median = 1;
  double worst = 1;        // the one that is farthest from 1
  std::string worst_run;   // its id
};

// Of each kind of device that has runs, processors first. A run counts by the stage that was planned to take most, if that one was trained
// to its end: one that was stopped or failed may not have come to its peak.
std::vector<PlannerError> plannerError(const std::vector<MeasuredRun>& runs);

// In words: "the plans of 12 runs on processors: measured 1.00 times the predicted in the median, 1.02 at worst (run 7)".
std::string words(const PlannerError& error);

struct LearnedOverhead {
  std::uint64_t bytes = 0;
  std::size_t runs = 0;  // that it is learned from
};

// What the process took beside its tensors, and the loader's batches, in the profile's last runs of a store: the highest of ten.
// nullopt where none of them ran on it to its end.
std::optional<LearnedOverhead> learnedOverhead(const std::vector<MeasuredRun>& runs, const DeviceProfile& profile);

// Puts it into the profile, if there is any.
void learnOverhead(DeviceProfile& profile, const std::vector<MeasuredRun>& runs);

}  // namespace panicle
