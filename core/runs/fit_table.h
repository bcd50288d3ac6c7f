// Which architectures fit at which sizes and micro-batches: what the notebooks find out by trial.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/runs/memory_plan.h"

namespace panicle {

// What a training step took on the profile's device (core/train/step_cost.h).
struct MeasuredStep {
  std::string architecture;  // timm's name
  Size size;                 // that the network got
  double image_seconds = 0;  // of a step, for each image
};

struct FitTableOptions {
  std::vector<std::string> architectures;  // timm's names
  // That the network gets; an architecture that does not take one has a cell there that says so.
  std::vector<Size> sizes;
  std::vector<int> batches{64, 32, 16, 8};  // micro-batches; those above `effective` are left out
  int effective = 64;                       // images a step of the optimizer
  std::uint64_t images = 0;                 // that an epoch trains on; 0: no seconds are told
  std::vector<MeasuredStep> measured;
};

struct FitCell {
  std::string architecture;
  Size size;
  int batch = 0;
  int accum = 1;  // batches a step: effective / batch, rounded up
  std::optional<MemoryParts>
      parts;  // none: `problem` says why (a size that the architecture does not take)
  std::string problem;
  Fit fit = Fit::No;
  // Of an epoch's training steps, where a step of the architecture was measured: at the nearest size, and in
  // proportion to the multiplications at this one. The micro-batch is taken to make no difference.
  std::optional<double> epoch_seconds;
};

// `base` says all else (optimizer, precision, head, fidelity); its first stage's phase that takes most is
// planned. Cells are told as they are found, in the order architecture, size, batch. Throws Cancelled.
void fitTable(const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile,
              const FitTableOptions& options, const std::function<void(const FitCell&)>& onCell,
              std::stop_token stop = {}, const Progress& progress = {});

// The smallest accum (1, 2, 4 ..., as the notebook doubles) with which every stage of `base` fits for
// `effective` images a step; nullopt where not even two images at once do, the least that is trained on.
std::optional<int> smallestAccum(const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile,
                                 int effective, std::stop_token stop = {});

// `base` with every stage's micro-batch effective / accum, as smallestAccum() tries it.
RunSpec withAccum(const RunSpec& base, int effective, int accum);

// Architecture, height, width, batch, accum, predicted_mib, fit, epoch_seconds: with a header line. What is
// not known is empty.
std::string fitTableCsv(const std::vector<FitCell>& cells);

}  // namespace panicle
