#include "core/models/random_mask.h"

#include "core/models/device.h"

namespace panicle {

at::Tensor RandomMask::draw(const at::Tensor& like, at::IntArrayRef shape, double keep) const {
  const at::Generator generator = makeGenerator(like.device(), seed_);
  return at::empty(shape, like.options()).bernoulli_(keep, generator).div_(keep);
}

torch::Tensor SeededDropoutImpl::forward(torch::Tensor x) {
  if (!is_training() || probability_ == 0) return x;
  return x * draw(x, x.sizes(), 1 - probability_);
}

torch::Tensor DropPathImpl::forward(torch::Tensor x) {
  if (!is_training() || probability_ == 0) return x;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[0] = x.size(0);
  return x * draw(x, shape, 1 - probability_);
}

}  // namespace panicle
