#include "core/loader/pipeline.h"

#include <algorithm>

namespace panicle {
namespace {

AugDraw drawOwn(const Pipeline& pipeline, const BatchContext& context, std::uint64_t item, Size size) {
  const AugOptions& options = *pipeline.augment;
  RandomStream stream = options.batch
                            ? RandomStream(pipeline.seed, "augment-batch", context.epoch, context.batch)
                            : RandomStream(pipeline.seed, "augment", context.epoch, item);
  return drawAugment(options, augmentedSize(options, size), context.mode, stream);
}

Box drawOwnCrop(const Pipeline& pipeline, const BatchContext& context, std::uint64_t item, Size size) {
  const AugOptions& options = *pipeline.augment;
  if (!options.crops()) return {0, 0, size.width, size.height};
  const RandomStream stream = options.engine == AugEngine::Fastai
                                  ? RandomStream(pipeline.seed, "crop", context.epoch, context.batch)
                                  : RandomStream(pipeline.seed, "crop-item", context.epoch, item);
  return drawCrop(options, size, context.mode, stream);
}

}  // namespace

BatchContext batchContext(const Pipeline& pipeline, Mode mode, std::uint64_t epoch, std::uint64_t batch,
                          std::span<const std::uint32_t> items) {
  BatchContext context{.mode = mode, .epoch = epoch, .batch = batch};
  // The fused engine has a filter of its own; and items of many sizes, as ratio_resize leaves, have no
  // coordinates in common.
  const bool asked = pipeline.augment && pipeline.augment->engine == AugEngine::Fastai &&
                     pipeline.resize.method != ResizeMethod::RatioResize;
  if (!asked || items.empty()) return context;
  const Size size = pipeline.resize.size;
  double low = 1, high = -1;
  for (const std::uint32_t item : items) {
    const AugDraw draw = drawOwn(pipeline, context, item, size);
    const CoordinateExtent extent = coordinateExtent(*pipeline.augment, size, draw);
    low = std::min(low, extent.low);
    high = std::max(high, extent.high);
  }
  context.coordinate_range = high - low;
  return context;
}

ResizeDraw drawItemResize(const Pipeline& pipeline, const BatchContext& context, std::uint64_t item,
                          Size source) {
  RandomStream stream(pipeline.seed, "resize", context.epoch, item);
  return drawResize(pipeline.resize, source, context.mode, stream);
}

void decodeSource(const Pipeline& pipeline, const std::filesystem::path& file, const BatchContext& context,
                  std::uint64_t item, SourceImage& out) {
  const EncodedImage photo(file, pipeline.decode);
  out.size = photo.size();
  const ResizeDraw draw = drawItemResize(pipeline, context, item, out.size);
  out.reduction = photo.decode(jpegReduction(pipeline.resize, out.size, draw), out.image);
}

void resizeSource(const Pipeline& pipeline, const SourceImage& source, const BatchContext& context,
                  std::uint64_t item, Image& out) {
  const ResizeDraw draw = drawItemResize(pipeline, context, item, source.size);
  resizeReduced(source.image, source.size, source.reduction, pipeline.resize, draw, out);
}

void loadItem(const Pipeline& pipeline, const std::filesystem::path& file, const BatchContext& context,
              std::uint64_t item, Image& out) {
  thread_local SourceImage source;  // memory for a photo costs more than its resizing
  decodeSource(pipeline, file, context, item, source);
  resizeSource(pipeline, source, context, item, out);
}

AugDraw drawItem(const Pipeline& pipeline, const BatchContext& context, std::uint64_t item, Size size) {
  AugDraw draw;
  draw.crop = {0, 0, size.width, size.height};
  if (!pipeline.augment) return draw;
  draw = drawOwn(pipeline, context, item, size);
  draw.crop = drawOwnCrop(pipeline, context, item, size);
  draw.coordinate_range = context.coordinate_range;
  return draw;
}

void finishItem(const Pipeline& pipeline, const Image& image, const AugDraw& draw, std::span<float> out) {
  if (pipeline.augment) {
    augment(image, *pipeline.augment, draw, pipeline.normalization, out);
  } else {
    normalize(image, pipeline.normalization, out);
  }
}

void renderItem(const Pipeline& pipeline, const std::filesystem::path& file, const BatchContext& context,
                std::uint64_t item, std::span<float> out) {
  thread_local Image image;  // every image of a run has its size
  loadItem(pipeline, file, context, item, image);
  const AugDraw draw = drawItem(pipeline, context, item, {image.height, image.width});
  finishItem(pipeline, image, draw, out);
}

}  // namespace panicle
