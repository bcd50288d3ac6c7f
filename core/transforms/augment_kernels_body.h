// The loops of augment_kernels.h as plain C++ that a compiler turns into vector instructions. Each
// implementation includes them and compiles them for its processor: they are always inlined into functions
// with that target.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/transforms/augment_kernels.h"

// Which instructions to use; nothing: those that every processor has.
#ifndef PANICLE_TARGET
#define PANICLE_TARGET
#endif
#define PANICLE_INLINE PANICLE_TARGET [[gnu::always_inline]] inline

// a * b + c in one rounding where the processor has an instruction for it.
#ifndef PANICLE_MULTIPLY_ADD
#define PANICLE_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

namespace panicle {
namespace {  // each including file compiles its own, for its processor
namespace kernel_body {

// NaN becomes `low`: a position on the horizon of a perspective has no place.
PANICLE_INLINE float clampTo(float value, float low, float high) {
  value = value > low ? value : low;
  return value < high ? value : high;
}

// torch's reflect_coordinates. `frequency` is 1 / (2 * span): where its rounding counts a period too many or
// too few, the result is the same edge.
PANICLE_INLINE float reflect(float at, float low, float span, float frequency) {
  const float distance = __builtin_fabsf(at - low);
  const float period = 2 * span;
  const float extra = distance - __builtin_truncf(distance * frequency) * period;
  const float back = period - extra;
  return (extra < back ? extra : back) + low;
}

// Along one axis of `size` >= 2 pixels: adds the first of the two neighbours, times `stride`, to `pixel`, and
// gives the weights of both (`before` with zeros alone).
template <PadMode kPad>
PANICLE_INLINE void placeOnAxis(const float* __restrict position, int count, int size, bool align_corners,
                                int stride, std::int32_t* __restrict pixel, float* __restrict before,
                                float* __restrict after) {
  const float low = align_corners ? 0.0f : -0.5f;
  const float span = static_cast<float>(align_corners ? size - 1 : size);
  const float frequency = 1 / (2 * span);
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
      if constexpr (kPad == PadMode::Reflection) at = reflect(at, low, span, frequency);
      at = clampTo(at, 0.0f, last);
      const auto index = static_cast<std::int32_t>(at);
      const std::int32_t first = index < lastPair ? index : lastPair;
      const float fraction = at - static_cast<float>(first);
      after[i] = fraction;
      pixel[i] += first * stride;
    }
  }
}

PANICLE_INLINE void positions(const Mapping& mapping, const float* __restrict x, float y, int count,
                              float* __restrict column, float* __restrict row) {
  // Rounded as torch's affine_grid and fastai's apply_perspective round: products summed one after the other.
  const auto [a, b, c, d, e, f] = mapping.affine;
  const float scaleX = mapping.scale_x, shiftX = mapping.shift_x, scaleY = mapping.scale_y,
              shiftY = mapping.shift_y;
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
  places.weights_sum_to_one = kPad != PadMode::Zeros;
  std::fill_n(places.pixel.data(), count, 0);
  placeOnAxis<kPad>(places.column.data(), count, source.width, mapping.align_corners, 1, places.pixel.data(),
                    places.left.data(), places.right.data());
  placeOnAxis<kPad>(places.row.data(), count, source.height, mapping.align_corners, source.width,
                    places.pixel.data(), places.top.data(), places.bottom.data());
}

PANICLE_INLINE void locate(const Mapping& mapping, const float* x, float y, int count, Places& places) {
  positions(mapping, x, y, count, places.column.data(), places.row.data());
  switch (mapping.pad) {
    case PadMode::Zeros:
      return place<PadMode::Zeros>(mapping, count, places);
    case PadMode::Border:
      return place<PadMode::Border>(mapping, count, places);
    case PadMode::Reflection:
      return place<PadMode::Reflection>(mapping, count, places);
  }
}

// The following work on a float or on a register full of floats: Lanes<Value> says how.
template <typename Value>
struct Lanes {
  using Integers = std::int32_t;
  PANICLE_INLINE static float toFloat(std::int32_t value) { return static_cast<float>(value); }
  PANICLE_INLINE static float reciprocal(float value) { return 1 / value; }
  PANICLE_INLINE static float within(float value, float low, float high) { return clampTo(value, low, high); }
};

template <typename To, typename From>
PANICLE_INLINE To sameBits(From value) {
  return __builtin_bit_cast(To, value);
}

inline constexpr float kLog2E = 1.44269504088896341f;

// Binary logarithm of a positive normal number, within 3e-7 of the result or of 1e-7: its exponent, and a
// polynomial fitted to log2(1 + m) / m for a mantissa 1 + m between the roots of a half and of 2.
template <typename Value>
PANICLE_INLINE Value binaryLogarithm(Value x) {
  using Integers = typename Lanes<Value>::Integers;
  constexpr std::int32_t kRootOfHalf = 0x3f3504f3;
  const auto bits = sameBits<Integers>(x);
  const Integers exponent = (bits - kRootOfHalf) >> 23;
  const Value m = sameBits<Value>(bits - (exponent << 23)) - 1;
  Value p = m * -0.14581142365932465f + 0.23404225707054138f;
  p = p * m - 0.2488768994808197f;
  p = p * m + 0.2870987057685852f;
  p = p * m - 0.3602396249771118f;
  p = p * m + 0.48092323541641235f;
  p = p * m - 0.7213528156280518f;
  p = p * m + 1.442694902420044f;
  return p * m + Lanes<Value>::toFloat(exponent);
}

// 2 to the power x, which is held between -125 and 125; relative error about 1e-7: a polynomial fitted to
// -1/2..1/2, and the rest in the exponent.
template <typename Value>
PANICLE_INLINE Value binaryPower(Value x) {
  using Integers = typename Lanes<Value>::Integers;
  constexpr float kRounding = 12582912.0f;  // 1.5 * 2^23: a sum's lowest bits are the rounded integer
  x = Lanes<Value>::within(x, -125.0f, 125.0f);
  const Value shifted = x + kRounding;
  const Value f = x - (shifted - kRounding);
  Value p = f * 0.001327647129073739f + 0.009675540961325169f;
  p = p * f + 0.05550713092088699f;
  p = p * f + 0.24022120237350464f;
  p = p * f + 0.6931469440460205f;
  p = p * f + 1.0000001192092896f;
  return sameBits<Value>(sameBits<Integers>(p) + (sameBits<Integers>(shifted) << 23));
}

// log2(1 / x - 1), which is -logit(x) in bits. fastai's logit clamps x to keep away from infinity.
template <typename Value>
PANICLE_INLINE Value binaryOdds(Value x) {
  x = Lanes<Value>::within(x, 1e-7f, 1 - 1e-7f);
  return binaryLogarithm((1 - x) * Lanes<Value>::reciprocal(x));
}

template <typename Value>
PANICLE_INLINE Value relit(Value x, const LogitChange& change) {
  const float offset = -change.brightness * change.contrast * kLog2E;
  return Lanes<Value>::reciprocal(binaryPower(binaryOdds(x) * change.contrast + offset) + 1);
}

template <typename Value>
PANICLE_INLINE Value changedLogit(Value x, const LogitChange& change) {
  return (change.brightness - binaryOdds(x) * (1 / kLog2E)) * change.contrast;
}

template <typename Value>
PANICLE_INLINE Value sigmoid(Value x) {
  return Lanes<Value>::reciprocal(binaryPower(x * -kLog2E) + 1);
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

PANICLE_INLINE void addSamples(const float* __restrict row, int samples, float scale, int count,
                               float* __restrict out) {
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

// out = (or, kAdd, +=) the sum of kRows rows times their weights.
template <int kRows, bool kAdd>
PANICLE_INLINE void sumRows(const float* const* rows, const float* weights, int count,
                            float* __restrict out) {
  const float* row[kRows];
  float weight[kRows];
  for (int k = 0; k < kRows; ++k) {
    row[k] = rows[k];
    weight[k] = weights[k];
  }
  for (int i = 0; i < 4 * count; ++i) {
    float sum = kAdd ? out[i] : 0.0f;
    for (int k = 0; k < kRows; ++k) sum += row[k][i] * weight[k];
    out[i] = sum;
  }
}

template <bool kAdd>
PANICLE_INLINE void sumUpToFour(const float* const* rows, const float* weights, int window, int count,
                                float* out) {
  switch (window) {
    case 1:
      return sumRows<1, kAdd>(rows, weights, count, out);
    case 2:
      return sumRows<2, kAdd>(rows, weights, count, out);
    case 3:
      return sumRows<3, kAdd>(rows, weights, count, out);
    default:
      return sumRows<4, kAdd>(rows, weights, count, out);
  }
}

PANICLE_INLINE void combineRows(const float* const* rows, const float* weights, int window, int count,
                                float* out) {
  sumUpToFour<false>(rows, weights, window, count, out);
  for (int k = 4; k < window; k += 4) sumUpToFour<true>(rows + k, weights + k, window - k, count, out);
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
PANICLE_INLINE void sampleOne(const Value* source, int channels, int sourceWidth, const Places& places, int i,
                              float* out) {
  const Value* top = source + static_cast<std::ptrdiff_t>(channels) * places.pixel[i];
  const Value* bottom = top + static_cast<std::ptrdiff_t>(channels) * sourceWidth;
  const float rightWeight = places.right[i], bottomWeight = places.bottom[i];
  const float leftWeight = places.weights_sum_to_one ? 1 - rightWeight : places.left[i];
  const float topWeight = places.weights_sum_to_one ? 1 - bottomWeight : places.top[i];
  for (int channel = 0; channel < 3; ++channel) {
    const float left =
        static_cast<float>(top[channel]) * topWeight + static_cast<float>(bottom[channel]) * bottomWeight;
    const float right = static_cast<float>(top[channels + channel]) * topWeight +
                        static_cast<float>(bottom[channels + channel]) * bottomWeight;
    out[4 * i + channel] = left * leftWeight + right * rightWeight;
  }
  out[4 * i + 3] = 0;
}

}  // namespace kernel_body
}  // namespace
}  // namespace panicle
