// What the families are built from: layers whose parameters are allocated but not drawn (torch's own modules
// draw them in their constructors, only to be overwritten), and which run under bf16 autocast. Internal to
// core (includes torch).
#pragma once

#include <torch/nn/cloneable.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <functional>

#include "core/models/random_mask.h"

namespace panicle {

// While one lives, layers of this thread are built without memory (on torch's meta device): for a network's
// names and shapes alone.
class WithoutMemory {
 public:
  WithoutMemory();
  ~WithoutMemory();
  WithoutMemory(const WithoutMemory&) = delete;
  WithoutMemory& operator=(const WithoutMemory&) = delete;
  static bool active();
};

// An unset float32 parameter, honouring WithoutMemory.
torch::Tensor unsetParameter(at::IntArrayRef shape);

class LinearImpl : public torch::nn::Cloneable<LinearImpl> {
 public:
  LinearImpl(std::int64_t in, std::int64_t out, bool bias = true);
  void reset() override {}
  torch::Tensor forward(const torch::Tensor& x);
  torch::Tensor weight, bias;  // (out, in), (out); bias undefined without one
};
TORCH_MODULE(Linear);

struct Conv2dShape {
  std::int64_t in, out, kernel;
  std::int64_t stride = 1, padding = 0, groups = 1;
  bool bias = true;
};

class Conv2dImpl : public torch::nn::Cloneable<Conv2dImpl> {
 public:
  explicit Conv2dImpl(const Conv2dShape& shape);
  void reset() override {}
  torch::Tensor forward(const torch::Tensor& x);
  torch::Tensor weight, bias;  // (out, in / groups, kernel, kernel), (out)

 private:
  Conv2dShape shape_;
};
TORCH_MODULE(Conv2d);

// Over the last dimension. Computes in float32 whatever autocast made of its input.
class LayerNormImpl : public torch::nn::Cloneable<LayerNormImpl> {
 public:
  LayerNormImpl(std::int64_t features, double eps);
  void reset() override {}
  torch::Tensor forward(const torch::Tensor& x);
  torch::Tensor weight, bias;

 private:
  double eps_;
};
TORCH_MODULE(LayerNorm);

// timm's Mlp: fc1, exact (erf) GELU, fc2.
class MlpImpl : public torch::nn::Cloneable<MlpImpl> {
 public:
  MlpImpl(std::int64_t features, std::int64_t hidden);
  void reset() override {}
  torch::Tensor forward(const torch::Tensor& x);

 private:
  Linear fc1_, fc2_;
};
TORCH_MODULE(Mlp);

// softmax(q k^T scale + bias) v. q, k, v: (..., heads, tokens, width); bias: broadcastable to (..., heads,
// tokens, tokens), or undefined. Fused where the LibTorch has scaled_dot_product_attention (2.0 and newer).
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& bias, double scale);

// timm's trunc_normal_(std=.02), whose bounds of +-2 lie 100 deviations off: a normal.
void truncatedNormal(torch::Tensor parameter, double std, at::Generator generator);

// The drop rate of block `index` of `count`: linspace(0, rate, count)[index].
double dropPathRate(double rate, std::int64_t index, std::int64_t count);

// run(x), keeping x alone for the way back, where `run` is computed a second time (torch.utils.checkpoint;
// Chen et al. 2016). Random masks are the same both times, and the running statistics of batch norms move
// once. `owner` has the parameters that `run` uses.
torch::Tensor checkpointed(torch::nn::Module& owner,
                           const std::function<torch::Tensor(const torch::Tensor&)>& run,
                           const torch::Tensor& x);

// Through `blocks` one after the other, each checkpointed when `checkpointing` (in training; else there is no
// way back).
torch::Tensor forwardBlocks(torch::nn::Sequential& blocks, torch::Tensor x, bool checkpointing);

}  // namespace panicle
