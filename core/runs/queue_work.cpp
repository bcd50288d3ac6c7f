// What the queue asks of torch: which devices there are; and the work itself.
#include <ATen/Context.h>

#include "core/base/error.h"
#include "core/models/device.h"
#include "core/runs/queue.h"

#ifdef PANICLE_CUDA
#include <ATen/cuda/CUDAContext.h>
#endif

namespace panicle {

std::string laneOf(const std::string& device) {
  return chooseDevice(device).str();
}

std::vector<std::string> lanes() {
  std::vector<std::string> all{"cpu"};
#ifdef PANICLE_CUDA
  if (at::globalContext().hasCUDA()) {
    for (int i = 0; i < at::cuda::device_count(); ++i) all.push_back("cuda:" + std::to_string(i));
  }
#endif
  return all;
}

namespace {

// Whether a run came of the entry before, and was left before its end.
bool goesOn(const RunStore& store, const std::string& run) {
  if (run.empty()) return false;
  try {
    const RunRecord record = store.get(run);
    const bool left = record.status == RunStatus::Stopped || record.status == RunStatus::Interrupted || record.status == RunStatus::Failed;
    return left && record.trashed.empty();
  } catch (const Error&) {
    return false;  // it was removed for ever
  }
}

}  // namespace

RunOutcome workOn(RunStore& store, const QueueEntry& entry, TrainControl& control, const TrainObserver& observer) {
  if (goesOn(store, entry.run)) return resume(store, entry.run, control, observer);
  return execute(store, entry.spec, control, observer);
}

}  // namespace panicle
