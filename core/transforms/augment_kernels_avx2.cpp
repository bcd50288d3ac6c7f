// The loops for AVX2 and FMA. Only they are compiled for it: the program itself runs on any x86-64.
#include "core/transforms/augment_kernels.h"

#ifdef __x86_64__
#define PANICLE_TARGET __attribute__((target("avx2,fma")))
#define PANICLE_LANES 8
#include "core/transforms/augment_kernels_x86.h"
#endif

namespace panicle {

const AugmentKernels* avx2AugmentKernels() {
#ifdef __x86_64__
  static const bool supported = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (supported) return &kKernels;
#endif
  return nullptr;
}

}  // namespace panicle
