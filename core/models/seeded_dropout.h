// Dropout whose mask comes from a generator of its own, so that a training step is a function of its seed and of nothing global.
// Internal to core (includes torch).
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace panicle {

class SeededDropoutImpl : public torch::nn::Cloneable<SeededDropoutImpl> {
 public:
  explicit SeededDropoutImpl(double probability = 0.5) : probability_(probability) {}
  void reset() override {}
  torch::Tensor forward(torch::Tensor x);
  void seed(std::uint64_t seed, torch::Device device);

 private:
  double probability_;
  at::Generator generator_;
};
TORCH_MODULE(SeededDropout);

}  // namespace panicle
