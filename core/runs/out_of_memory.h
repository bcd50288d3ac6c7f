// What to say, and to offer, when a run's memory was not enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/memory/device_profile.h"
#include "core/memory/meter.h"
#include "core/runs/run_spec.h"
#include "core/train/events.h"

namespace panicle {

struct Shortage {
  std::size_t stage = 0;      // of the spec, in which it happened
  std::int64_t outputs = 0;   // of the network's head
  DeviceProfile profile;      // of the run's device
  MemoryPeak peak;            // of the run
  MemoryReading now;          // after it
  std::string what;           // the allocator's words
};

// Changes of the spec with which all of its stages are planned to fit, into its memory.budget_mib or else into the device beside the
// other processes: the batch halved and accum doubled, gradient checkpointing, both, smaller images; of each the least that helps. Each is
// also planned to take less than the run as it was. Empty where nothing helps. Throws Cancelled.
std::vector<Remedy> remediesFor(const RunSpec& spec, const Shortage& shortage, std::stop_token stop = {});

// Model, size, batch, peak, budget, what other processes hold, and the remedies.
std::string shortageMessage(const RunSpec& spec, const Shortage& shortage, const std::vector<Remedy>& remedies);

}  // namespace panicle
