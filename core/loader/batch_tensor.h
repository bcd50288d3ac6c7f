// From a loader's batch to the network's input. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include "core/loader/loader.h"

namespace panicle {

// float32 [count, 3, height, width] with channels-last strides on `device`, normalised. A batch of
// BatchStage::Loader on the CPU shares its memory, which must outlive the tensor; one of BatchStage::Device
// goes through the batch transforms of `pipeline`, the loader's own, on `device`.
at::Tensor batchTensor(const Batch& batch, const Pipeline& pipeline, c10::Device device);

}  // namespace panicle
