// The passes with AVX2; how the arithmetic goes is said in resample_vertical_x86.h.
#include "core/transforms/resample_kernels.h"
#include "core/transforms/weight_halves.h"

#ifdef __x86_64__
#include <immintrin.h>

#include <algorithm>
#include <cstring>

// Only these functions are compiled for AVX2: the program itself runs on any x86-64.
#define PANICLE_TARGET __attribute__((target("avx2")))
#endif

#ifdef __x86_64__
namespace panicle {
namespace {

struct Register {
  using Type = __m256i;
  PANICLE_TARGET static Type load(const void* from) {
    return _mm256_loadu_si256(static_cast<const Type*>(from));
  }
  PANICLE_TARGET static void store(void* to, Type a) { _mm256_storeu_si256(static_cast<Type*>(to), a); }
  PANICLE_TARGET static Type all(std::int32_t value) { return _mm256_set1_epi32(value); }
  PANICLE_TARGET static Type lowBytes(Type a, Type b) { return _mm256_unpacklo_epi8(a, b); }
  PANICLE_TARGET static Type highBytes(Type a, Type b) { return _mm256_unpackhi_epi8(a, b); }
  PANICLE_TARGET static Type multiplyPairs(Type a, Type b) { return _mm256_madd_epi16(a, b); }
  PANICLE_TARGET static Type add(Type a, Type b) { return _mm256_add_epi32(a, b); }
  PANICLE_TARGET static Type shiftLeft(Type a, int bits) { return _mm256_slli_epi32(a, bits); }
  PANICLE_TARGET static Type shiftRight(Type a, int bits) { return _mm256_srai_epi32(a, bits); }
  PANICLE_TARGET static Type toWords(Type a, Type b) { return _mm256_packs_epi32(a, b); }
  PANICLE_TARGET static Type toBytes(Type a, Type b) { return _mm256_packus_epi16(a, b); }
};

}  // namespace
}  // namespace panicle

#include "core/transforms/resample_vertical_x86.h"
#endif

namespace panicle {
#ifdef __x86_64__
namespace {

PANICLE_TARGET inline __m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

// ---- horizontal: four taps of one output at a time
// -------------------------------------------------------------

// The weights of four taps, laid out as the pixels come out of the shuffle: taps 0 and 1 in the lower lane
// (once for each of R, G, B and nothing), taps 2 and 3 in the upper.
struct Quad {
  std::int32_t low[8];
  std::int32_t high[8];
};

struct QuadTaps {
  int quads = 0;            // per output
  std::vector<int> offset;  // byte in the row, per output
  std::vector<Quad> weights;
};

// Outputs near the right edge start further left, with zero weights in front, so that all taps lie in the
// row. Needs 4 * quads <= width.
QuadTaps packQuads(const Taps& taps, int quads, int width) {
  QuadTaps packed{quads, std::vector<int>(taps.size()),
                  std::vector<Quad>(static_cast<std::size_t>(quads) * taps.size())};
  std::vector<std::int32_t> line(4 * static_cast<std::size_t>(quads));
  for (int x = 0; x < taps.size(); ++x) {
    const int start = std::min(taps.first[x], width - 4 * quads);
    packed.offset[x] = 3 * start;
    std::fill(line.begin(), line.end(), 0);
    const int skipped = taps.first[x] - start;
    for (int t = 0; t < taps.count[x]; ++t) line[skipped + t] = taps.of(x)[t];
    for (int q = 0; q < quads; ++q) {
      Quad& quad = packed.weights[static_cast<std::size_t>(x) * quads + q];
      for (int lane = 0; lane < 8; ++lane) {
        const std::int32_t* pair = line.data() + 4 * q + (lane < 4 ? 0 : 2);
        quad.low[lane] = lowPair(pair[0], pair[1]);
        quad.high[lane] = highPair(pair[0], pair[1]);
      }
    }
  }
  return packed;
}

constexpr int kRows = 4;  // a weight that is loaded serves so many rows

// The four rows' sums of one output pixel, each the halves of its lanes, to bytes.
PANICLE_TARGET inline void storePixel(const __m256i (&low)[kRows], const __m256i (&high)[kRows],
                                      std::size_t stride, std::uint8_t* out) {
  __m256i sums[kRows];
  for (int r = 0; r < kRows; ++r) sums[r] = _mm256_add_epi32(_mm256_slli_epi32(high[r], kHalfBits), low[r]);
  __m256i pairs[kRows / 2];  // one row in each lane
  for (int p = 0; p < kRows / 2; ++p) {
    const __m256i a = sums[2 * p];
    const __m256i b = sums[2 * p + 1];
    const __m256i sum =
        _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
    pairs[p] = _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(kWeightHalf)), kWeightBits);
  }
  const __m256i words = _mm256_packs_epi32(pairs[0], pairs[1]);
  const __m256i bytes =
      _mm256_packus_epi16(words, words);  // rows 0 and 2 in the lower lane, 1 and 3 in the upper
  const auto even = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm256_castsi256_si128(bytes)));
  const auto odd = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm256_extracti128_si256(bytes, 1)));
  const std::uint64_t pixels[kRows] = {even, odd, even >> 32, odd >> 32};
  for (int r = 0; r < kRows; ++r) std::memcpy(out + r * stride, &pixels[r], 3);
}

