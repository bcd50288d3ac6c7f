// Pillow's antialiased bilinear resampling of a box of an image, bit for bit, without cutting the box out or
// padding it first. Used by resize.cpp; nothing outside core/transforms needs it. Source: Pillow's Resample.c
// (precompute_coeffs, normalize_coeffs_8bpc): a triangle filter widened by the scale, 22-bit integer weights,
// horizontal pass first, each pass rounded to 8 bits.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/image.h"
#include "core/base/size.h"
#include "core/transforms/resize.h"

namespace panicle {

inline constexpr int kWeightBits = 22;
inline constexpr std::int32_t kWeightHalf = 1 << (kWeightBits - 1);

// One axis of a resampling: output i is the sum of count[i] input samples from first[i] on, each times its
// weight.
struct Taps {
  int window = 0;  // weights kept for each output; those past its count are 0
  std::vector<int> first;
  std::vector<int> count;
  std::vector<std::int32_t> weights;  // of output i from i * window on

  int size() const { return static_cast<int>(first.size()); }
  const std::int32_t* of(int output) const {
    return weights.data() + static_cast<std::size_t>(output) * window;
  }
  // First input sample that any output reads, and one past the last.
  std::pair<int, int> extent() const;
};

// Pillow's weights for the part [begin, end) of an axis of `input` samples, made into `output`.
Taps bilinearTaps(int input, double begin, double end, int output);

// `taps` reads an axis that starts `offset` samples into an axis of `source` samples and may stick out of it.
// The result reads that source axis itself: what `pad` would invent is added to the weights of the samples it
// is a copy of. Since the sums are of integers, this is exactly the resampling of the padded axis.
Taps foldIntoSource(const Taps& taps, int offset, int source, PadMode pad);

// `box` (padded where it sticks out) resampled to `size`. `box` counts in pixels of the source that `image`
// was reduced from by `reduction`; a box between two pixels of `image` is taken there, not rounded.
void resampleBox(const Image& image, const Box& box, int reduction, PadMode pad, Size size, Image& out);

}  // namespace panicle
