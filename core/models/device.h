// Where tensors live and compute, chosen at run time. Internal to core (includes torch).
#pragma once

#include <ATen/core/Generator.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <string>

namespace panicle {

// "auto" (CUDA where this LibTorch and this machine have it, else the CPU), "cpu", "cuda:0", ... Throws Error
// that says what there is.
c10::Device chooseDevice(const std::string& name);

// "CPU, 2 threads" or "cuda:0 NVIDIA H200".
std::string describeDevice(c10::Device device);

// Sets the threads that the calling thread's tensor operations take; 0: all cores. Debian's torch starts with
// one. Returns the number set.
int setComputeThreads(int threads);

// The number that the calling thread computes with; where none was set in this process yet, the number that a
// run takes: all cores.
int computeThreads();

// While one lives, memory that tensors free on the CPU stays with the process for the next ones: glibc else
// hands it back to the system and asks for it again in every training step, which takes a tenth of its time.
// What is free then goes back with the object.
class KeptMemory {
 public:
  KeptMemory();
  ~KeptMemory();
  KeptMemory(const KeptMemory&) = delete;
  KeptMemory& operator=(const KeptMemory&) = delete;
};

// Gives back to a card what torch's allocator keeps of it beside live tensors; nothing on a processor.
void releaseKept(c10::Device device);

// A generator of the device, seeded.
at::Generator makeGenerator(c10::Device device, std::uint64_t seed);

// Whether torch failed for want of memory, of the device or of the machine.
bool isOutOfMemory(const c10::Error& error);

}  // namespace panicle
