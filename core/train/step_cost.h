// What a training step of a network costs on this machine, measured: for tests/bench/step_bench and the
// Models page's "Measure here".
#pragma once

#include <stop_token>
#include <string>

#include "core/base/progress.h"
#include "core/base/size.h"
#include "core/models/model_options.h"
#include "core/models/precision.h"

namespace panicle {

struct StepCostOptions {
  ModelOptions model;  // weights are not loaded: they do not change the cost
  int classes = 10;
  Size size{224, 224};
  int batch = 8;
  std::string device = "auto";  // as RunSpec::device
  Precision precision = Precision::Auto;
  int threads = 0;     // that the network computes with; 0: all cores
  int steps = 5;       // timed; two more come first, which pay for caches and memory
  bool update = true;  // whether a step ends with the optimizer's; false: forward, loss and backward alone
  bool channels_last = true;  // false: as PyTorch keeps tensors
};

struct StepCost {
  double seconds = 0;            // a step, the median
  double fastest = 0;            // likewise, the least
  double images_per_second = 0;  // of the median
  double gflops =
      0;  // billions of additions and multiplications in a second: 3 passes x 2 x Architecture::multiply_adds
  Precision precision = Precision::Fp32;  // never Auto
  std::string device;                     // as describeDevice()
};

// Builds the network with fresh weights and trains it on one batch of noise. `progress` counts steps. Throws
// Cancelled within one step of a stop, OutOfMemory where the memory does not do, and Error for an unknown
// architecture or a size that it does not take. Leaves the calling thread's compute threads at
// `options.threads`.
StepCost measureStep(const StepCostOptions& options, std::stop_token stop = {},
                     const Progress& progress = {});

// Billions of additions and multiplications in a second that a product of two square matrices reaches (n =
// 1536, best of several): the limit that no training step comes near to exceeding.
double measureMatrixProduct(Precision precision, int threads = 0);

}  // namespace panicle
