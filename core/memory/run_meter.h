// The memory of a run while it runs: samples, and the peak of each of its stages. Works without a window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/memory/meter.h"
#include "core/train/events.h"

namespace panicle {

// Belongs to the run's thread; a MemorySampler measures beside it. On the processor tensors are those that `tracking` counts, so runs
// in several threads of a process do not disturb each other; what the process and a card's allocator hold is of all of them.
class RunMeter {
 public:
  // What is measured at first lies outside the stages.
  RunMeter(MeterOf of, const TensorTracking& tracking);
  ~RunMeter();
  RunMeter(const RunMeter&) = delete;
  RunMeter& operator=(const RunMeter&) = delete;

  void enter(int stage);
  // The stage that was entered, if one was: after it, what is measured lies outside again.
  bool inStage() const;
  MemoryMeasured leave(bool whole);
  // Of all that lay outside so far.
  MemoryMeasured outside();

  // Batches that were trained on: the samples from now on tell them.
  void setStep(std::uint64_t step);
  // Those since the last call.
  std::vector<MemorySampled> take();
  // Now, and the peak of all so far.
  MemoryReading read();
  MemoryPeak peak() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle
