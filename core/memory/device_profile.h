// The memory that a run is planned for: this machine's, or a card that is somewhere else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/models/precision.h"

namespace panicle {

enum class ComputeKind { Cpu, Cuda };

struct DeviceProfile {
  std::string name;  // "Kaggle P100", "This machine: NVIDIA H200"; unique
  ComputeKind kind = ComputeKind::Cuda;
  std::uint64_t total =
      0;  // bytes; what cards of this kind report to a driver's tool, not what is printed on the box
  std::uint64_t overhead = 0;  // bytes of the process beside its tensors: context, libraries, their
                               // workspaces. An assumption, until a run was measured
  bool overhead_measured = false;
  Precision precision = Precision::Fp16;  // what Precision::Auto means there; never Auto
};

// The share of a profile's memory above which a run that fits is called tight, and above which it does not
// fit any more.
constexpr double kTightShare = 0.80;
constexpr double kFullShare = 0.95;

enum class Fit { Fits, Tight, No };
const char* words(Fit fit);  // "fits", "tight", "no"

// `peak` with the overhead, both in bytes; `others`: what other processes hold now.
Fit judge(const DeviceProfile& profile, std::uint64_t peak, std::uint64_t others = 0);

// This machine's device first ("auto" of RunSpec::device), then its processor where that is another, then
// Kaggle's P100 and T4, and cards of 8, 12, 24, 40 and 80 GB.
std::vector<DeviceProfile> deviceProfiles();

// A card of the user's own.
DeviceProfile ownProfile(std::uint64_t totalBytes);

}  // namespace panicle
