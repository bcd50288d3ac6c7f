// What a run will need, from its spec. The Memory page, the strip beside Start and `panicle-cli memory` are
// views of this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/memory/device_profile.h"
#include "core/memory/planner.h"
#include "core/runs/run_spec.h"

namespace panicle {

struct StagePlan {
  std::size_t stage = 0;  // index into RunSpec::stages
  bool frozen = false;    // of the phase that takes most
  MemoryParts parts;      // overhead included
};

struct RunPlan {
  std::vector<StagePlan> stages;
  std::size_t worst = 0;                  // index into `stages`
  Precision precision = Precision::Fp32;  // that Auto became

  const MemoryParts& parts() const { return stages[worst].parts; }
  std::uint64_t peak() const { return parts().total(); }
};

// `outputs` of the head: the number of classes, where there are several targets of all together. Steps that
// were planned before are remembered (thread-safe, as many as some thousand), so a change that does not touch
// memory costs nothing. Throws Cancelled, and Error for a spec that check() refuses.
RunPlan predict(const RunSpec& spec, std::int64_t outputs, const DeviceProfile& profile,
                std::stop_token stop = {});

// The request for a phase of a stage, as predict() plans it.
PlanRequest planRequest(const RunSpec& spec, std::size_t stage, bool frozen, std::int64_t outputs,
                        const DeviceProfile& profile);

// Batches that the loader makes ahead in a stage: three, or as many as the spec's memory.loader_mib holds beside the one in work.
int prefetchOf(const RunSpec& spec, const StageOptions& stage, ComputeKind kind);

}  // namespace panicle
