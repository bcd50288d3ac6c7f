// How much of a card torch's caching allocator takes for a sequence of allocations: it rounds, keeps what is
// freed for later, and cannot always fit the one into the other.
// Source: c10/cuda/CUDACachingAllocator.cpp (defaults of PYTORCH_CUDA_ALLOC_CONF), by its documented rules.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/memory/allocation_log.h"

namespace panicle {

inline constexpr std::size_t kPurposeCount = static_cast<std::size_t>(Purpose::Batch) + 1;

struct AllocatorPeak {
  std::uint64_t reserved = 0;   // bytes asked of the driver: the highest over the log, which is its end's
  std::uint64_t allocated = 0;  // bytes in blocks, rounded as the allocator rounds them: the highest
  std::size_t event = 0;        // index into the log of the allocation at which `allocated` was first reached
  std::array<std::uint64_t, kPurposeCount> allocated_for{};  // of `allocated`, by Purpose
};

// One stream, and a driver that gives whatever is asked for: the allocator gives nothing back. Releases of
// blocks that the log has not allocated are passed over. Milliseconds for tens of thousands of events.
AllocatorPeak simulateCachingAllocator(const AllocationLog& log);

}  // namespace panicle
