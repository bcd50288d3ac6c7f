// How much of a card torch's caching allocator takes for a sequence of allocations: it rounds, keeps what is
// freed for later, and cannot always fit the one into the other. Source: c10/cuda/CUDACachingAllocator.cpp
// (defaults of PYTORCH_CUDA_ALLOC_CONF), by its documented rules.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/memory/allocation_log.h"

namespace panicle {

struct AllocatorPeak {
  std::size_t event = 0;        // index of the allocation at which `reserved` was first reached
  std::uint64_t allocated = 0;  // bytes in blocks then, rounded as the allocator rounds them
  std::uint64_t reserved = 0;   // bytes asked of the driver then: the highest over the log
};

AllocatorPeak simulateCachingAllocator(const AllocationLog& log);

}  // namespace panicle
