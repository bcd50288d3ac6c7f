#include "core/models/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <mutex>
#include <thread>

#include "core/base/error.h"

#ifdef __GLIBC__  // <atomic> and the like define it
#include <malloc.h>
#endif
#ifdef PANICLE_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace panicle {
namespace {

std::atomic<bool> threadsSet = false;

int allCores() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

c10::Device chooseDevice(const std::string& name) {
  const bool cuda = at::globalContext().hasCUDA();
  if (name == "auto") return cuda ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (name == "cpu") return c10::Device(c10::kCPU);
  if (!name.starts_with("cuda")) throw Error("unknown device '" + name + "'; use auto, cpu or cuda:0");
  if (!cuda)
    throw Error("device '" + name +
                "' is not there: this LibTorch or this machine has no CUDA; use auto or cpu");
  try {
    const c10::Device device(name);
    const int index = device.has_index() ? device.index() : 0;
#ifdef PANICLE_CUDA
    const int count = at::cuda::device_count();
    if (index >= count)
      throw Error("device '" + name + "' is not there: this machine has " + std::to_string(count) +
                  " CUDA device(s)");
#endif
    return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
  } catch (const c10::Error&) {
    throw Error("'" + name + "' is not a device; write cuda:0");
  }
}

std::string describeDevice(c10::Device device) {
#ifdef PANICLE_CUDA
  if (device.is_cuda()) return device.str() + " " + at::cuda::getDeviceProperties(device.index())->name;
#endif
  if (device.is_cuda()) return device.str();
  const int threads = computeThreads();
  return "CPU, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

int setComputeThreads(int threads) {
  if (threads <= 0) threads = allCores();
  threadsSet = true;
  at::set_num_threads(threads);
  // OpenMP's setting is one of each thread: this hands it to the calling one also when another thread has set
  // it before.
  at::init_num_threads();
  return threads;
}

int computeThreads() {
  return threadsSet ? at::get_num_threads() : allCores();
}

bool isOutOfMemory(const c10::Error& error) {
  const std::string what = error.what_without_backtrace();
  return what.find("out of memory") != std::string::npos ||
         what.find("can't allocate memory") != std::string::npos;
}

#ifdef __GLIBC__
namespace {

// The thresholds that glibc goes up to with use by itself; it stops moving them once they are set.
constexpr int kMmapThreshold = 32 << 20;
constexpr int kTrimThreshold = 2 * kMmapThreshold;

}  // namespace

KeptMemory::KeptMemory() {
  if (!::mallopt(M_MMAP_THRESHOLD, INT_MAX))
    ::mallopt(M_MMAP_THRESHOLD, kMmapThreshold);  // what glibc before 2.35 takes at most
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

KeptMemory::~KeptMemory() {
  ::mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
  ::mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
  ::malloc_trim(0);
}
#else
KeptMemory::KeptMemory() = default;
KeptMemory::~KeptMemory() = default;
#endif

void releaseKept([[maybe_unused]] c10::Device device) {
#ifdef PANICLE_CUDA
  if (device.is_cuda()) c10::cuda::CUDACachingAllocator::emptyCache();
#endif
}

at::Generator makeGenerator(c10::Device device, std::uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(device).clone();
  std::lock_guard lock(generator.mutex());
  generator.set_current_seed(seed);
  return generator;
}

}  // namespace panicle
