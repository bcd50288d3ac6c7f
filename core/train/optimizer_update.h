// One parameter's step of an optimizer as numbers, and as loops over memory for the CPU.
#pragma once

#include <cstdint>

#include "core/train/optimizer_options.h"

namespace panicle {

enum class UpdateForm {
  Plain,     // p = shrink p - rate g
  Momentum,  // m = momentum m + dampening g;  p = shrink p - rate m
  Average,   // likewise, and v = square_momentum v + square_dampening g^2 for steps to come
  Adaptive,  // likewise;  p = shrink p - rate m / (sqrt(square_scale v) + eps)
  Trust,     // likewise, the change of p times rms(shrink p) / rms(m / (sqrt(square_scale v) + eps)
             // average_scale)
};

// Everything rounded once. Gradients are multiplied by gradient_scale before.
struct Update {
  UpdateForm form = UpdateForm::Plain;
  float shrink = 1;
  float momentum = 0;
  float dampening = 1;
  float square_momentum = 0;
  float square_dampening = 0;
  float square_scale = 1;
  float average_scale = 1;  // of Trust; elsewhere in rate
  float eps = 0;
  float rate = 0;
  float gradient_scale = 1;
};

// What changes from step to step.
struct UpdateRates {
  double lr = 0;
  double momentum = 0;
  double wd = 0;          // 0 for a parameter that does not decay
  std::int64_t step = 1;  // of this parameter, this one included
  double divisor = 1;
};

// Whether the optimizer keeps averages of gradients, and of their squares.
bool keepsAverage(const OptimizerOptions& options);
bool keepsSquare(const OptimizerOptions& options);

Update makeUpdate(const OptimizerOptions& options, const UpdateRates& rates);

// Of lamb: from the sums of squares of weights and change to the factor of the change.
inline constexpr double kLargestTrust = 10;
double trustRatio(double weights, double change);

// Parts of a parameter from one place on; m and v are null where the form has none.
struct UpdateSpan {
  float* p = nullptr;
  const float* g = nullptr;
  float* m = nullptr;
  float* v = nullptr;
  std::int64_t count = 0;
};

// All forms but Trust.
void applyUpdate(const UpdateSpan& span, const Update& update);

// Trust in two passes: averages and sums first, and when all spans of the parameter are summed, the step.
struct TrustSums {
  double weights = 0;  // of (shrink p)^2
  double change = 0;   // of (average_scale m / (sqrt(square_scale v) + eps))^2
};
TrustSums applyAverages(const UpdateSpan& span, const Update& update);
void applyTrusted(const UpdateSpan& span, const Update& update, double trust);

}  // namespace panicle
