// What operators allocate on CUDA where that differs from the meta kernels and from the CPU.
//
// Not known here, and so a part of DeviceProfile::overhead: the room that cuDNN and cuBLAS take for the
// algorithm that they choose on the card.
#include <torch/types.h>

#include <array>
#include <tuple>
#include <vector>

#include "core/memory/cuda_autocast.h"
#include "core/memory/storageless_rules.h"

namespace panicle {
namespace {

using Shape = at::IntArrayRef;

// cuDNN works in the order of memory that image or weights have.
at::MemoryFormat cudnnFormat(const at::Tensor& x, const at::Tensor& weight) {
  const auto isLast = [](const at::Tensor& tensor) {
    return tensor.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  };
  return isLast(x) || isLast(weight) ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

std::vector<std::int64_t> convolvedSizes(const at::Tensor& x, const at::Tensor& weight, Shape stride,
                                         Shape padding, Shape dilation) {
  std::vector<std::int64_t> sizes{x.size(0), weight.size(0)};
  for (std::size_t i = 0; i + 2 < static_cast<std::size_t>(x.dim()); ++i) {
    const auto side = static_cast<std::int64_t>(i) + 2;
    const auto of = [i](Shape shape) { return shape.size() == 1 ? shape[0] : shape[i]; };  // one for all
    const std::int64_t reach = of(dilation) * (weight.size(side) - 1) + 1;
    sizes.push_back((x.size(side) + 2 * of(padding) - reach) / of(stride) + 1);
  }
  return sizes;
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>&,
                       Shape stride, Shape padding, Shape dilation, bool, Shape, std::int64_t) {
  const at::MemoryFormat format = cudnnFormat(x, weight);
  const at::Tensor inOrder = x.contiguous(format), weightInOrder = weight.contiguous(format);
  return unset(convolvedSizes(x, weight, stride, padding, dilation), x.scalar_type(), format);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolutionBackward(
    const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, at::OptionalIntArrayRef bias,
    Shape, Shape, Shape, bool, Shape, std::int64_t, std::array<bool, 3> wanted) {
  const at::MemoryFormat format = cudnnFormat(x, weight);
  const at::Tensor inOrder = gradient.contiguous(format), xInOrder = x.contiguous(format),
                   weightInOrder = weight.contiguous(format);
  std::tuple<at::Tensor, at::Tensor, at::Tensor> result;
  if (wanted[0]) std::get<0>(result) = unset(x.sizes(), x.scalar_type(), format);
  if (wanted[1]) std::get<1>(result) = unset(weight.sizes(), weight.scalar_type(), format);
  if (wanted[2]) std::get<2>(result) = unset(*bias, weight.scalar_type());
  return result;
}

at::Tensor gridSampler(const at::Tensor& images, const at::Tensor& grid, std::int64_t, std::int64_t, bool) {
  return unset({images.size(0), images.size(1), grid.size(1), grid.size(2)}, images.scalar_type());
}

}  // namespace

void addCudaRules(torch::Library& rules) {
  installPlannedAutocast();
  addLayerRules(rules);
  rules.impl("convolution", convolution);
  rules.impl("convolution_backward", convolutionBackward);
  rules.impl("grid_sampler_2d", gridSampler);
}

}  // namespace panicle
