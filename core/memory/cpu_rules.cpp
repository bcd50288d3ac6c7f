// What operators allocate on the CPU where torch's meta kernels do not say it.
#include <ATen/Parallel.h>
#include <ATen/RedispatchFunctions.h>
#include <ATen/native/ConvUtils.h>
#include <torch/types.h>
#include <torch/version.h>

#include <array>
#include <tuple>
#include <vector>

#include "core/memory/storageless_rules.h"

namespace panicle {
namespace {

using Shape = at::IntArrayRef;
using Optional = c10::optional<at::Tensor>;

constexpr c10::DispatchKeySet kKernels(c10::DispatchKey::CPU);

// oneDNN works in the order of memory that image or weights have.
at::MemoryFormat convolutionFormat(const at::Tensor& x, const at::Tensor& weight) {
  const auto isLast = [](const at::Tensor& tensor) {
    return tensor.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  };
  return isLast(x) || isLast(weight) ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const Optional&, Shape padding,
                       Shape stride, Shape dilation, std::int64_t) {
  const auto sizes = at::native::conv_output_size(x.sizes(), weight.sizes(), padding, stride, dilation);
  const at::Tensor result = unset(sizes, x.scalar_type(), convolutionFormat(x, weight));
  const at::Tensor reordered = room(weight.numel(), weight.scalar_type());
  return result;
}

using Gradients = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

bool takesOneDnn(const at::Tensor& x, const at::Tensor& weight, Shape stride, Shape padding, Shape dilation,
                 bool transposed, Shape outputPadding, std::int64_t groups) {
#if TORCH_VERSION_MAJOR >= 2
  const auto symbolic = [](Shape shape) { return c10::fromIntArrayRefSlow(shape); };
  const auto backend =
      at::native::select_conv_backend(x, weight, {}, symbolic(stride), symbolic(padding), symbolic(dilation),
                                      transposed, symbolic(outputPadding), groups, {});
#else
  const auto backend = at::native::select_conv_backend(x, weight, {}, stride, padding, dilation, transposed,
                                                       outputPadding, groups);
#endif
  return backend == at::native::ConvBackend::Mkldnn;
}

Gradients convolutionBackward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight,
                              at::OptionalIntArrayRef bias, Shape stride, Shape padding, Shape dilation,
                              bool transposed, Shape outputPadding, std::int64_t groups,
                              std::array<bool, 3> wanted) {
  if (!takesOneDnn(x, weight, stride, padding, dilation, transposed, outputPadding, groups)) {
    return at::redispatch::convolution_backward(kKernels, gradient, x, weight, bias, stride, padding,
                                                dilation, transposed, outputPadding, groups, wanted);
  }
  const at::MemoryFormat format = convolutionFormat(x, weight);
  const at::Tensor inOrder = x.contiguous(format), weightInOrder = weight.contiguous(format),
                   gradientInOrder = gradient.contiguous(format);
  Gradients result;
  if (wanted[0]) {
    std::get<0>(result) = unset(x.sizes(), x.scalar_type(), format);
    const at::Tensor reordered = room(weight.numel(), weight.scalar_type());
  }
  if (wanted[1] || wanted[2]) {
    // In oneDNN's order, as torch keeps weights, and as these are kept.
    const at::Tensor reordered = room(weight.numel(), weight.scalar_type());
    if (wanted[2]) std::get<2>(result) = unset(*bias, weight.scalar_type());
    const at::Tensor plain = unset(weight.sizes(), weight.scalar_type());
    std::get<1>(result) =
        format == at::MemoryFormat::Contiguous ? plain : unset(weight.sizes(), weight.scalar_type(), format);
  }
  return result;
}

at::ScalarType statisticsType(const at::Tensor& x, const Optional& parameter) {
  return parameter && parameter->defined() ? parameter->scalar_type() : x.scalar_type();
}

Gradients batchNorm(const at::Tensor& x, const Optional& weight, const Optional&, const Optional&,
                    const Optional&, bool training, double, double) {
  const at::ScalarType type = statisticsType(x, weight);
  const std::int64_t channels = x.size(1);
  Gradients result;
  std::get<1>(result) = unset({training ? channels : 0}, type);
  std::get<2>(result) = unset({training ? channels : 0}, type);
  if (training) {
    const at::Tensor means = room(channels, type), squares = room(channels, type);
    const at::Tensor sums = room(at::get_num_threads() * channels, type);
  }
  std::get<0>(result) = unsetLike(x);
  const at::Tensor factors = room(channels, type), terms = room(channels, type);
  return result;
}

Gradients batchNormBackward(const at::Tensor&, const at::Tensor& x, const Optional& weight, const Optional&,
                            const Optional&, const Optional&, const Optional&, bool, double,
                            std::array<bool, 3> wanted) {
  const at::ScalarType type = statisticsType(x, weight);
  const std::int64_t channels = x.size(1);
  Gradients result;
  if (wanted[0]) std::get<0>(result) = unsetLike(x);
  if (wanted[1]) std::get<1>(result) = unset({channels}, type);
  if (wanted[2]) std::get<2>(result) = unset({channels}, type);
  { const at::Tensor another = unsetLike(x); }
  const at::Tensor sums = room(2 * at::get_num_threads() * channels, type);
  return result;
}

std::vector<std::int64_t> rowsOf(const at::Tensor& x, Shape normalized) {
  std::vector<std::int64_t> sizes(x.sizes().begin(), x.sizes().end());
  for (std::size_t i = sizes.size() - normalized.size(); i < sizes.size(); ++i) sizes[i] = 1;
  return sizes;
}

Gradients layerNorm(const at::Tensor& x, Shape normalized, const Optional&, const Optional&, double) {
  const at::Tensor inOrder = x.contiguous();
  const auto rows = rowsOf(x, normalized);
  return {unset(x.sizes(), x.scalar_type()), unset(rows, x.scalar_type()), unset(rows, x.scalar_type())};
}

Gradients layerNormBackward(const at::Tensor& gradient, const at::Tensor& x, Shape, const at::Tensor&,
                            const at::Tensor&, const Optional& weight, const Optional& bias,
                            std::array<bool, 3> wanted) {
  const at::Tensor xInOrder = x.contiguous(), gradientInOrder = gradient.contiguous();
  Gradients result;
  if (wanted[0]) std::get<0>(result) = unset(x.sizes(), x.scalar_type());
  if (wanted[1]) std::get<1>(result) = unsetLike(*weight);
  if (wanted[2]) std::get<2>(result) = unsetLike(*bias);
  return result;
}

at::Tensor averagePool(const at::Tensor& x, Shape size) {
  return unset({x.size(0), x.size(1), size[0], size[1]}, x.scalar_type(), x.suggest_memory_format());
}

at::Tensor averagePoolBackward(const at::Tensor&, const at::Tensor& x) {
  return unset(x.sizes(), x.scalar_type(), x.suggest_memory_format());
}

at::Tensor indexSelect(const at::Tensor& x, std::int64_t dimension, const at::Tensor& index) {
  std::vector<std::int64_t> sizes(x.sizes().begin(), x.sizes().end());
  sizes[static_cast<std::size_t>(c10::maybe_wrap_dim(dimension, x.dim()))] = index.numel();
  return unset(sizes, x.scalar_type());
}

// The fused attention of torch 2, on the CPU (cpu_flash_attention) and, near enough, on cards: it keeps its inputs, its
// result and a number for each row; what a thread works in holds some rows alone. On a card, tensors that say they are
// the CPU's are given to this operator as well.
std::tuple<at::Tensor, at::Tensor> attention(const at::Tensor& q, const at::Tensor&, const at::Tensor& v, double, bool,
                                             const Optional&, c10::optional<double>) {
  const at::Tensor result = unset({q.size(0), q.size(2), q.size(1), v.size(3)}, q.scalar_type());
  return {result.transpose(1, 2), unset({q.size(0), q.size(1), q.size(2)}, at::kFloat)};
}

Gradients attentionBackward(const at::Tensor&, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor&, const at::Tensor&, double, bool, const Optional&, c10::optional<double>) {
  return {unsetLike(q), unsetLike(k), unsetLike(v)};
}

}  // namespace

void addLayerRules(torch::Library& rules) {
  rules.impl("native_batch_norm", batchNorm);
  rules.impl("native_batch_norm_backward", batchNormBackward);
  rules.impl("native_layer_norm", layerNorm);
  rules.impl("native_layer_norm_backward", layerNormBackward);
  rules.impl("_adaptive_avg_pool2d", averagePool);
  rules.impl("_adaptive_avg_pool2d_backward", averagePoolBackward);
  rules.impl("index_select", indexSelect);
  rules.impl("_scaled_dot_product_flash_attention_for_cpu", attention);
  rules.impl("_scaled_dot_product_flash_attention_for_cpu_backward", attentionBackward);
}

void addCpuRules(torch::Library& rules) {
  rules.impl("mkldnn_convolution", convolution);
  rules.impl("convolution_backward", convolutionBackward);
  addLayerRules(rules);
}

}  // namespace panicle
