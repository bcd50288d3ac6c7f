// ConvNeXt's depthwise convolution, 7 x 7 with padding 3. Internal to core (includes torch).
#pragma once

#include <torch/types.h>

namespace panicle {

constexpr std::int64_t kDepthwiseSide = 7;

// What at::conv2d gives with padding 3 and as many groups as channels; x: (B, C, H, W), weight: (C, 1, 7, 7),
// bias: (C). On the CPU the gradients of weight and bias are computed here, in float32 also for bf16 images:
// oneDNN (2.6) takes its kernel for any number of groups for that of the weight, which does
// most of its work for nothing and took half of ConvNeXt's training time. They do not depend on the number of
// threads.
torch::Tensor depthwiseConv(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);

}  // namespace panicle
