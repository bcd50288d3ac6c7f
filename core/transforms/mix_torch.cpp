#include "core/transforms/mix_torch.h"

#include <torch/types.h>

#include <stdexcept>

namespace panicle {
namespace {

// Images as rows in the order of their memory: torch picks and blends those several times faster than channels-last images.
torch::Tensor mixUp(const torch::Tensor& images, const torch::Tensor& partner, const torch::Tensor& share) {
  const bool channelsLast = images.suggest_memory_format() == torch::MemoryFormat::ChannelsLast;
  const auto inOrder = channelsLast ? images.permute({0, 2, 3, 1}) : images;
  const auto rows = inOrder.flatten(1);
  const auto mixed = torch::lerp(rows.index_select(0, partner), rows, share.unsqueeze(1)).view(inOrder.sizes());
  return channelsLast ? mixed.permute({0, 3, 1, 2}) : mixed;
}

}  // namespace

torch::Tensor applyMix(const torch::Tensor& images, const MixDraw& draw) {
  const auto count = static_cast<std::size_t>(images.size(0));
  if (images.dim() != 4 || draw.partner.size() != count || draw.share.size() != count) {
    throw std::invalid_argument("applyMix: images must be (B, 3, H, W) and the draw of B images");
  }
  const std::vector<std::int64_t> order(draw.partner.begin(), draw.partner.end());
  const auto partner = torch::tensor(order, torch::kInt64).to(images.device());
  if (!draw.box) return mixUp(images, partner, torch::tensor(draw.share).to(images.device(), images.scalar_type()));
  const auto& box = *draw.box;
  auto mixed = images.clone(images.suggest_memory_format());
  const auto pasted = images.slice(2, box.y1, box.y2).slice(3, box.x1, box.x2).index_select(0, partner);
  mixed.slice(2, box.y1, box.y2).slice(3, box.x1, box.x2).copy_(pasted);
  return mixed;
}

}  // namespace panicle
