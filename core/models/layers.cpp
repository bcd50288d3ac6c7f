#include "core/models/layers.h"

#include <torch/nn/functional/activation.h>
#include <torch/version.h>

#include <cmath>

#define PANICLE_FUSED_ATTENTION \
  (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1))

namespace panicle {
namespace {

thread_local int withoutMemory = 0;

}  // namespace

WithoutMemory::WithoutMemory() {
  ++withoutMemory;
}
WithoutMemory::~WithoutMemory() {
  --withoutMemory;
}
bool WithoutMemory::active() {
  return withoutMemory > 0;
}

torch::Tensor unsetParameter(at::IntArrayRef shape) {
  return torch::empty(shape,
                      torch::TensorOptions().device(WithoutMemory::active() ? torch::kMeta : torch::kCPU));
}

LinearImpl::LinearImpl(std::int64_t in, std::int64_t out, bool withBias) {
  weight = register_parameter("weight", unsetParameter({out, in}));
  if (withBias) bias = register_parameter("bias", unsetParameter({out}));
}

torch::Tensor LinearImpl::forward(const torch::Tensor& x) {
  return at::linear(x, weight, bias);
}

Conv2dImpl::Conv2dImpl(const Conv2dShape& shape) : shape_(shape) {
  weight = register_parameter(
      "weight", unsetParameter({shape.out, shape.in / shape.groups, shape.kernel, shape.kernel}));
  if (shape.bias) bias = register_parameter("bias", unsetParameter({shape.out}));
}

torch::Tensor Conv2dImpl::forward(const torch::Tensor& x) {
  return at::conv2d(x, weight, bias, {shape_.stride, shape_.stride}, {shape_.padding, shape_.padding}, {1, 1},
                    shape_.groups);
}

LayerNormImpl::LayerNormImpl(std::int64_t features, double eps) : eps_(eps) {
  weight = register_parameter("weight", unsetParameter({features}));
  bias = register_parameter("bias", unsetParameter({features}));
}

torch::Tensor LayerNormImpl::forward(const torch::Tensor& x) {
  return at::layer_norm(x.to(weight.scalar_type()), weight.sizes(), weight, bias, eps_);
}

MlpImpl::MlpImpl(std::int64_t features, std::int64_t hidden)
    : fc1_(register_module("fc1", Linear(features, hidden))),
      fc2_(register_module("fc2", Linear(hidden, features))) {}

torch::Tensor MlpImpl::forward(const torch::Tensor& x) {
  return fc2_->forward(at::gelu(fc1_->forward(x)));
}

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& bias, double scale) {
#if PANICLE_FUSED_ATTENTION
  std::optional<torch::Tensor> mask;
  if (bias.defined()) mask = bias.to(q.scalar_type());
  return at::scaled_dot_product_attention(q, k, v, mask, /*dropout_p=*/0, /*is_causal=*/false, scale);
#else
  torch::Tensor weights = at::matmul(q * scale, k.transpose(-2, -1));
  if (bias.defined()) weights = weights + bias.to(weights.scalar_type());  // bf16 stays bf16
  return at::matmul(weights.softmax(-1), v);
#endif
}

void truncatedNormal(torch::Tensor parameter, double std, at::Generator generator) {
  parameter.normal_(0, std, std::move(generator));
}

double dropPathRate(double rate, std::int64_t index, std::int64_t count) {
  return count < 2 ? 0 : rate * static_cast<double>(index) / static_cast<double>(count - 1);
}

}  // namespace panicle
