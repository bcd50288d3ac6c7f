// Copies of a model's weights and buffers. Internal to core (includes torch).
#pragma once

#include <vector>

#include "core/models/classifier.h"

namespace panicle {

// What a model holds at one moment, on its own device, and the way back to it, bit for bit.
class ModelCopy {
 public:
  explicit ModelCopy(const Classifier& model);
  void take();           // anew
  void restore() const;  // into the model
  StateDict kept() const;  // the copy's own tensors, under the model's names

 private:
  StateDict live_;
  std::vector<torch::Tensor> kept_;
};

// An exponential moving average of all weights and floating-point buffers. Source: timm.utils.ModelEmaV2.
class WeightAverage {
 public:
  WeightAverage(const Classifier& model, double decay);
  void update();  // after each step
  void restart(); // from the model as it is
  // Exchanges the model's values for the average's; a second time puts them back. No memory is copied.
  void swap();
  StateDict average() const;  // its own tensors, under the model's names; between two swaps the model's

 private:
  double decay_;
  StateDict live_;
  std::vector<torch::Tensor> average_;
};

}  // namespace panicle
