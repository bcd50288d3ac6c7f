// Mixed precision for a stretch of code. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/DispatchKey.h>
#include <c10/core/ScalarType.h>

#include <unordered_map>

#include "core/models/precision.h"

namespace panicle {

// While the memory of a step for CUDA is planned (core/models/storageless.h), tensors say they are the CPU's,
// which torch's autocast for CUDA passes over: operators then come to this key first, between an Autocast's
// beginning and its end (core/memory/cuda_autocast.cpp).
inline constexpr c10::DispatchKey kPlannedAutocastKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

// The 16-bit copies of weights, by the weight, that this thread has made for such a step since its outermost
// Autocast began.
std::unordered_map<const c10::TensorImpl*, at::Tensor>& plannedCopies();

// While one lives, this thread's convolutions and matrix products on `device` take bf16 inputs when `precision` is Bf16, fp16 ones when it is Fp16 (torch's
// autocast; parameters stay float32, losses and norms are computed in float32). With Fp32 nothing changes.
class Autocast {
 public:
  Autocast(c10::Device device, Precision precision);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

  // What this thread computes with on devices of `type` now.
  static Precision current(c10::DeviceType type);

 private:
  const bool planned_;  // for CUDA, on tensors without memory
  const c10::DeviceType type_;
  const bool on_;
  bool before_ = false;
  c10::ScalarType dtypeBefore_{};
};

}  // namespace panicle
