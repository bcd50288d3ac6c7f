// Batches of training that do not fit into memory go through in pieces: the step of the optimizer stays the same, up to batch norm.
// Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/loader/loader.h"
#include "core/models/classifier.h"

namespace panicle {

// A batch that was, or is to be, gone back through.
struct GatheredBatch {
  Batch batch;
  std::size_t index = 0;   // in its epoch, from 1
  std::uint64_t epoch = 0;
  std::uint64_t step = 0;  // batches before it
};

// While a step gathers gradients, its batches are kept, and so are the buffers that the model had before them (batch norm's statistics).
// When one of them does not fit, the gradients go, the buffers come back, and all of them are gone through again in twice as many
// pieces. The weights are still those of the last step.
class StepPieces {
 public:
  // The way forward and back of a batch in so many pieces, without a step; returns its mean loss.
  using Backward = std::function<float(const GatheredBatch& batch, int pieces)>;
  static constexpr int kLeastImages = 2;  // in a piece: batch norm compares several

  // `on`: else everything is thrown on.
  StepPieces(std::shared_ptr<Classifier> model, c10::Device device, bool on)
      : model_(std::move(model)), device_(device), on_(on) {}

  bool on() const { return on_; }
  int pieces() const { return pieces_; }
  // Of a stage: its images may have another size.
  void beginStage(int pieces = 1) { pieces_ = pieces; }
  // Gradients that wait for a step are given up elsewhere.
  void forget() { gathered_.clear(); }

  // `clear` takes the gradients away. Throws what `backward` throws when no more pieces can be made.
  float take(const GatheredBatch& batch, const Backward& backward, const std::function<void()>& clear);
  // After take(): whether the gradients went into a step, or the batch is needed until one does.
  void taken(GatheredBatch&& batch, bool stepped);

 private:
  void keepBuffers();
  void restoreBuffers();

  std::shared_ptr<Classifier> model_;
  c10::Device device_;
  bool on_ = false;
  int pieces_ = 1;
  std::vector<GatheredBatch> gathered_;
  std::vector<at::Tensor> buffers_;  // copies, in the model's order
};

}  // namespace panicle
