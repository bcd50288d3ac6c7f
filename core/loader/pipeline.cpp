#include "core/loader/pipeline.h"

namespace panicle {

void renderItem(const Pipeline& pipeline, const std::filesystem::path& file, Mode mode, std::uint64_t epoch,
                std::uint64_t item, std::span<float> out) {
  RandomStream resizeStream(pipeline.seed, "resize", epoch, item);
  RandomStream augmentStream(pipeline.seed, "augment", epoch, item);
  const ResizePlace place = drawResizePlace(pipeline.resize, mode, resizeStream);
  const AugDraw draw = pipeline.augment ? drawAugment(*pipeline.augment, mode, augmentStream) : AugDraw{};
  const Image image = resize(decodeImage(file, pipeline.decode), pipeline.resize, place);
  augmentAndNormalize(image, draw, pipeline.normalization, out);
}

}  // namespace panicle
