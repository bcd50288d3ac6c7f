// The numbers that a network computes with.
#pragma once

#include <array>
#include <string>

#include "core/base/fields.h"

namespace panicle {

enum class Precision { Auto, Fp32, Bf16, Fp16 };

template <>
struct EnumNames<Precision> {
  static constexpr std::array names{"auto", "fp32", "bf16", "fp16"};
};

// What `asked` means on `device` ("cpu", "cuda:0", as describeDevice() begins): never Auto. Auto takes bf16 where the hardware multiplies it (AVX-512
// bf16 or AMX; CUDA of compute capability 8.0 and newer) and this LibTorch uses that, else fp32. Throws Error for fp16 on the processor.
Precision resolvePrecision(Precision asked, const std::string& device);

}  // namespace panicle
