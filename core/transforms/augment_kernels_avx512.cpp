// The loops for AVX-512. Only they are compiled for it: the program itself runs on any x86-64.
#include "core/transforms/augment_kernels.h"

#ifdef __x86_64__
#define PANICLE_TARGET \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#define PANICLE_LANES 16
#include "core/transforms/augment_kernels_x86.h"
#endif

namespace panicle {

const AugmentKernels* avx512AugmentKernels() {
#ifdef __x86_64__
  static const bool supported = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (supported) return &kKernels;
#endif
  return nullptr;
}

}  // namespace panicle
