#include "core/memory/nvml.h"

#include <dlfcn.h>
#include <unistd.h>

#include <vector>

namespace panicle {
namespace {

// The parts of nvml.h that are used here; its ABI is stable, which is why the symbols carry version suffixes.
using Device = void*;
constexpr int kSuccess = 0;
constexpr int kInsufficientSize = 7;

struct Memory {
  unsigned long long total, free, used;
};

struct ProcessInfo {  // of nvmlDeviceGetComputeRunningProcesses_v2 and _v3
  unsigned pid;
  unsigned long long usedGpuMemory;
  unsigned gpuInstanceId, computeInstanceId;
};

constexpr unsigned long long kNotAvailable = ~0ull;

}  // namespace

struct Nvml::Functions {
  void* library = nullptr;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*handleByPci)(const char*, Device*) = nullptr;
  int (*memoryInfo)(Device, Memory*) = nullptr;
  int (*processes)(Device, unsigned*, ProcessInfo*) = nullptr;  // may be absent in old drivers

  template <typename F>
  bool load(F& function, const char* name) {
    function = reinterpret_cast<F>(::dlsym(library, name));
    return function != nullptr;
  }
};

std::unique_ptr<Nvml> Nvml::open() {
  auto functions = std::make_unique<Functions>();
  Functions& f = *functions;
  f.library = ::dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (f.library == nullptr) return nullptr;
  const bool complete = f.load(f.init, "nvmlInit_v2") && f.load(f.shutdown, "nvmlShutdown") &&
                        f.load(f.handleByPci, "nvmlDeviceGetHandleByPciBusId_v2") && f.load(f.memoryInfo, "nvmlDeviceGetMemoryInfo");
  if (!complete || f.init() != kSuccess) {
    ::dlclose(f.library);
    return nullptr;
  }
  if (!f.load(f.processes, "nvmlDeviceGetComputeRunningProcesses_v3")) f.load(f.processes, "nvmlDeviceGetComputeRunningProcesses_v2");
  std::unique_ptr<Nvml> nvml(new Nvml);
  nvml->functions_ = std::move(functions);
  return nvml;
}

Nvml::~Nvml() {
  if (!functions_) return;
  functions_->shutdown();
  ::dlclose(functions_->library);
}

std::optional<DeviceMemory> Nvml::read(const std::string& pciAddress) const {
  Device device = nullptr;
  Memory memory{};
  if (functions_->handleByPci(pciAddress.c_str(), &device) != kSuccess) return std::nullopt;
  if (functions_->memoryInfo(device, &memory) != kSuccess) return std::nullopt;
  DeviceMemory result{memory.total, memory.used, memory.free, 0};
  if (functions_->processes == nullptr) return result;

  std::vector<ProcessInfo> processes(64);
  auto count = static_cast<unsigned>(processes.size());
  int status = functions_->processes(device, &count, processes.data());
  if (status == kInsufficientSize) {
    processes.resize(count + 16);
    count = static_cast<unsigned>(processes.size());
    status = functions_->processes(device, &count, processes.data());
  }
  if (status != kSuccess) return result;
  for (unsigned i = 0; i < count; ++i) {
    if (processes[i].pid == static_cast<unsigned>(::getpid()) && processes[i].usedGpuMemory != kNotAvailable) {
      result.used_by_process = processes[i].usedGpuMemory;
    }
  }
  return result;
}

}  // namespace panicle
