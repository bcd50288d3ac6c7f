// Layers that drop at random: their masks are functions of a seed set before each step, and of nothing
// global, so that a step can be repeated (by a resumed run, or by gradient checkpointing within the step).
// Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace panicle {

// Every forward pass between two calls of seed() draws the same mask for a given shape.
class RandomMask {
 public:
  virtual ~RandomMask() = default;
  void seed(std::uint64_t seed) { seed_ = seed; }

 protected:
  // 1 / keep with probability `keep`, else 0; of `like`'s type and device.
  at::Tensor draw(const at::Tensor& like, at::IntArrayRef shape, double keep) const;

 private:
  std::uint64_t seed_ = 0;
};

class SeededDropoutImpl : public torch::nn::Cloneable<SeededDropoutImpl>, public RandomMask {
 public:
  explicit SeededDropoutImpl(double probability = 0.5) : probability_(probability) {}
  void reset() override {}
  torch::Tensor forward(torch::Tensor x);

 private:
  double probability_;
};
TORCH_MODULE(SeededDropout);

// timm's DropPath: leaves whole samples of a residual branch out (stochastic depth; Huang et al. 2016), and
// divides the others by the share that stays. In training only; 0 does nothing.
class DropPathImpl : public torch::nn::Cloneable<DropPathImpl>, public RandomMask {
 public:
  explicit DropPathImpl(double probability = 0) : probability_(probability) {}
  void reset() override {}
  torch::Tensor forward(torch::Tensor x);

 private:
  double probability_;
};
TORCH_MODULE(DropPath);

}  // namespace panicle
