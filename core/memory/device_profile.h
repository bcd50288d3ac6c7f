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
  // Bytes of the process beside its tensors: context, libraries, their workspaces. An assumption, for the
  // user to change, until a run was measured.
  std::uint64_t overhead = 0;
  bool overhead_measured = false;
  Precision precision = Precision::Fp16;  // what Precision::Auto means there; never Auto
};

// What is assumed of a process with a CUDA context, for every card. Fitted once: with it the largest deviation
// from the memory that eight training runs took on a P100, as its driver told it, is least
// (tests/memory/cuda_plan_test.cpp). LibTorch of today loads fewer kernels: it errs to the safe side.
inline constexpr std::uint64_t kCudaOverhead = std::uint64_t{1980} << 20;
// Likewise of one without: libraries, what decodes photos, what the system's allocator keeps. Batches that wait for the
// network are planned for beside it (MemoryParts::loader).
inline constexpr std::uint64_t kCpuOverhead = std::uint64_t{512} << 20;

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
