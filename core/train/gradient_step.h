// From the losses of batches to steps of the optimizer: gradients are gathered, scaled, clipped, applied. Internal to core (includes torch).
// Source: fastai.callback.training.GradientAccumulation and GradientClip, fastai.callback.fp16.MixedPrecision.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <optional>

#include "core/loader/loader.h"
#include "core/train/fidelity.h"
#include "core/train/loss_scaler.h"
#include "core/train/optimizer.h"

namespace panicle {

struct GradientOptions {
  Fidelity fidelity = Fidelity::Default;
  std::optional<double> clip;  // the largest norm of all gradients together
  bool scaled = false;         // float16: by a LossScaler, and steps whose gradients are not finite are left out
};

// A step's gradient is that of the mean loss over its images. By default a step is due once the effective batch has gone through, and at the end
// of an epoch. Fidelity::Fastai: see fidelity.h.
class GradientStep {
 public:
  struct Result {
    float loss = 0;        // the batch's mean
    bool stepped = false;  // the weights have changed
    bool skipped = false;  // they would have, but the gradients were not finite
    bool due() const { return stepped || skipped; }
  };

  GradientStep(Optimizer& optimizer, GradientOptions options) : optimizer_(optimizer), options_(options) {}

  void beginFit(const BatchOptions& batch);

  // Batches from one step to the next, of `size` images each.
  std::size_t batchesPerStep() const;

  // The way back of `loss`, the mean over the images that are `part` of a batch of `images`.
  void backward(const at::Tensor& loss, std::size_t images, double part = 1);
  // All parts of the batch have gone back, and `loss` is its mean; `rates` are those of a step that becomes due. Where the loss is not a finite
  // number nothing is stepped, and the gradients are spoilt.
  Result close(float loss, std::size_t images, const StepRates& rates, bool lastOfEpoch);
  // Both, of a batch in one part.
  Result add(const at::Tensor& loss, std::size_t images, const StepRates& rates, bool lastOfEpoch);
  // The gradients since the last step go: their batches will go back once more.
  void forget() { optimizer_.zeroGrad(); }

  // The end of an epoch whose last batch could not be trained on: what was gathered is applied.
  Result flush(const StepRates& rates);

  // No gradients are waiting, neither of this fit nor of the one before: the training can go on from here in another process.
  bool settled() const { return settled_; }
  Json state() const;
  void setState(const Json& state);  // after beginFit()

 private:
  void step(const StepRates& rates, Result& result);
  bool exact() const { return options_.fidelity == Fidelity::Fastai; }

  Optimizer& optimizer_;
  GradientOptions options_;
  std::optional<LossScaler> scaler_;  // a new one for each fit
  bool gathers_ = false;
  std::size_t size_ = 1, effective_ = 1;  // images
  std::size_t gathered_ = 0;              // images whose gradients wait for the next step
  bool settled_ = true;
};

}  // namespace panicle
