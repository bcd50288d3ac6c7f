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
};

// Thread-safe. The torch statistics are those of this process.
class MemoryMeter {
 public:
  MemoryMeter();
  ~MemoryMeter();
  MemoryReading read();
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

// While it lives, what the calling thread's tensors allocate and free on the CPU is counted (c10's memory reporting hook).
class TensorTracking {
 public:
  TensorTracking();
  ~TensorTracking();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle
