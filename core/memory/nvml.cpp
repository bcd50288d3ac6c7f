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

  // Without the names.
  std::vector<ProcessMemory> list(Device device) const;
};

std::vector<ProcessMemory> Nvml::Functions::list(Device device) const {
  if (processes == nullptr) return {};
  std::vector<ProcessInfo> infos(64);
  auto count = static_cast<unsigned>(infos.size());
  int status = processes(device, &count, infos.data());
  if (status == kInsufficientSize) {
    infos.resize(count + 16);
    count = static_cast<unsigned>(infos.size());
    status = processes(device, &count, infos.data());
  }
  if (status != kSuccess) return {};
  std::vector<ProcessMemory> found;
  for (unsigned i = 0; i < count; ++i) {
    const ProcessInfo& info = infos[i];
    if (info.usedGpuMemory == kNotAvailable) continue;
    found.push_back({static_cast<std::int64_t>(info.pid), {}, info.usedGpuMemory,
                     info.pid == static_cast<unsigned>(::getpid())});
  }
  return found;
}

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
  for (const ProcessMemory& process : functions_->list(device)) {
    if (process.own) result.used_by_process = process.bytes;
  }
  return result;
}

std::vector<ProcessMemory> Nvml::processes(const std::string& pciAddress) const {
  Device device = nullptr;
  if (functions_->handleByPci(pciAddress.c_str(), &device) != kSuccess) return {};
  std::vector<ProcessMemory> found = functions_->list(device);
  for (ProcessMemory& process : found) process.name = processName(process.pid);
  return found;
}

}  // namespace panicle