// Loads 16 bytes for 12: reads up to 4 bytes past the end of each row.
PANICLE_TARGET void horizontalRows(const std::uint8_t* source, int width, const QuadTaps& taps,
                                   std::uint8_t* out) {
  const std::size_t sourceStride = 3 * static_cast<std::size_t>(width);
  // R0 R1 G0 G1 B0 B1 0 0 and the same of pixels 2 and 3, each byte widened to 16 bits.
  const __m256i spread = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                          6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  const Quad* quad = taps.weights.data();
  for (const int offset : taps.offset) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i low[kRows] = {zero, zero, zero, zero};
    __m256i high[kRows] = {zero, zero, zero, zero};
    const std::uint8_t* pixels = source + offset;
    for (int q = 0; q < taps.quads; ++q, ++quad, pixels += 12) {
      const __m256i lowWeights = load(quad->low);
      const __m256i highWeights = load(quad->high);
      for (int r = 0; r < kRows; ++r) {
        const auto* from = reinterpret_cast<const __m128i*>(pixels + r * sourceStride);
        const __m256i values =
            _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(from)), spread);
        low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(values, lowWeights));
        high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(values, highWeights));
      }
    }
    storePixel(low, high, 3 * taps.offset.size(), out);
    out += 3;
  }
}

void horizontal(const std::uint8_t* source, int width, int rows, const Taps& taps, std::uint8_t* out) {
  const int quads = (taps.window + 3) / 4;
  const int wide = rows - 1;  // after the last row there may be nothing to read
  if (4 * quads > width || wide < kRows) {
    kPortableKernels.horizontal(source, width, rows, taps, out);
    return;
  }
  const QuadTaps packed = packQuads(taps, quads, width);
  const std::size_t sourceStride = 3 * static_cast<std::size_t>(width);
  const std::size_t outStride = 3 * static_cast<std::size_t>(taps.size());
  for (int block = 0; block < wide; block += kRows) {
    const int y =
        std::min(block, wide - kRows);  // the last block overlaps the one before, with the same bytes
    horizontalRows(source + y * sourceStride, width, packed, out + y * outStride);
  }
  kPortableKernels.horizontal(source + wide * sourceStride, width, 1, taps, out + wide * outStride);
}

constexpr ResampleKernels kAvx2Kernels{horizontal, vertical};

}  // namespace

const ResampleKernels* avx2Kernels() {
  return __builtin_cpu_supports("avx2") ? &kAvx2Kernels : nullptr;
}

#else

const ResampleKernels* avx2Kernels() {
  return nullptr;
}

#endif
}  // namespace panicle
