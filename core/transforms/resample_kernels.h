// The two passes of resample.h. Every implementation gives the same bytes; which one runs depends on the
// processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/transforms/resample.h"

namespace panicle {

struct ResampleKernels {
  // `rows` RGB rows of `width` pixels, one after the other, each to a row of taps.size() pixels.
  void (*horizontal)(const std::uint8_t* source, int width, int rows, const Taps& taps, std::uint8_t* out);
  // Input row i is the `rowBytes` bytes from source + i * stride on; taps.size() rows come out, one after the
  // other.
  void (*vertical)(const std::uint8_t* source, std::ptrdiff_t stride, int rowBytes, const Taps& taps,
                   std::uint8_t* out);
};

extern const ResampleKernels kPortableKernels;

// nullptr where the processor does not have them.
const ResampleKernels* avx2Kernels();
const ResampleKernels* avx512Kernels();

}  // namespace panicle
