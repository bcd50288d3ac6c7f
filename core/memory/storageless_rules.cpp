#include "core/memory/storageless_rules.h"

#include <ATen/EmptyTensor.h>
#include <torch/types.h>

namespace panicle {
namespace {

at::Scalar anyNumber(const at::Tensor& tensor) {
  return tensor.is_floating_point() ? at::Scalar(1.0) : at::Scalar(0);
}

// In place, like others that the fallback leaves alone; but torch has one kernel of it for all devices, which
// comes before a fallback.
at::Tensor& copyInto(at::Tensor& self, const at::Tensor&, bool) {
  return self;
}

}  // namespace

at::Tensor unset(at::IntArrayRef sizes, at::ScalarType type, at::MemoryFormat format) {
  return at::detail::empty_cpu(sizes, type, /*pin_memory=*/false, format);
}

at::Tensor unsetLike(const at::Tensor& like) {
  return unsetLike(like, like.scalar_type());
}

at::Tensor unsetLike(const at::Tensor& like, at::ScalarType type) {
  if (like.is_non_overlapping_and_dense())
    return at::detail::empty_strided_cpu(like.sizes(), like.strides(), type);
  return at::empty_like(like, like.options().dtype(type));
}

at::Tensor room(std::int64_t numbers, at::ScalarType type) {
  return unset({numbers}, type);
}

void addSharedRules(torch::Library& rules) {
  rules.impl("_local_scalar_dense", anyNumber);
  rules.impl("copy_", copyInto);
  rules.impl("abs", [](const at::Tensor& x) {
    return unsetLike(x);
  });  // likewise one for all devices, by way of abs.out
}

}  // namespace panicle
