// The batch as a card makes it from the loader's photos. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "core/memory/planner.h"

namespace panicle {

// Photos of `request.item` with every random transform that its augment has, as batchTensor()
// (core/loader/batch_tensor.h) does it for `device`: (size, 3, H, W) float32 of request.image. Their pixels
// are of no account.
at::Tensor augmentedBatch(const PlanRequest& request, c10::Device device);

}  // namespace panicle
