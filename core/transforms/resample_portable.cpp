// The passes in plain C++, for processors without AVX2 and for what its wide loads cannot read.
#include <algorithm>
#include <vector>

#include "core/transforms/resample_kernels.h"

namespace panicle {
namespace {

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

void horizontal(const std::uint8_t* source, int width, int rows, const Taps& taps, std::uint8_t* out) {
  for (int y = 0; y < rows; ++y, source += 3 * static_cast<std::ptrdiff_t>(width)) {
    for (int x = 0; x < taps.size(); ++x, out += 3) {
      const std::uint8_t* pixel = source + 3 * static_cast<std::ptrdiff_t>(taps.first[x]);
      const std::int32_t* weights = taps.of(x);
      std::int32_t red = kWeightHalf;
      std::int32_t green = kWeightHalf;
      std::int32_t blue = kWeightHalf;
      for (int t = 0; t < taps.count[x]; ++t, pixel += 3) {
        red += pixel[0] * weights[t];
        green += pixel[1] * weights[t];
        blue += pixel[2] * weights[t];
      }
      out[0] = rounded(red);
      out[1] = rounded(green);
      out[2] = rounded(blue);
    }
  }
}

void vertical(const std::uint8_t* source, std::ptrdiff_t stride, int rowBytes, const Taps& taps,
              std::uint8_t* out) {
  std::vector<std::int32_t> sums(rowBytes);
  for (int y = 0; y < taps.size(); ++y, out += rowBytes) {
    std::fill(sums.begin(), sums.end(), kWeightHalf);
    for (int t = 0; t < taps.count[y]; ++t) {
      const std::uint8_t* row = source + (taps.first[y] + t) * stride;
      const std::int32_t weight = taps.of(y)[t];
      for (int x = 0; x < rowBytes; ++x) sums[x] += row[x] * weight;
    }
    std::transform(sums.begin(), sums.end(), out, rounded);
  }
}

}  // namespace

const ResampleKernels kPortableKernels{horizontal, vertical};

}  // namespace panicle
