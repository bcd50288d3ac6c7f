// The vertical pass with AVX-512; the horizontal one, whose work is to bring bytes together, is AVX2's.
#include "core/transforms/resample_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

// Only these functions are compiled for AVX-512: the program itself runs on any x86-64.
#define PANICLE_TARGET __attribute__((target("avx512f,avx512bw")))

namespace panicle {
namespace {

struct Register {
  using Type = __m512i;
  PANICLE_TARGET static Type load(const void* from) { return _mm512_loadu_si512(from); }
  PANICLE_TARGET static void store(void* to, Type a) { _mm512_storeu_si512(to, a); }
  PANICLE_TARGET static Type all(std::int32_t value) { return _mm512_set1_epi32(value); }
  PANICLE_TARGET static Type lowBytes(Type a, Type b) { return _mm512_unpacklo_epi8(a, b); }
  PANICLE_TARGET static Type highBytes(Type a, Type b) { return _mm512_unpackhi_epi8(a, b); }
  PANICLE_TARGET static Type multiplyPairs(Type a, Type b) { return _mm512_madd_epi16(a, b); }
  PANICLE_TARGET static Type add(Type a, Type b) { return _mm512_add_epi32(a, b); }
  PANICLE_TARGET static Type shiftLeft(Type a, unsigned bits) {
    return _mm512_maskz_slli_epi32(0xffff, a, bits);
  }
  PANICLE_TARGET static Type shiftRight(Type a, unsigned bits) {
    return _mm512_maskz_srai_epi32(0xffff, a, bits);
  }
  PANICLE_TARGET static Type toWords(Type a, Type b) { return _mm512_packs_epi32(a, b); }
  PANICLE_TARGET static Type toBytes(Type a, Type b) { return _mm512_packus_epi16(a, b); }
};

}  // namespace
}  // namespace panicle

#include "core/transforms/resample_vertical_x86.h"
#endif

namespace panicle {

const ResampleKernels* avx512Kernels() {
#ifdef __x86_64__
  static const bool supported =
      avx2Kernels() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
  if (!supported) return nullptr;
  static const ResampleKernels kernels{avx2Kernels()->horizontal, vertical};
  return &kernels;
#else
  return nullptr;
#endif
}

}  // namespace panicle
