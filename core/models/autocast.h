// Mixed precision for a stretch of code. Internal to core (includes torch).
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "core/models/precision.h"

namespace panicle {

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
  c10::DeviceType type_;
  bool on_ = false;
  bool before_ = false;
  c10::ScalarType dtypeBefore_{};
};

}  // namespace panicle
