// A 22-bit weight as two 11-bit halves, for instructions that multiply 16-bit numbers.
#pragma once

#include <cstdint>

namespace panicle {

inline constexpr int kHalfBits = 11;
inline constexpr std::int32_t kLowMask = (1 << kHalfBits) - 1;

// Two weights' low (or high) halves as one 32-bit number, the first in the lower 16 bits.
constexpr std::int32_t lowPair(std::int32_t a, std::int32_t b) {
  return (a & kLowMask) | (b & kLowMask) << 16;
}
constexpr std::int32_t highPair(std::int32_t a, std::int32_t b) {
  return (a >> kHalfBits) | (b >> kHalfBits) << 16;
}

}  // namespace panicle
