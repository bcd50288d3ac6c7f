#include "core/runs/memory_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/log.h"
#include "core/runs/planner_error.h"

namespace panicle {

MemoryWatch::MemoryWatch(RunStore& store, const RunSpec& spec, std::string run, DeviceProfile profile, const TensorTracking& tracking,
                         std::function<void(const TrainEvent&)> tell)
    : store_(store),
      spec_(spec),
      run_(std::move(run)),
      profile_(std::move(profile)),
      tell_(std::move(tell)),
      meter_(profile_.kind == ComputeKind::Cuda ? MeterOf::Device : MeterOf::Processor, tracking) {}

MemoryWatch::~MemoryWatch() {
  giveUp_.request_stop();
}

void MemoryWatch::plan(std::int64_t outputs) {
  outputs_ = outputs;
  plan_ = std::async(std::launch::async, [spec = spec_, outputs, profile = profile_, stop = giveUp_.get_token()] {
    return predict(spec, outputs, profile, stop);
  });
}

void MemoryWatch::enter(int stage) {
  meter_.enter(stage);
}

void MemoryWatch::leave(bool whole) {
  if (meter_.inStage()) tell_(meter_.leave(whole));
}

void MemoryWatch::goOnFrom(double seconds, std::uint64_t step) {
  secondsBefore_ = seconds;
  stepsBefore_ = step;
}

void MemoryWatch::tellSamples() {
  for (MemorySampled sample : meter_.take()) {
    sample.seconds += secondsBefore_;
    sample.step = std::max(sample.step, stepsBefore_);
    tell_(sample);
  }
}

void MemoryWatch::report() {
  tellSamples();
  keepPlan(false);
}

void MemoryWatch::finish() {
  leave(false);
  tell_(meter_.outside());
  tellSamples();
  keepPlan(true);
}

void MemoryWatch::keepPlan(bool wait) {
  if (!plan_.valid()) return;
  if (!wait && plan_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  try {
    store_.keepPlan(run_, profile_, plan_.get());
  } catch (const std::exception& error) {
    // A run does not need its plan.
    spdlog::warn("The memory of run {} could not be planned: {}", run_, error.what());
  }
}

DeviceProfile profileOfRun(const RunStore& store, bool cuda) {
  std::vector<DeviceProfile> profiles = deviceProfiles();
  const ComputeKind kind = cuda ? ComputeKind::Cuda : ComputeKind::Cpu;
  DeviceProfile profile = *std::ranges::find(profiles, kind, &DeviceProfile::kind);
  learnOverhead(profile, store.measuredRuns());
  return profile;
}

}  // namespace panicle
