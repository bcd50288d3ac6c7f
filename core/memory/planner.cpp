#include "core/memory/planner.h"

#include <c10/util/Exception.h>

#include <array>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/memory/caching_allocator.h"
#include "core/memory/meter.h"
#include "core/memory/rehearsal.h"
#include "core/models/device.h"

namespace panicle {
namespace {

using Held = std::array<std::uint64_t, kPurposeCount>;  // bytes by purpose

MemoryParts partsOf(const Held& held) {
  const auto of = [&held](Purpose purpose) { return held[static_cast<std::size_t>(purpose)]; };
  return {.weights = of(Purpose::Weights),
          .gradients = of(Purpose::Gradients),
          .optimizer = of(Purpose::Optimizer),
          .copies = of(Purpose::Copies),
          .activations = of(Purpose::Activations),
          .workspace = of(Purpose::Workspace),
          .batch = of(Purpose::Batch)};
}

// Where tensors are freed as soon as they go: what is held when it is most.
MemoryParts highestOf(const AllocationLog& log) {
  std::vector<Purpose> purposes;  // by block
  Held held{}, atPeak{};
  std::uint64_t now = 0, most = 0;
  for (const AllocationEvent& event : log) {
    if (event.freed) {
      held[static_cast<std::size_t>(purposes[event.block])] -= event.bytes;
      now -= event.bytes;
      continue;
    }
    purposes.resize(event.block + 1);
    purposes[event.block] = event.purpose;
    held[static_cast<std::size_t>(event.purpose)] += event.bytes;
    now += event.bytes;
    if (now <= most) continue;
    most = now;
    atPeak = held;
  }
  return partsOf(atPeak);
}

MemoryParts highestWithAllocator(const AllocationLog& log) {
  const AllocatorPeak peak = simulateCachingAllocator(log);
  MemoryParts parts = partsOf(peak.allocated_for);
  parts.cached = peak.reserved - peak.allocated;
  return parts;
}

// Runs `work`; what torch complains of becomes an Error of ours.
template <typename Work>
auto translated(const PlanRequest& request, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    const std::string what = request.model.arch + ", batch " + std::to_string(request.batch.size) +
                             ", size " + toString(request.image);
    if (isOutOfMemory(error))
      throw OutOfMemory("out of memory with " + what + "; take a smaller batch or smaller images");
    throw Error("the memory of a step cannot be planned (" + what + "): " + error.what_without_backtrace());
  }
}

}  // namespace

std::span<const MemoryPart> memoryParts() {
  static constexpr std::array kParts{
      MemoryPart{"weights", &MemoryParts::weights, "weights and buffers"},
      MemoryPart{"gradients", &MemoryParts::gradients, "of the weights that learn"},
      MemoryPart{"optimizer", &MemoryParts::optimizer, "averages that it keeps"},
      MemoryPart{"copies", &MemoryParts::copies, "of the model: moving average, best so far"},
      MemoryPart{"activations", &MemoryParts::activations, "kept for the way back"},
      MemoryPart{"workspace", &MemoryParts::workspace, "of the operation that runs at the peak"},
      MemoryPart{"batch", &MemoryParts::batch, "photos and targets"},
      MemoryPart{"cached", &MemoryParts::cached, "held by the allocator beyond that"},
      MemoryPart{"loader", &MemoryParts::loader, "batches that wait or are being made"},
      MemoryPart{"overhead", &MemoryParts::overhead, "of the process beside its tensors"}};
  return kParts;
}

MemoryParts planStep(const PlanRequest& request, std::stop_token stop) {
  const AllocationLog log = translated(request, [&] { return rehearse(request, std::move(stop)); });
  return request.kind == ComputeKind::Cpu ? highestOf(log) : highestWithAllocator(log);
}

std::uint64_t measurePlan(const PlanRequest& request, std::stop_token stop) {
  const c10::Device device = chooseDevice(request.kind == ComputeKind::Cpu ? "cpu" : "cuda");
  return translated(request, [&] { return performForReal(request, device, std::move(stop)); });
}

}  // namespace panicle
