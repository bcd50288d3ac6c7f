// The loops for x86-64 with AVX2 or more: the bodies compiled for PANICLE_TARGET, which the including file
// defines, and the sampling by hand, where a compiler sees no vectors: one load takes the two neighbours of a
// row, six bytes of RGB, and turns them into eight floats.
#pragma once

#include <immintrin.h>

#include <cstring>

#define PANICLE_MULTIPLY_ADD(a, b, c) __builtin_fmaf(a, b, c)
#include "core/transforms/augment_kernels.h"
#include "core/transforms/augment_kernels_body.h"

namespace panicle {
namespace {

// A register full.
typedef float Floats __attribute__((vector_size(4 * PANICLE_LANES)));
typedef std::int32_t Integers __attribute__((vector_size(4 * PANICLE_LANES)));

struct Registers {
#if PANICLE_LANES == 16
  PANICLE_INLINE static Floats estimate(Floats a) {
    return _mm512_maskz_rcp14_ps(0xffff, a);
  }
  PANICLE_INLINE static Floats larger(Floats a, Floats b) {
    return _mm512_maskz_max_ps(0xffff, a, b);
  }
  PANICLE_INLINE static Floats smaller(Floats a, Floats b) {
    return _mm512_maskz_min_ps(0xffff, a, b);
  }
#else
  PANICLE_INLINE static Floats estimate(Floats a) {
    return _mm256_rcp_ps(a);
  }
  PANICLE_INLINE static Floats larger(Floats a, Floats b) {
    return _mm256_max_ps(a, b);
  }
  PANICLE_INLINE static Floats smaller(Floats a, Floats b) {
    return _mm256_min_ps(a, b);
  }
#endif
};

namespace kernel_body {

template <>
struct Lanes<Floats> {
  using Integers = panicle::Integers;
  PANICLE_INLINE static Floats toFloat(Integers value) { return __builtin_convertvector(value, Floats); }
  // The processor's estimate, and a step of Newton's method to 23 bits.
  PANICLE_INLINE static Floats reciprocal(Floats value) {
    const Floats estimate = Registers::estimate(value);
    return estimate * (2 - value * estimate);
  }
  PANICLE_INLINE static Floats within(Floats value, float low, float high) {
    return Registers::smaller(Registers::larger(value, Floats{} + low), Floats{} + high);
  }
};

}  // namespace kernel_body

PANICLE_TARGET void locate(const Mapping& mapping, const float* x, float y, int count, Places& places) {
  kernel_body::locate(mapping, x, y, count, places);
}

PANICLE_INLINE __m256 pairOf(const std::uint8_t* from) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}

// A sample is mixed from a pair of pixels of the upper row and one of the lower, then from left and right.
template <bool kSumToOne>
PANICLE_INLINE __m256 mixRows(__m256 top, __m256 bottom, const Places& places, int i) {
  const __m256 weight = _mm256_broadcast_ss(&places.bottom[i]);
  if constexpr (kSumToOne) return _mm256_fmadd_ps(_mm256_sub_ps(bottom, top), weight, top);
  return _mm256_fmadd_ps(bottom, weight, _mm256_mul_ps(top, _mm256_broadcast_ss(&places.top[i])));
}
template <bool kSumToOne>
PANICLE_INLINE __m128 mixColumns(__m128 left, __m128 right, const Places& places, int i) {
  const __m128 weight = _mm_broadcast_ss(&places.right[i]);
  if constexpr (kSumToOne) return _mm_fmadd_ps(_mm_sub_ps(right, left), weight, left);
  return _mm_fmadd_ps(right, weight, _mm_mul_ps(left, _mm_broadcast_ss(&places.left[i])));
}

template <bool kSumToOne>
PANICLE_INLINE void sampleBytePairs(const std::uint8_t* source, int sourceWidth, int sourcePixels,
                                    const Places& places, int count, float* out) {
  // A load reads two bytes past its two pixels; the bottom row's last pair has none after it.
  const std::int32_t lastPair = sourcePixels - sourceWidth - 2;
  const __m256i second = _mm256_setr_epi32(3, 4, 5, 6, 7, 7, 7, 7);
  const std::ptrdiff_t stride = 3 * static_cast<std::ptrdiff_t>(sourceWidth);
  const std::int32_t* pixel = places.pixel.data();
  for (int i = 0; i < count; ++i) {
    if (pixel[i] >= lastPair) [[unlikely]] {
      kernel_body::sampleOne(source, 3, sourceWidth, places, i, out);
      continue;
    }
    const std::uint8_t* from = source + 3 * static_cast<std::ptrdiff_t>(pixel[i]);
    const __m256 mixed = mixRows<kSumToOne>(pairOf(from), pairOf(from + stride), places, i);
    const __m128 right = _mm256_castps256_ps128(_mm256_permutevar8x32_ps(mixed, second));
    _mm_storeu_ps(out + 4 * i, mixColumns<kSumToOne>(_mm256_castps256_ps128(mixed), right, places, i));
  }
}

template <bool kSumToOne>
PANICLE_INLINE void sampleFloatPairs(const float* source, int sourceWidth, const Places& places, int count,
                                     float* out) {
  const std::ptrdiff_t stride = 4 * static_cast<std::ptrdiff_t>(sourceWidth);
  for (int i = 0; i < count; ++i) {
    const float* from = source + 4 * static_cast<std::ptrdiff_t>(places.pixel[i]);
    const __m256 mixed = mixRows<kSumToOne>(_mm256_loadu_ps(from), _mm256_loadu_ps(from + stride), places, i);
    _mm_storeu_ps(out + 4 * i, mixColumns<kSumToOne>(_mm256_castps256_ps128(mixed),
                                                     _mm256_extractf128_ps(mixed, 1), places, i));
  }
}

PANICLE_TARGET void sampleBytes(const std::uint8_t* source, int sourceWidth, int sourcePixels,
                                const Places& places, int count, float* out) {
  if (places.weights_sum_to_one)
    return sampleBytePairs<true>(source, sourceWidth, sourcePixels, places, count, out);
  sampleBytePairs<false>(source, sourceWidth, sourcePixels, places, count, out);
}

PANICLE_TARGET void sampleFloats(const float* source, int sourceWidth, const Places& places, int count,
                                 float* out) {
  if (places.weights_sum_to_one) return sampleFloatPairs<true>(source, sourceWidth, places, count, out);
  sampleFloatPairs<false>(source, sourceWidth, places, count, out);
}

PANICLE_TARGET void addSamples(const float* row, int samples, float scale, int count, float* out) {
  const __m128 factor = _mm_set1_ps(scale);
  for (int i = 0; i < count; ++i) {
    __m128 sum = _mm_loadu_ps(row);
    for (int k = 1; k < samples; ++k) sum = _mm_add_ps(sum, _mm_loadu_ps(row + 4 * k));
    _mm_storeu_ps(out + 4 * i, _mm_fmadd_ps(sum, factor, _mm_loadu_ps(out + 4 * i)));
    row += 4 * static_cast<std::ptrdiff_t>(samples);
  }
}

PANICLE_TARGET void widen(const std::uint8_t* rgb, int count, float* out) {
  int i = 0;
  for (; i + 2 < count; ++i) {  // a load of eight bytes reads into the next two pixels
    _mm_storeu_ps(out + 4 * i, _mm256_castps256_ps128(pairOf(rgb + 3 * i)));
  }
  kernel_body::widen(rgb + 3 * i, count - i, out + 4 * i);
}

PANICLE_TARGET void resampleRow(const float* row, const FloatTaps& taps, float* out) {
  for (int i = 0; i < taps.size(); ++i) {
    const float* from = row + 4 * static_cast<std::ptrdiff_t>(taps.first[i]);
    const float* weights = taps.of(i);
    __m128 sum = _mm_mul_ps(_mm_loadu_ps(from), _mm_broadcast_ss(weights));
    for (int k = 1; k < taps.window; ++k)
      sum = _mm_fmadd_ps(_mm_loadu_ps(from + 4 * k), _mm_broadcast_ss(weights + k), sum);
    _mm_storeu_ps(out + 4 * i, sum);
  }
}

PANICLE_TARGET void combineRows(const float* const* rows, const float* weights, int window, int count,
                                float* out) {
  kernel_body::combineRows(rows, weights, window, count, out);
}

PANICLE_TARGET void narrow(const float* row, int count, float scale, float* rgb) {
  const __m128 factor = _mm_set1_ps(scale);
  // Each store writes one float past its pixel, which the next pixel overwrites.
  for (int i = 0; i + 1 < count; ++i)
    _mm_storeu_ps(rgb + 3 * i, _mm_mul_ps(_mm_loadu_ps(row + 4 * i), factor));
  kernel_body::narrow(row + 4 * (count - 1), 1, scale, rgb + 3 * (count - 1));
}

// `change` to all values, a vector at a time; the last ones go through a vector of their own.
template <typename Change>
PANICLE_INLINE void changeValues(float* values, int count, const Change& change) {
  constexpr int kLanes = sizeof(Floats) / sizeof(float);
  Floats lanes;
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    std::memcpy(&lanes, values + i, sizeof lanes);
    change(lanes);
    std::memcpy(values + i, &lanes, sizeof lanes);
  }
  if (i == count) return;
  lanes = Floats{} + 0.5f;
  std::memcpy(&lanes, values + i, (count - i) * sizeof(float));
  change(lanes);
  std::memcpy(values + i, &lanes, (count - i) * sizeof(float));
}

PANICLE_TARGET void relight(float* values, int count, const LogitChange& change) {
  changeValues(values, count, [&](Floats& x) PANICLE_TARGET { x = kernel_body::relit(x, change); });
}
PANICLE_TARGET void toLogit(float* values, int count, const LogitChange& change) {
  changeValues(values, count, [&](Floats& x) PANICLE_TARGET { x = kernel_body::changedLogit(x, change); });
}
PANICLE_TARGET void fromLogit(float* values, int count) {
  changeValues(values, count, [](Floats& x) PANICLE_TARGET { x = kernel_body::sigmoid(x); });
}
PANICLE_TARGET void scaleChannels(float* rgb, int count, const std::array<float, 3>& factor,
                                  const std::array<float, 3>& offset) {
  kernel_body::scaleChannels(rgb, count, factor, offset);
}

constexpr AugmentKernels kKernels{locate,  sampleBytes, sampleFloats, addSamples,
                                  widen,   resampleRow, combineRows,  narrow,
                                  relight, toLogit,     fromLogit,    scaleChannels};

}  // namespace

}  // namespace panicle
