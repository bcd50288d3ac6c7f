// The vertical pass of resample_kernels.h on x86-64, for the processor of the including file, which has
// defined PANICLE_TARGET and `Register`: a vector register and the instructions on it.
//
// A 22-bit weight is split into two 11-bit halves, so that one instruction multiplies pairs of 16-bit numbers
// and adds each pair; the halves' sums are joined at the end. All additions wrap around modulo 2^32 and the
// whole sum fits, so the result is exact.
#pragma once

#include <vector>

#include "core/transforms/resample_kernels.h"
#include "core/transforms/weight_halves.h"

namespace panicle {
namespace {

struct RowPair {
  const std::uint8_t* first;
  const std::uint8_t* second;
  std::int32_t low;
  std::int32_t high;
};

// A register full of bytes of the result, from byte `x` of the rows on.
PANICLE_TARGET void weightedRows(const std::vector<RowPair>& pairs, int x, std::uint8_t* out) {
  using Type = Register::Type;
  const Type zero = Register::all(0);
  Type low[4] = {zero, zero, zero, zero};
  Type high[4] = {zero, zero, zero, zero};
  for (const RowPair& pair : pairs) {
    const Type a = Register::load(pair.first + x);
    const Type b = Register::load(pair.second + x);
    const Type front = Register::lowBytes(a, b);
    const Type back = Register::highBytes(a, b);
    const Type values[4] = {Register::lowBytes(front, zero), Register::highBytes(front, zero),
                            Register::lowBytes(back, zero), Register::highBytes(back, zero)};
    const Type lowWeights = Register::all(pair.low);
    const Type highWeights = Register::all(pair.high);
    for (int k = 0; k < 4; ++k) {
      low[k] = Register::add(low[k], Register::multiplyPairs(values[k], lowWeights));
      high[k] = Register::add(high[k], Register::multiplyPairs(values[k], highWeights));
    }
  }
  const Type half = Register::all(kWeightHalf);
  for (int k = 0; k < 4; ++k) {
    const Type sum = Register::add(Register::shiftLeft(high[k], kHalfBits), low[k]);
    low[k] = Register::shiftRight(Register::add(sum, half), kWeightBits);
  }
  Register::store(out + x,
                  Register::toBytes(Register::toWords(low[0], low[1]), Register::toWords(low[2], low[3])));
}

PANICLE_TARGET void vertical(const std::uint8_t* source, std::ptrdiff_t stride, int rowBytes,
                             const Taps& taps, std::uint8_t* out) {
  constexpr int kBlock = sizeof(Register::Type);
  if (rowBytes < kBlock) {
    kPortableKernels.vertical(source, stride, rowBytes, taps, out);
    return;
  }
  std::vector<RowPair> pairs;
  for (int y = 0; y < taps.size(); ++y, out += rowBytes) {
    pairs.clear();
    const std::int32_t* weights = taps.of(y);
    for (int t = 0; t < taps.count[y]; t += 2) {
      const bool hasSecond = t + 1 < taps.count[y];
      const std::uint8_t* row = source + (taps.first[y] + t) * stride;
      const std::int32_t second = hasSecond ? weights[t + 1] : 0;
      pairs.push_back(
          {row, hasSecond ? row + stride : row, lowPair(weights[t], second), highPair(weights[t], second)});
    }
    int x = 0;
    for (; x + kBlock <= rowBytes; x += kBlock) weightedRows(pairs, x, out);
    if (x < rowBytes)
      weightedRows(pairs, rowBytes - kBlock, out);  // overlaps what is there, with the same bytes
  }
}

}  // namespace
}  // namespace panicle
