#include "core/memory/meter.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <sstream>

#include "core/memory/nvml.h"

#ifdef PANICLE_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace panicle {
namespace {

// The value of "Name:   123 kB" in a /proc file, in bytes; 0 when it is not there.
std::uint64_t procField(const char* file, std::string_view name) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    std::istringstream value(line.substr(name.size() + 1));
    std::uint64_t kib = 0;
    value >> kib;
    return kib * 1024;
  }
  return 0;
}

MemoryReading readCpu() {
  MemoryReading reading;
  reading.device = "CPU";
  reading.total = procField("/proc/meminfo", "MemTotal");
  reading.available = procField("/proc/meminfo", "MemAvailable");
  reading.used_by_process = procField("/proc/self/status", "VmRSS");
  reading.process_peak = procField("/proc/self/status", "VmHWM");
  const std::uint64_t taken = reading.total - std::min(reading.total, reading.available);
  reading.used_by_others = taken - std::min(taken, reading.used_by_process);
  reading.tensors = reading.reserved = liveTensorBytes();
  reading.tensors_peak = reading.reserved_peak = peakTensorBytes();
  return reading;
}

#ifdef PANICLE_CUDA
std::string pciAddress(const cudaDeviceProp& properties) {
  char text[32];
  std::snprintf(text, sizeof text, "%08x:%02x:%02x.0", properties.pciDomainID, properties.pciBusID, properties.pciDeviceID);
  return text;
}

// torch's statistics of its caching allocator exist once the allocator has been used on the device.
void addAllocatorStatistics(int device, MemoryReading& reading) {
  try {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(device));
    reading.tensors = static_cast<std::uint64_t>(stats.allocated_bytes[0].current);
    reading.tensors_peak = static_cast<std::uint64_t>(stats.allocated_bytes[0].peak);
    reading.reserved = static_cast<std::uint64_t>(stats.reserved_bytes[0].current);
    reading.reserved_peak = static_cast<std::uint64_t>(stats.reserved_bytes[0].peak);
  } catch (const c10::Error&) {
    // Not used yet: nothing is allocated.
  }
}
#endif

}  // namespace

struct MemoryMeter::Impl {
  explicit Impl(MeterOf of) : of(of) {}

  const MeterOf of;
  std::mutex mutex;
  std::unique_ptr<Nvml> nvml = Nvml::open();
  std::uint64_t peak = 0;

#ifdef PANICLE_CUDA
  bool hasCuda() const { return of == MeterOf::Device && nvml && at::cuda::device_count() > 0; }

  bool readCuda(MemoryReading& reading) {
    if (!hasCuda()) return false;
    const cudaDeviceProp* properties = at::cuda::getDeviceProperties(0);
    const auto memory = nvml->read(pciAddress(*properties));
    if (!memory) return false;
    reading.cuda = true;
    reading.device = properties->name;
    reading.total = memory->total;
    reading.available = memory->free;
    addAllocatorStatistics(0, reading);
    // Some drivers (containers, MIG) hide processes: then the allocator's share is the least that is ours.
    reading.used_by_process = std::max(memory->used_by_process, reading.reserved);
    reading.used_by_others = memory->used - std::min(memory->used, reading.used_by_process);
    peak = std::max(peak, reading.used_by_process);
    reading.process_peak = peak;
    return true;
  }
#endif
};

#ifdef PANICLE_CUDA
CardBudget::CardBudget(int device, std::uint64_t bytes) : device_(device), set_(bytes > 0) {
  if (!set_) return;
  const auto total = static_cast<double>(at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device))->totalGlobalMem);
  c10::cuda::CUDACachingAllocator::setMemoryFraction(std::min(1.0, static_cast<double>(bytes) / total), static_cast<c10::DeviceIndex>(device));
}

CardBudget::~CardBudget() {
  if (set_) c10::cuda::CUDACachingAllocator::setMemoryFraction(1.0, static_cast<c10::DeviceIndex>(device_));
}
#else
CardBudget::CardBudget(int, std::uint64_t) {}

CardBudget::~CardBudget() = default;
#endif

MemoryMeter::MemoryMeter(MeterOf of) : impl_(std::make_unique<Impl>(of)) {}

MemoryMeter::~MemoryMeter() = default;

MemoryReading MemoryMeter::read() {
  const std::lock_guard lock(impl_->mutex);
#ifdef PANICLE_CUDA
  MemoryReading reading;
  if (impl_->readCuda(reading)) return reading;
#endif
  MemoryReading processor = readCpu();
  impl_->peak = processor.process_peak = std::max(impl_->peak, processor.process_peak);
  return processor;
}

void MemoryMeter::resetPeaks() {
  const std::lock_guard lock(impl_->mutex);
  impl_->peak = 0;
#ifdef PANICLE_CUDA
  if (impl_->hasCuda()) {
    try {
      c10::cuda::CUDACachingAllocator::resetPeakStats(0);
    } catch (const c10::Error&) {
      // Not used yet: there is no peak.
    }
  }
#endif
  std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM begins at VmRSS again; where it may not, it stays too high
}

std::vector<ProcessMemory> MemoryMeter::processes(std::size_t most) {
#ifdef PANICLE_CUDA
  std::lock_guard lock(impl_->mutex);
  if (impl_->hasCuda()) {
    std::vector<ProcessMemory> found = impl_->nvml->processes(pciAddress(*at::cuda::getDeviceProperties(0)));
    keepLargest(found, most);
    return found;
  }
#endif
  return machineProcesses(most);
}

}  // namespace panicle
