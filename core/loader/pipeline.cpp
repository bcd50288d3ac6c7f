#include "core/loader/pipeline.h"

namespace panicle {

void renderItem(const Pipeline& pipeline, const std::filesystem::path& file, Mode mode, std::uint64_t epoch,
                std::uint64_t item, std::span<float> out) {
  RandomStream resizeStream(pipeline.seed, "resize", epoch, item);
  RandomStream augmentStream(pipeline.seed, "augment", epoch, item);
  const ResizePlace place = drawResizePlace(pipeline.resize, mode, resizeStream);
  const AugDraw draw = pipeline.augment ? drawAugment(*pipeline.augment, mode, augmentStream) : AugDraw{};
  thread_local Image resized;  // every image of a run has its size; new memory for each would cost as much as the flip
  resize(decodeImage(file, pipeline.decode), pipeline.resize, place, resized);
  augmentAndNormalize(resized, draw, pipeline.normalization, out);
}

}  // namespace panicle
