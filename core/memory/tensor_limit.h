// The bound that a TensorTracking sets, for the allocator. Internal to core.
#pragma once

#include <cstddef>

namespace panicle {

// Throws c10::OutOfMemoryError when the calling thread's tensors would go above their limit with so many
// bytes more.
void refuseAboveLimit(std::size_t bytes);

}  // namespace panicle
