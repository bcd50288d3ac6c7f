// What memory is in use now: of the device with CUDA, of the process without. Cheap enough for 4 Hz.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/memory/processes.h"

namespace panicle {

struct MemoryReading {
  bool cuda = false;
  std::string device;                  // "NVIDIA ..." or "CPU"
  std::uint64_t total = 0;             // of the device; on the CPU of the machine
  std::uint64_t used_by_process = 0;   // CUDA: as the driver counts it; CPU: resident set
  std::uint64_t used_by_others = 0;    // CUDA: other processes on the device; CPU: the rest of what is not available
  std::uint64_t available = 0;         // CUDA: free; CPU: available to new work (MemAvailable)
  std::uint64_t tensors = 0;           // bytes in live tensors (CUDA: the allocator's allocated)
  std::uint64_t reserved = 0;          // CUDA: held by the allocator; CPU: equal to tensors
  std::uint64_t process_peak = 0;      // highest used_by_process that the meter or the system saw
  std::uint64_t tensors_peak = 0;
  std::uint64_t reserved_peak = 0;     // as reserved
};

// Device: a card where this LibTorch and this machine have one, else the processor.
enum class MeterOf { Device, Processor };

// Thread-safe. The torch statistics are those of this process.
class MemoryMeter {
 public:
  explicit MemoryMeter(MeterOf of = MeterOf::Device);
  ~MemoryMeter();
  MemoryReading read();
  // What the system, and on a card its allocator, remember as the highest begins anew, for every meter; those
  // of the process itself keep what they have seen.
  void resetPeaks();
  // Who holds the memory that read() tells of: largest first, at most so many, this process always among them
  // where it holds any. Takes some milliseconds.
  std::vector<ProcessMemory> processes(std::size_t most);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Bytes in live CPU tensors made on threads that track (TensorTracking), over the whole process.
std::uint64_t liveTensorBytes();
std::uint64_t peakTensorBytes();
void resetPeakTensorBytes();

// While it lives, torch's allocator takes no more than so many bytes of a card; 0: all that there is.
class CardBudget {
 public:
  CardBudget(int device, std::uint64_t bytes);
  ~CardBudget();
  CardBudget(const CardBudget&) = delete;
  CardBudget& operator=(const CardBudget&) = delete;

 private:
  [[maybe_unused]] int device_ = 0;
  [[maybe_unused]] bool set_ = false;
};

// While it lives, what the calling thread's tensors allocate and free on the CPU is counted (c10's memory reporting hook), over the
// process as above and by itself.
class TensorTracking {
 public:
  // `limit`: bytes above which a tensor is refused as if the machine had no more memory (isOutOfMemory() of
  // core/models/device.h knows the error); 0: none. It is the innermost one of a thread that counts and limits.
  explicit TensorTracking(std::uint64_t limit = 0);
  ~TensorTracking();
  TensorTracking(const TensorTracking&) = delete;
  TensorTracking& operator=(const TensorTracking&) = delete;

  // May be called by any thread. Below 0 never: tensors from before that are freed while it lives do not count.
  std::uint64_t live() const;
  std::uint64_t peak() const;
  void resetPeak() const;  // to what is live

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle
