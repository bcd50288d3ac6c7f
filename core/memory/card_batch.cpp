#include "core/memory/card_batch.h"

#include <torch/types.h>

#include <numeric>
#include <vector>

#include "core/loader/pipeline.h"
#include "core/transforms/augment_torch.h"

namespace panicle {
namespace {

// For every image what some of a batch have: turned, warped, lit.
std::vector<AugDraw> drawsOf(const AugOptions& options, Size item, int images) {
  Pipeline pipeline{.augment = options};
  pipeline.resize.size = item;
  pipeline.augment->p_affine = pipeline.augment->p_lighting = 1;
  std::vector<std::uint32_t> items(static_cast<std::size_t>(images));
  std::iota(items.begin(), items.end(), 0U);
  const BatchContext context = batchContext(pipeline, Mode::Train, 0, 0, items);
  std::vector<AugDraw> draws;
  for (const std::uint32_t i : items) {
    draws.push_back(drawItem(pipeline, context, i, item));
    draws.back().erase.clear();  // written in place
  }
  return draws;
}

}  // namespace

at::Tensor augmentedBatch(const PlanRequest& request, c10::Device device) {
  const Size item = request.item.value();
  const int images = request.batch.size;
  const torch::Tensor photos =
      torch::empty({images, item.height, item.width, 3}, torch::TensorOptions(device).dtype(torch::kUInt8));
  if (!request.augment) return normalizeBatch(photos, {});
  return augmentBatch(photos, *request.augment, drawsOf(*request.augment, item, images), {});
}

}  // namespace panicle
