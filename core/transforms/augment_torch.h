// The batch stage on the device that computes the network: what augment() does for one image on the CPU, for
// a whole batch with torch. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "core/transforms/augment.h"

namespace panicle {

// `items`: uint8 [N, H, W, 3], on any device. Returns float32 [N, 3, h, w] of augmentedSize() on the same
// device, with channels-last strides, normalised. `draws` has N elements; for AugEngine::Fastai all have one
// `crop` and one `coordinate_range`. Agrees with augment() within 1/255 of the range of a channel's values.
// Throws std::invalid_argument for items or draws of another shape.
at::Tensor augmentBatch(const at::Tensor& items, const AugOptions& options, std::span<const AugDraw> draws,
                        const Normalization& normalization);

// /255, (x - mean) / std alone: no batch transform.
at::Tensor normalizeBatch(const at::Tensor& items, const Normalization& normalization);

}  // namespace panicle
