#include "core/train/gradient_step.h"

#include <torch/types.h>

#include <cmath>
#include <limits>

namespace panicle {

void GradientStep::beginFit(const BatchOptions& batch) {
  size_ = static_cast<std::size_t>(batch.size);
  effective_ = static_cast<std::size_t>(batch.effectiveSize());
  // fastai's callback scales the loss even where a batch alone is enough for a step.
  gathers_ = exact() ? batch.effective.has_value() || batch.accum > 1 : effective_ > size_;
  gathered_ = 0;
  if (options_.scaled) scaler_.emplace();
  if (exact()) return;
  optimizer_.zeroGrad();
  settled_ = true;
}

std::size_t GradientStep::batchesPerStep() const {
  return gathers_ ? (effective_ + size_ - 1) / size_ : 1;
}

void GradientStep::backward(const at::Tensor& loss, std::size_t images, double part) {
  const double share = (gathers_ ? static_cast<double>(images) / static_cast<double>(effective_) : 1) * part;
  const double factor = scaler_ ? share * scaler_->scale() : share;
  settled_ = false;
  (factor == 1 ? loss : loss * factor).backward();
}

GradientStep::Result GradientStep::add(const at::Tensor& loss, std::size_t images, const StepRates& rates, bool lastOfEpoch) {
  backward(loss, images);
  return close(loss.item<float>(), images, rates, lastOfEpoch);
}

GradientStep::Result GradientStep::close(float loss, std::size_t images, const StepRates& rates, bool lastOfEpoch) {
  Result result{.loss = loss};
  if (!std::isfinite(result.loss)) return result;
  gathered_ += images;
  const bool full = !gathers_ || gathered_ >= effective_;
  if (full || (lastOfEpoch && !exact())) step(rates, result);
  return result;
}

GradientStep::Result GradientStep::flush(const StepRates& rates) {
  Result result;
  if (gathered_ > 0 && !exact()) step(rates, result);
  return result;
}

void GradientStep::step(const StepRates& rates, Result& result) {
  // The losses were weighted as parts of a full effective batch; fastai leaves it at that.
  const double images = gathers_ && !exact() ? static_cast<double>(gathered_) / static_cast<double>(effective_) : 1;
  const double divisor = scaler_ ? images * scaler_->scale() : images;
  bool finite = true;
  if (options_.clip || scaler_) {
    const double norm = optimizer_.clipGradients(options_.clip.value_or(std::numeric_limits<double>::infinity()), divisor);
    finite = !scaler_ || std::isfinite(norm);
  }
  if (finite) optimizer_.step(rates, divisor);
  if (scaler_) scaler_->update(finite);
  optimizer_.zeroGrad();
  gathered_ = 0;
  settled_ = true;
  (finite ? result.stepped : result.skipped) = true;
}

Json GradientStep::state() const {
  return {{"scaler", scaler_ ? scaler_->state() : Json(nullptr)}};
}

void GradientStep::setState(const Json& state) {
  if (const Json& scaler = state.at("scaler"); scaler_ && !scaler.is_null()) scaler_->setState(scaler);
}

}  // namespace panicle
