#include "core/train/step_pieces.h"

#include <torch/types.h>

#include <utility>

#include "core/models/pieces.h"

namespace panicle {

float StepPieces::take(const GatheredBatch& batch, const Backward& backward, const std::function<void()>& clear) {
  if (!on_) return backward(batch, pieces_);
  if (gathered_.empty()) keepBuffers();
  float loss = 0;
  if (fitsInMemory(device_, [&] { loss = backward(batch, pieces_); })) return loss;
  const auto again = [&] {
    clear();
    restoreBuffers();
    for (const GatheredBatch& earlier : gathered_) backward(earlier, pieces_);
    loss = backward(batch, pieces_);
  };
  while (batch.batch.count / (2 * pieces_) >= kLeastImages) {
    pieces_ *= 2;
    if (fitsInMemory(device_, again)) return loss;
  }
  again();  // throws, unless memory has come free meanwhile
  return loss;
}

void StepPieces::taken(GatheredBatch&& batch, bool stepped) {
  if (stepped) {
    gathered_.clear();
  } else if (on_) {
    gathered_.push_back(std::move(batch));
  }
}

void StepPieces::keepBuffers() {
  const torch::NoGradGuard noGrad;
  const auto current = model_->buffers();
  if (buffers_.size() != current.size()) {
    buffers_.clear();
    for (const torch::Tensor& buffer : current) buffers_.push_back(buffer.clone());
    return;
  }
  for (std::size_t i = 0; i < current.size(); ++i) buffers_[i].copy_(current[i]);
}

void StepPieces::restoreBuffers() {
  const torch::NoGradGuard noGrad;
  const auto current = model_->buffers();
  for (std::size_t i = 0; i < current.size(); ++i) current[i].copy_(buffers_[i]);
}

}  // namespace panicle
