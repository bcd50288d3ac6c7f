// The steps of a run on one batch, as core/train takes them and in the Trainer's order. Internal to core
// (includes torch).
#pragma once

#include <c10/core/Device.h>

#include <stop_token>

#include "core/memory/allocation_log.h"
#include "core/memory/planner.h"

namespace panicle {

// On tensors without memory: what two steps of the optimizer and a batch of validation allocate, from the
// making of the model on. Gradients and the optimizer's state bear their purposes.
AllocationLog rehearse(const PlanRequest& request, std::stop_token stop);

// The same for real on a device. Returns the most bytes that its tensors had: on the CPU those of the calling
// thread, with CUDA what the allocator held.
std::uint64_t performForReal(const PlanRequest& request, c10::Device device, std::stop_token stop);

}  // namespace panicle
