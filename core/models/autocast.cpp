#include "core/models/autocast.h"

#include <ATen/autocast_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/version.h>

#include "core/models/storageless.h"

namespace panicle {
namespace {

// torch 2.4 made one function for all devices of the one that each had.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
bool enabled(c10::DeviceType type) {
  return at::autocast::is_autocast_enabled(type);
}

void enable(c10::DeviceType type, bool on) {
  at::autocast::set_autocast_enabled(type, on);
}

at::ScalarType dtype(c10::DeviceType type) {
  return at::autocast::get_autocast_dtype(type);
}

void setDtype(c10::DeviceType type, at::ScalarType to) {
  at::autocast::set_autocast_dtype(type, to);
}
#else
bool enabled(c10::DeviceType type) {
  return type == c10::kCUDA ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}

void enable(c10::DeviceType type, bool on) {
  if (type == c10::kCUDA) {
    at::autocast::set_enabled(on);
  } else {
    at::autocast::set_cpu_enabled(on);
  }
}

at::ScalarType dtype(c10::DeviceType type) {
  return type == c10::kCUDA ? at::autocast::get_autocast_gpu_dtype() : at::autocast::get_autocast_cpu_dtype();
}

void setDtype(c10::DeviceType type, at::ScalarType to) {
  if (type == c10::kCUDA) {
    at::autocast::set_autocast_gpu_dtype(to);
  } else {
    at::autocast::set_autocast_cpu_dtype(to);
  }
}
#endif

c10::DeviceType plannedType(c10::DeviceType type) {
  return storageless() == Storageless::Cuda ? c10::kCUDA : type;
}

}  // namespace

std::unordered_map<const c10::TensorImpl*, at::Tensor>& plannedCopies() {
  thread_local std::unordered_map<const c10::TensorImpl*, at::Tensor> copies;
  return copies;
}

Autocast::Autocast(c10::Device device, Precision precision)
    : planned_(storageless() == Storageless::Cuda),
      type_(plannedType(device.type())),
      on_(precision == Precision::Bf16 || precision == Precision::Fp16) {
  if (!on_) return;
  before_ = enabled(type_);
  dtypeBefore_ = dtype(type_);
  at::autocast::increment_nesting();
  setDtype(type_, precision == Precision::Fp16 ? at::kHalf : at::kBFloat16);
  enable(type_, true);
  if (planned_) c10::impl::tls_set_dispatch_key_included(kPlannedAutocastKey, true);
}

Autocast::~Autocast() {
  if (!on_) return;
  if (planned_) c10::impl::tls_set_dispatch_key_included(kPlannedAutocastKey, before_);
  enable(type_, before_);
  setDtype(type_, dtypeBefore_);
  // The 16-bit copies of the parameters are of one forward pass: the optimizer changes what they were made
  // from.
  if (at::autocast::decrement_nesting() > 0) return;
  at::autocast::clear_cache();
  plannedCopies().clear();
}

Precision Autocast::current(c10::DeviceType type) {
  type = plannedType(type);
  if (!enabled(type)) return Precision::Fp32;
  return dtype(type) == at::kHalf ? Precision::Fp16 : Precision::Bf16;
}

}  // namespace panicle
