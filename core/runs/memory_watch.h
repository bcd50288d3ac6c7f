// A run's memory while execute() has it on: its plan is made beside reading the weights, its peaks are measured stage by stage, and
// both are stored. Internal to core.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <string>

#include "core/memory/run_meter.h"
#include "core/runs/memory_plan.h"
#include "core/runs/run_store.h"

namespace panicle {

// Belongs to the run's thread; `tell` is called by it alone.
class MemoryWatch {
 public:
  // All that is given by reference outlives it. `tracking`: of the run's thread.
  MemoryWatch(RunStore& store, const RunSpec& spec, std::string run, DeviceProfile profile, const TensorTracking& tracking,
              std::function<void(const TrainEvent&)> tell);
  ~MemoryWatch();  // gives up a plan that is not made yet
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // Of a run that goes on: what it had trained for, and the batches, when it was left.
  void goOnFrom(double seconds, std::uint64_t step);
  // Begins to plan on a thread of its own: a tenth of a second for the largest networks.
  void plan(std::int64_t outputs);

  void enter(int stage);
  void leave(bool whole);
  void setStep(std::uint64_t step) { meter_.setStep(step); }
  // Tells, and stores, what has come since the last call.
  void report();
  // Likewise at the end of the run, whose last stage may have been left by a failure.
  void finish();

  const DeviceProfile& profile() const { return profile_; }
  MemoryPeak peak() const { return meter_.peak(); }
  MemoryReading read() { return meter_.read(); }
  // Of the network's head; 0 before plan().
  std::int64_t outputs() const { return outputs_; }

 private:
  void keepPlan(bool wait);
  void tellSamples();

  RunStore& store_;
  const RunSpec& spec_;
  std::string run_;
  DeviceProfile profile_;
  std::function<void(const TrainEvent&)> tell_;
  RunMeter meter_;
  double secondsBefore_ = 0;
  std::uint64_t stepsBefore_ = 0;
  std::int64_t outputs_ = 0;
  std::stop_source giveUp_;
  std::future<RunPlan> plan_;
};

// The profile of the device that a run computes on, with the overhead learned from the store's runs where there are any.
DeviceProfile profileOfRun(const RunStore& store, bool cuda);

}  // namespace panicle
