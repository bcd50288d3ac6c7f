#include "core/loader/batch_tensor.h"

#include <torch/types.h>

#include "core/transforms/augment_torch.h"

namespace panicle {
namespace {

torch::Tensor pixelsTensor(const Batch& batch, torch::Device device) {
  const std::int64_t height = batch.size.height;
  const std::int64_t width = batch.size.width;
  const auto pixels =
      torch::from_blob(const_cast<float*>(batch.pixels.data()), {batch.count, 3, height, width},
                       {3 * height * width, 1, 3 * width, 3}, torch::kFloat32);
  return device.is_cpu() ? pixels : pixels.to(device);
}

torch::Tensor itemsTensor(const Batch& batch, torch::Device device) {
  const auto items =
      torch::from_blob(const_cast<std::uint8_t*>(batch.item_pixels.data()),
                       {batch.count, batch.item_size.height, batch.item_size.width, 3}, torch::kUInt8);
  if (device.is_cpu()) return items;
  // From pinned memory the copy goes on while the batch's buffers are filled again.
  return device.is_cuda() ? items.pin_memory().to(device, /*non_blocking=*/true) : items.to(device);
}

}  // namespace

torch::Tensor batchTensor(const Batch& batch, const Pipeline& pipeline, torch::Device device) {
  if (batch.draws.empty()) return pixelsTensor(batch, device);
  const torch::Tensor items = itemsTensor(batch, device);
  if (!pipeline.augment) return normalizeBatch(items, pipeline.normalization);
  return augmentBatch(items, *pipeline.augment, batch.draws, pipeline.normalization);
}

}  // namespace panicle
