// The loops of augment_kernels.h as plain C++ that a compiler turns into vector instructions. Each implementation
// includes them and compiles them for its processor: they are always inlined into functions with that target.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/transforms/augment_kernels.h"

#define PANICLE_INLINE [[gnu::always_inline]] inline

// a * b + c in one rounding where the processor has an instruction for it.
#ifndef PANICLE_MULTIPLY_ADD
#define PANICLE_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

namespace panicle::kernel_body {

// NaN becomes `low`: a position on the horizon of a perspective has no place.
PANICLE_INLINE float clampTo(float value, float low, float high) {
  value = value > low ? value : low;
  return value < high ? value : high;
}

// torch's reflect_coordinates.
PANICLE_INLINE float reflect(float at, float low, float span) {
  const float distance = __builtin_fabsf(at - low);
  const float period = 2 * span;
  const float extra = distance - __builtin_truncf(distance / period) * period;
  const float back = period - extra;
  return (extra < back ? extra : back) + low;
}

// Along one axis of `size` >= 2 pixels: adds the first of the two neighbours, times `stride`, to `pixel`, and gives
// the weights of both.
template <PadMode kPad>
PANICLE_INLINE void placeOnAxis(const float* __restrict position, int count, int size, bool align_corners, int stride,
                                std::int32_t* __restrict pixel, float* __restrict before, float* __restrict after) {
  const float low = align_corners ? 0.0f : -0.5f;
  const float span = static_cast<float>(align_corners ? size - 1 : size);
  const float last = static_cast<float>(size - 1);
  const std::int32_t lastPair = size - 2;
  for (int i = 0; i < count; ++i) {
    float at = position[i];
    if constexpr (kPad == PadMode::Zeros) {
      at = clampTo(at, -2.0f, last + 2);
      const float floor = __builtin_floorf(at);
      const float fraction = at - floor;
      const auto index = static_cast<std::int32_t>(floor);
      std::int32_t first = index > 0 ? index : 0;
      first = first < lastPair ? first : lastPair;
      // A neighbour outside counts for nothing; the other one may have become the pair's first or second.
      const float atFirst = first == index ? 1 - fraction : 0.0f;
      const float atSecond = first == index ? fraction : 0.0f;
      before[i] = first == index + 1 ? fraction : atFirst;
      after[i] = first + 1 == index ? 1 - fraction : atSecond;
      pixel[i] += first * stride;
    } else {
      if constexpr (kPad == PadMode::Reflection) at = reflect(at, low, span);
      at = clampTo(at, 0.0f, last);
      const auto index = static_cast<std::int32_t>(at);
      const std::int32_t first = index < lastPair ? index : lastPair;
      const float fraction = at - static_cast<float>(first);
      after[i] = fraction;
      before[i] = 1 - fraction;
      pixel[i] += first * stride;
    }
  }
}

PANICLE_INLINE void positions(const Mapping& mapping, const float* __restrict x, float y, int count, float* __restrict column,
                              float* __restrict row) {
  // Rounded as torch's affine_grid and fastai's apply_perspective round: products summed one after the other.
  const auto [a, b, c, d, e, f] = mapping.affine;
  const float scaleX = mapping.scale_x, shiftX = mapping.shift_x, scaleY = mapping.scale_y, shiftY = mapping.shift_y;
  if (!mapping.warped) {
    for (int i = 0; i < count; ++i) {
      column[i] = (PANICLE_MULTIPLY_ADD(b, y, a * x[i]) + c + 1) * scaleX + shiftX;
      row[i] = (PANICLE_MULTIPLY_ADD(e, y, d * x[i]) + f + 1) * scaleY + shiftY;
    }
    return;
  }
  const auto [w0, w1, w2, w3, w4, w5, w6, w7] = mapping.warp;
  for (int i = 0; i < count; ++i) {
    const float u = PANICLE_MULTIPLY_ADD(b, y, a * x[i]) + c;
    const float v = PANICLE_MULTIPLY_ADD(e, y, d * x[i]) + f;
    const float z = PANICLE_MULTIPLY_ADD(w7, v, w6 * u) + 1;
    column[i] = ((PANICLE_MULTIPLY_ADD(w1, v, w0 * u) + w2) / z + 1) * scaleX + shiftX;
    row[i] = ((PANICLE_MULTIPLY_ADD(w4, v, w3 * u) + w5) / z + 1) * scaleY + shiftY;
  }
}

template <PadMode kPad>
PANICLE_INLINE void place(const Mapping& mapping, int count, Places& places) {
  const Size source = mapping.source;
  std::fill_n(places.pixel.data(), count, 0);
  placeOnAxis<kPad>(places.column.data(), count, source.width, mapping.align_corners, 1, places.pixel.data(), places.left.data(),
                    places.right.data());
  placeOnAxis<kPad>(places.row.data(), count, source.height, mapping.align_corners, source.width, places.pixel.data(),
                    places.top.data(), places.bottom.data());
}

PANICLE_INLINE void locate(const Mapping& mapping, const float* x, float y, int count, Places& places) {
  positions(mapping, x, y, count, places.column.data(), places.row.data());
  switch (mapping.pad) {
    case PadMode::Zeros: return place<PadMode::Zeros>(mapping, count, places);
    case PadMode::Border: return place<PadMode::Border>(mapping, count, places);
    case PadMode::Reflection: return place<PadMode::Reflection>(mapping, count, places);
  }
}

// Natural logarithm of a positive normal number; relative error about 1e-7 (Cephes logf).
PANICLE_INLINE float logarithm(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  std::int32_t exponent = (bits >> 23) - 126;
  float m = std::bit_cast<float>((bits & 0x007fffff) | 0x3f000000);  // 0.5 to 1
  const bool small = m < 0.707106781186547524f;
  exponent = small ? exponent - 1 : exponent;
  m = (small ? m + m : m) - 1;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float square = m * m;
  const float e = static_cast<float>(exponent);
  return m + (p * m * square + e * -2.12194440e-4f - 0.5f * square) + e * 0.693359375f;
}

// e to the power x, which is held between -87 and 87; relative error about 1e-7 (Cephes expf).
PANICLE_INLINE float exponential(float x) {
  x = clampTo(x, -87.0f, 87.0f);
  const float n = __builtin_floorf(x * 1.44269504088896341f + 0.5f);
  x -= n * 0.693359375f;
  x -= n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * x + 1.3981999507e-3f;
  p = p * x + 8.3334519073e-3f;
  p = p * x + 4.1665795894e-2f;
  p = p * x + 1.6666665459e-1f;
  p = p * x + 5.0000001201e-1f;
  p = p * x * x + x + 1;
  return p * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

// fastai's logit clamps to keep away from infinity. The result is of 1 / x - 1, whose logarithm is -logit.
PANICLE_INLINE float odds(float x) {
  return 1 / clampTo(x, 1e-7f, 1 - 1e-7f) - 1;
}

PANICLE_INLINE void relight(float* __restrict values, int count, const LogitChange& change) {
  const float brightness = change.brightness, contrast = change.contrast;
  for (int i = 0; i < count; ++i)
    values[i] = 1 / (1 + exponential((logarithm(odds(values[i])) - brightness) * contrast));
}

PANICLE_INLINE void toLogit(float* __restrict values, int count, const LogitChange& change) {
  const float brightness = change.brightness, contrast = change.contrast;
  for (int i = 0; i < count; ++i) values[i] = (brightness - logarithm(odds(values[i]))) * contrast;
}

PANICLE_INLINE void fromLogit(float* __restrict values, int count) {
  for (int i = 0; i < count; ++i) values[i] = 1 / (1 + exponential(-values[i]));
}

// Eight pixels at a time, so that the channels' constants fill whole vectors.
PANICLE_INLINE void scaleChannels(float* __restrict rgb, int count, const std::array<float, 3>& factor,
                                  const std::array<float, 3>& offset) {
  constexpr int kBlock = 24;
  float factors[kBlock], offsets[kBlock];
  for (int k = 0; k < kBlock; ++k) {
    factors[k] = factor[k % 3];
    offsets[k] = offset[k % 3];
  }
  int i = 0;
  for (; i + kBlock <= 3 * count; i += kBlock) {
    for (int k = 0; k < kBlock; ++k) rgb[i + k] = rgb[i + k] * factors[k] + offsets[k];
  }
  for (; i < 3 * count; ++i) rgb[i] = rgb[i] * factors[i % 3] + offsets[i % 3];
}

PANICLE_INLINE void addSamples(const float* __restrict row, int samples, float scale, int count, float* __restrict out) {
  for (int i = 0; i < count; ++i) {
    float sum[4] = {0, 0, 0, 0};
    for (int k = 0; k < samples; ++k) {
      for (int channel = 0; channel < 4; ++channel) sum[channel] += row[4 * (i * samples + k) + channel];
    }
    for (int channel = 0; channel < 4; ++channel) out[4 * i + channel] += sum[channel] * scale;
  }
}

PANICLE_INLINE void resampleRow(const float* __restrict row, const FloatTaps& taps, float* __restrict out) {
  const int window = taps.window;
  for (int i = 0; i < taps.size(); ++i) {
    const float* __restrict from = row + 4 * static_cast<std::ptrdiff_t>(taps.first[i]);
    const float* __restrict weights = taps.of(i);
    float sum[4] = {0, 0, 0, 0};
    for (int k = 0; k < window; ++k) {
      for (int channel = 0; channel < 4; ++channel) sum[channel] += weights[k] * from[4 * k + channel];
    }
    for (int channel = 0; channel < 4; ++channel) out[4 * i + channel] = sum[channel];
  }
}

PANICLE_INLINE void combineRows(const float* const* rows, const float* weights, int window, int count, float* __restrict out) {
  const float* __restrict first = rows[0];
  const float weight = weights[0];
  for (int i = 0; i < 4 * count; ++i) out[i] = first[i] * weight;
  for (int k = 1; k < window; ++k) {
    const float* __restrict row = rows[k];
    const float w = weights[k];
    for (int i = 0; i < 4 * count; ++i) out[i] += row[i] * w;
  }
}

PANICLE_INLINE void widen(const std::uint8_t* __restrict rgb, int count, float* __restrict out) {
  for (int i = 0; i < count; ++i) {
    for (int channel = 0; channel < 3; ++channel) out[4 * i + channel] = rgb[3 * i + channel];
    out[4 * i + 3] = 0;
  }
}

PANICLE_INLINE void narrow(const float* __restrict row, int count, float scale, float* __restrict rgb) {
  for (int i = 0; i < count; ++i) {
    for (int channel = 0; channel < 3; ++channel) rgb[3 * i + channel] = row[4 * i + channel] * scale;
  }
}

// One sample; the loads of implementations with vector instructions are their own.
template <typename Value>
PANICLE_INLINE void sampleOne(const Value* source, int channels, int sourceWidth, const Places& places, int i, float* out) {
  const Value* top = source + static_cast<std::ptrdiff_t>(channels) * places.pixel[i];
  const Value* bottom = top + static_cast<std::ptrdiff_t>(channels) * sourceWidth;
  for (int channel = 0; channel < 3; ++channel) {
    const float left = static_cast<float>(top[channel]) * places.top[i] + static_cast<float>(bottom[channel]) * places.bottom[i];
    const float right = static_cast<float>(top[channels + channel]) * places.top[i] +
                        static_cast<float>(bottom[channels + channel]) * places.bottom[i];
    out[4 * i + channel] = left * places.left[i] + right * places.right[i];
  }
  out[4 * i + 3] = 0;
}

}  // namespace panicle::kernel_body
