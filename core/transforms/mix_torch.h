// MixUp and CutMix on tensors. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include "core/transforms/mix.h"

namespace panicle {

// (B, 3, H, W), normalised; a new tensor. The draw is of B images.
at::Tensor applyMix(const at::Tensor& images, const MixDraw& draw);

}  // namespace panicle
