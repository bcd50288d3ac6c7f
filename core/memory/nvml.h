// NVIDIA's management library, opened at run time so that Panicle needs no driver to start.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/memory/processes.h"

namespace panicle {

struct DeviceMemory {
  std::uint64_t total = 0;
  std::uint64_t used = 0;             // by all processes and the driver
  std::uint64_t free = 0;
  std::uint64_t used_by_process = 0;  // by this one, its CUDA context included; 0 where the driver does not tell
};

class Nvml {
 public:
  // nullptr where there is no libnvidia-ml.so.1 or it does not start.
  static std::unique_ptr<Nvml> open();
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  // Of the device at this PCI address ("00000000:65:00.0"); nullopt when the driver does not answer.
  std::optional<DeviceMemory> read(const std::string& pciAddress) const;

  // Those that compute on it, in the driver's order. Empty where the driver hides them, as in containers.
  std::vector<ProcessMemory> processes(const std::string& pciAddress) const;

 private:
  Nvml() = default;
  struct Functions;
  std::unique_ptr<Functions> functions_;
};

}  // namespace panicle
