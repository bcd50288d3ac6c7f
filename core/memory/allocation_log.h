// What a stretch of code allocated and gave back, in order.
#pragma once

#include <cstdint>
#include <vector>

namespace panicle {

// What a tensor is there for; set by whoever lets the code run.
enum class Purpose : std::uint8_t { Weights, Gradients, Optimizer, Copies, Activations, Workspace, Batch };

struct AllocationEvent {
  std::uint32_t block = 0;  // a number of its own for each allocation
  bool freed = false;       // else allocated
  Purpose purpose = Purpose::Workspace;
  std::uint64_t bytes = 0;  // as asked for
};

using AllocationLog = std::vector<AllocationEvent>;

}  // namespace panicle
