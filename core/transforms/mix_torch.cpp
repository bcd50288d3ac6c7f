#include "core/transforms/mix_torch.h"

#include <torch/types.h>

#include <stdexcept>

namespace panicle {

torch::Tensor applyMix(const torch::Tensor& images, const MixDraw& draw) {
  const auto count = static_cast<std::size_t>(images.size(0));
  if (images.dim() != 4 || draw.partner.size() != count || draw.share.size() != count) {
    throw std::invalid_argument("applyMix: images must be (B, 3, H, W) and the draw of B images");
  }
  const auto format = images.suggest_memory_format();
  const std::vector<std::int64_t> order(draw.partner.begin(), draw.partner.end());
  const auto partner = torch::tensor(order, torch::kInt64).to(images.device());
  if (!draw.box) {
    const auto share = torch::tensor(draw.share).to(images.device(), images.scalar_type()).view({-1, 1, 1, 1});
    return torch::lerp(images.index_select(0, partner).contiguous(format), images, share);
  }
  const auto& box = *draw.box;
  auto mixed = images.clone(format);
  const auto pasted = images.slice(2, box.y1, box.y2).slice(3, box.x1, box.x2).index_select(0, partner);
  mixed.slice(2, box.y1, box.y2).slice(3, box.x1, box.x2).copy_(pasted);
  return mixed;
}

}  // namespace panicle
