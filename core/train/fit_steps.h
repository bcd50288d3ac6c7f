// The steps of a fit, whatever its batches are made of: the schedule's rates, and what the user and the callbacks make of them.
// Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "core/train/control.h"
#include "core/train/gradient_step.h"
#include "core/train/optimizer.h"
#include "core/train/schedule.h"

namespace panicle {

struct StepReport {
  float loss = 0;           // the batch's mean; not finite: the fit must end
  double smooth_loss = 0;   // fastai's AvgSmoothLoss
  StepRates rates;          // its momentum is set
  bool stepped = false, skipped = false;  // as GradientStep::Result
};

// By default the schedule moves on with every step of the optimizer, so that an accumulated epoch has the rates of one with big batches; as fastai does,
// with every batch.
class FitSteps {
 public:
  FitSteps(std::vector<OptimizedParameter> parameters, const OptimizerOptions& optimizer, const GradientOptions& gradients);

  // `batches` of an epoch. Gradients that an earlier fit left behind go, smoothing starts anew.
  void beginFit(const FitPhase& phase, const BatchOptions& batch, std::size_t batches);
  void beginEpoch(int epoch);  // of the fit, from 0

  // One batch: `loss` is the mean over its `images`.
  StepReport take(const at::Tensor& loss, std::size_t images, bool lastOfEpoch);
  // The same of a batch in parts: backward() for each, `part` being its share of the batch's images, then close() with the batch's mean loss.
  // forget(): what went back since the last step will go back once more.
  void backward(const at::Tensor& loss, std::size_t images, double part) { gradients_.backward(loss, images, part); }
  StepReport close(float loss, std::size_t images, bool lastOfEpoch);
  void forget() { gradients_.forget(); }
  // A batch that cannot be trained on.
  void pass(bool lastOfEpoch);

  // From the next step to the end of the run.
  void change(const RateChange& change);
  // From the next step to the end of the fit: rates are divided by `factor` once more, but not below `least`. With Fidelity::Fastai
  // only those of a constant rate.
  void reduce(double factor, double least);

  double smoothLoss() const { return smooth_.value(); }
  std::size_t stepsPerEpoch() const { return stepsPerEpoch_; }
  // For a checkpoint, where no gradients wait. Numbers are under "optimizer" and "steps". load() takes what outlives a fit, goOn() after
  // beginFit() what does not.
  bool settled() const { return gradients_.settled(); }
  void save(TrainerState& state) const;
  void load(const TrainerState& state, const StoredTensors& tensors);
  void goOn(const Json& steps);

  Optimizer& optimizer() { return optimizer_; }
  GradientStep& gradients() { return gradients_; }

 private:
  StepRates rates() const;
  void moveOn(bool due);

  Optimizer optimizer_;
  GradientStep gradients_;
  bool byBatch_ = false;  // the schedule moves on with every batch
  FitPhase phase_;
  std::optional<PositionCounter> position_;
  std::size_t stepsPerEpoch_ = 0;
  SmoothLoss smooth_;
  double userScale_ = 1;
  double reduction_ = 1;  // by callbacks
  double leastRate_ = 0;
};

}  // namespace panicle
