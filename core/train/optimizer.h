// fastai's optimizers. Internal to core (includes torch).
// Source: fastai.optimizer (Optimizer, SGD, RAdam, Adam, Lamb, Lookahead, ranger and their steppers).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/train/optimizer_options.h"

namespace panicle {

// What the schedule sets at each step; one learning rate per group.
struct StepRates {
  std::vector<double> lr;
  // nullopt: what the optimizer was last told, at first OptimizerOptions::momentum().
  std::optional<double> momentum;
};

struct OptimizedParameter {
  at::Tensor tensor;
  std::size_t group = 0;
  bool decay = true;  // false for norms and biases; OptimizerOptions::wd_bn_bias overrules it
};

struct TrainerState;
class StoredTensors;

struct OptimizerMode {
  // fastai's defect (Fidelity::Fastai): zeroGrad() fills gradients with zeros instead of removing them, and a
  // parameter that has one is stepped whether it learns or not, so that weights frozen after they have learnt
  // still decay.
  bool frozen_decay = false;
  bool multi_tensor = false;  // the way of other devices on the CPU too
};

// A step, for each parameter that learns (requires_grad) and has a gradient g; the others are left alone:
//   p *= 1 - lr wd                       decoupled; not for norms and biases
//   m = mom m + (1 - mom) g,  v = sqr_mom v + (1 - sqr_mom) g^2,  t += 1
//   M = m / (1 - mom^t),  V = v / (1 - sqr_mom^t)                    with the momentum of this step
// and then
//   adam    p -= lr M / (sqrt(V) + eps)
//   sgd     p -= lr g; with OptimizerOptions::momentum() above 0 instead m = mom m + g, p -= lr m.
//           A schedule's momentum has no effect without that
//   radam   with R = 2 / (1 - sqr_mom) - 1 and r = R - 2 t sqr_mom^t / (1 - sqr_mom^t): up to r = 5
//           p -= lr M, beyond as adam times sqrt((r - 4)(r - 2) R / ((R - 4)(R - 2) r))
//   ranger  as radam; every 6th step the weights go back half of the way to where they were 6 steps ago
//   lamb    as adam times rms(p) / rms(adam's change / lr), at most 10; 1 where either is 0
// On the CPU each parameter is updated in one pass over memory (lamb: two) by all threads; elsewhere with
// torch's multi-tensor operations.
class Optimizer {
 public:
  Optimizer(std::vector<OptimizedParameter> parameters, OptimizerOptions options, OptimizerMode mode = {});
  ~Optimizer();

  // Gradients are taken divided by `divisor`.
  void step(const StepRates& rates, double divisor = 1);
  void zeroGrad();
  // Forgets averages and step counts, as fastai does on freeze and unfreeze; not momentum and weight decay.
  void clearState();

  double momentum() const;         // that the next step takes where no schedule sets it
  void setWeightDecay(double wd);  // from the next step on
  double weightDecay() const;

  // Euclidean norm of the gradients that the next step takes, divided by `divisor`; scales them down to
  // `max_norm` where it is above (fastai's GradientClip). One that is not finite is returned, and the
  // gradients are left as they are.
  double clipGradients(double max_norm, double divisor = 1);

  // A deep copy of all state (not of weights and gradients), and back; for a parameter list of the same
  // order.
  struct State;
  std::shared_ptr<const State> saveState() const;
  void restoreState(const State& state);

  // The same for a checkpoint: adds the live tensors, and numbers under "optimizer". Gradients must be as zeroGrad() leaves them.
  void save(TrainerState& state) const;
  void load(const TrainerState& state, const StoredTensors& tensors);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle
