#include "core/memory/device_profile.h"

#include <unistd.h>

#include <stdexcept>

#include "core/memory/meter.h"

namespace panicle {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

DeviceProfile card(const std::string& name, std::uint64_t mib, Precision precision) {
  return {.name = name, .total = mib * kMiB, .overhead = kCudaOverhead, .precision = precision};
}

std::uint64_t machineMemory() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Runs of resnet18 and convnext_tiny with batches of 16 photos of 128 x 128 took 260 and 350 MiB beside their tensors and
// batches (Debian 12, two cores): the assumption leaves room. A workspace's own runs replace it (core/runs/planner_error.h).
DeviceProfile processor() {
  return {.name = "This machine: processor",
          .kind = ComputeKind::Cpu,
          .total = machineMemory(),
          .overhead = kCpuOverhead,
          .precision = resolvePrecision(Precision::Auto, "cpu")};
}

}  // namespace

const char* words(Fit fit) {
  switch (fit) {
    case Fit::Fits: return "fits";
    case Fit::Tight: return "tight";
    case Fit::No: return "no";
  }
  throw std::invalid_argument("words: no such fit");
}

Fit judge(const DeviceProfile& profile, std::uint64_t peak, std::uint64_t others) {
  const double taken = static_cast<double>(peak) + static_cast<double>(others);
  const auto total = static_cast<double>(profile.total);
  if (taken > kFullShare * total) return Fit::No;
  return taken > kTightShare * total ? Fit::Tight : Fit::Fits;
}

std::vector<DeviceProfile> deviceProfiles() {
  std::vector<DeviceProfile> profiles;
  if (const MemoryReading here = MemoryMeter().read(); here.cuda) {
    profiles.push_back(card("This machine: " + here.device, here.total / kMiB,
                            resolvePrecision(Precision::Auto, "cuda:0")));
  }
  profiles.push_back(processor());
  // As nvidia-smi shows them. Of cards that are sold by a round number the least that is: 8188 MiB has a card
  // of 8 GB, 81559 MiB one of 80 GB; those of today multiply bf16, Kaggle's do not.
  profiles.push_back(card("Kaggle P100", 16'280, Precision::Fp32));
  profiles.push_back(card("Kaggle T4", 15'109, Precision::Fp32));
  profiles.push_back(card("Card of 8 GB", 8'188, Precision::Bf16));
  profiles.push_back(card("Card of 12 GB", 12'282, Precision::Bf16));
  profiles.push_back(card("Card of 24 GB", 24'564, Precision::Bf16));
  profiles.push_back(card("Card of 40 GB", 40'536, Precision::Bf16));
  profiles.push_back(card("Card of 80 GB", 81'559, Precision::Bf16));
  return profiles;
}

DeviceProfile ownProfile(std::uint64_t totalBytes) {
  DeviceProfile profile = card("Own card", 0, Precision::Bf16);
  profile.total = totalBytes;
  return profile;
}

}  // namespace panicle
