// fastai's Adam: decoupled weight decay, then the bias-corrected step. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/train/train_options.h"

namespace panicle {

// What the schedule sets at each step; one learning rate per group.
struct StepRates {
  std::vector<double> lr;
  double momentum = 0.9;
};

struct OptimizedParameter {
  at::Tensor tensor;
  std::size_t group = 0;
  bool decay = true;
};

// Source: fastai.optimizer (weight_decay, average_grad with dampening, average_sqr_grad, step_stat, adam_step), in this order for
// each parameter that learns and has a gradient:
//   p *= 1 - lr wd;  m = mom m + (1 - mom) g;  v = sqr_mom v + (1 - sqr_mom) g^2;  t += 1
//   p -= lr / (1 - mom^t) m / (sqrt(v / (1 - sqr_mom^t)) + eps)        with the current, scheduled mom
// On the CPU each parameter is updated in one pass over memory; elsewhere with torch's multi-tensor operations.
// Parameters that do not learn (requires_grad off) are left alone, decay included; fastai lets frozen weights decay after an unfreeze.
class Adam {
 public:
  Adam(std::vector<OptimizedParameter> parameters, OptimizerOptions options);

  // Gradients are taken divided by `divisor`.
  void step(const StepRates& rates, double divisor = 1);
  void zeroGrad();
  // Forgets the averages and step counts, as fastai does on freeze and unfreeze.
  void clearState();

 private:
  struct State {
    at::Tensor average;
    at::Tensor square;
    std::int64_t steps = 0;
  };

  void stepCpu(std::size_t index, const StepRates& rates, double divisor);
  void stepForeach(const std::vector<std::size_t>& indices, const StepRates& rates, double divisor);

  std::vector<OptimizedParameter> parameters_;
  std::vector<State> states_;
  OptimizerOptions options_;
};

}  // namespace panicle
