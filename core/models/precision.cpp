#include "core/models/precision.h"

#include <ATen/Context.h>

#include "core/base/error.h"
#include "core/models/kernels.h"

#ifdef PANICLE_CUDA
#include <ATen/cuda/CUDAContext.h>
#endif

namespace panicle {
namespace {

bool multipliesBf16(const std::string& device) {
  if (!device.starts_with("cuda")) return at::hasMKLDNN() && processorVectors() >= Vectors::Avx512Bf16;
#ifdef PANICLE_CUDA
  const std::string name = device.substr(0, device.find_first_not_of("cuda:0123456789"));
  const c10::Device cuda(name);
  constexpr int kAmpere = 8;
  return at::cuda::getDeviceProperties(cuda.has_index() ? cuda.index() : c10::DeviceIndex(0))->major >=
         kAmpere;
#else
  return false;
#endif
}

}  // namespace

Precision resolvePrecision(Precision asked, const std::string& device) {
  if (asked == Precision::Fp16 && !device.starts_with("cuda")) {
    throw Error("precision fp16 needs a CUDA device; on the processor take bf16, fp32 or auto");
  }
  if (asked != Precision::Auto) return asked;
  return multipliesBf16(device) ? Precision::Bf16 : Precision::Fp32;
}

}  // namespace panicle
