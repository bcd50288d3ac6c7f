// Which architectures fit at which sizes and micro-batches: what the notebooks find out by trial.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/runs/memory_plan.h"

namespace panicle {

struct FitTableOptions {
  std::vector<std::string> architectures;  // timm's names
  std::vector<Size> sizes;  // that the network gets; an architecture that does not take one has no cell there
  std::vector<int> batches{64, 32, 16, 8};  // micro-batches
  int effective = 64;                       // images a step of the optimizer
};

struct FitCell {
  std::string architecture;
  Size size;
  int batch = 0;
  int accum = 1;                     // effective / batch
  std::optional<MemoryParts> parts;  // none: `problem` says why (a size that the architecture does not take)
  std::string problem;
  Fit fit = Fit::No;
  std::optional<double> epoch_seconds;  // where a step was measured
};

// `base` says all else (optimizer, precision, head, fidelity); its first stage's phase that takes most is
// planned. Cells are told as they are found, in the order architecture, size, batch. Throws Cancelled.
void fitTable(const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile,
              const FitTableOptions& options, const std::function<void(const FitCell&)>& onCell,
              std::stop_token stop = {}, const Progress& progress = {});

// The smallest accum (1, 2, 4 ..., as the notebook doubles) with which `base` fits for `effective` images a
// step; nullopt where not even single images do.
std::optional<int> smallestAccum(const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile,
                                 int effective, std::stop_token stop = {});

// Architecture, height, width, batch, accum, predicted_mib, fit, epoch_seconds: with a header line.
std::string fitTableCsv(const std::vector<FitCell>& cells);

}  // namespace panicle
