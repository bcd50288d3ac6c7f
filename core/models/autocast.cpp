#include "core/models/autocast.h"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace panicle {
namespace {

// torch 2.4 made one function for all devices of the one that each had.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
bool enabled(c10::DeviceType type) {
  return at::autocast::is_autocast_enabled(type);
}

void enable(c10::DeviceType type, bool on) {
  at::autocast::set_autocast_enabled(type, on);
  if (on) at::autocast::set_autocast_dtype(type, at::kBFloat16);
}
#else
bool enabled(c10::DeviceType type) {
  return type == c10::kCUDA ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}

void enable(c10::DeviceType type, bool on) {
  if (type == c10::kCUDA) {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  } else {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  }
}
#endif

}  // namespace

Autocast::Autocast(c10::Device device, Precision precision)
    : type_(device.type()), on_(precision == Precision::Bf16) {
  if (!on_) return;
  before_ = enabled(type_);
  at::autocast::increment_nesting();
  enable(type_, true);
}

Autocast::~Autocast() {
  if (!on_) return;
  enable(type_, before_);
  // The bf16 copies of the parameters are of one forward pass: the optimizer changes what they were made
  // from.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

Precision Autocast::current(c10::DeviceType type) {
  return enabled(type) ? Precision::Bf16 : Precision::Fp32;
}

}  // namespace panicle
