// From a file to what the network sees: decode, item transform, batch transform, normalisation. One
// implementation for training, validation, test and preview.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "core/data/decode.h"
#include "core/transforms/augment.h"
#include "core/transforms/resize.h"

namespace panicle {

struct Pipeline {
  DecodeOptions decode;
  ResizeOptions resize;
  std::optional<AugOptions> augment;  // nullopt: no batch transform
  Normalization normalization;
  std::uint64_t seed = 42;  // of the run; all draws are a function of (seed, epoch, batch, item)

  Size outputSize() const { return augment ? augmentedSize(*augment, resize.size) : resize.size; }
};

// What all images of a batch share. fastai's batch transforms draw one crop box for a batch, and its area
// prefilter asks for the coordinates of the whole batch, so a picture is a function of its batch too.
struct BatchContext {
  Mode mode = Mode::Valid;
  std::uint64_t epoch = 0;  // counted over the whole run
  std::uint64_t batch = 0;  // its place in the epoch
  double coordinate_range = 2;
};

// `items` are the batch's indices in the data set.
BatchContext batchContext(const Pipeline& pipeline, Mode mode, std::uint64_t epoch, std::uint64_t batch,
                          std::span<const std::uint32_t> items);

// The three steps of renderItem(), for a preview that repeats the last one. Throw Error naming the file.
void loadItem(const Pipeline& pipeline, const std::filesystem::path& file, const BatchContext& context,
              std::uint64_t item, Image& out);

// loadItem()'s two halves, between which the presize cache keeps photos.
struct SourceImage {
  Image image;
  Size size;          // of the photo
  int reduction = 1;  // by which it was reduced while it was decoded (ResizeOptions::dct_scale)
};
void decodeSource(const Pipeline& pipeline, const std::filesystem::path& file, const BatchContext& context,
                  std::uint64_t item, SourceImage& out);
void resizeSource(const Pipeline& pipeline, const SourceImage& source, const BatchContext& context,
                  std::uint64_t item, Image& out);

// The parameters of the item transform for a photo of `source`.
ResizeDraw drawItemResize(const Pipeline& pipeline, const BatchContext& context, std::uint64_t item,
                          Size source);
// The parameters of an item whose picture came out of loadItem() with size `size`.
AugDraw drawItem(const Pipeline& pipeline, const BatchContext& context, std::uint64_t item, Size size);
// `image` as loadItem() left it, `out` as renderItem() takes it.
void finishItem(const Pipeline& pipeline, const Image& image, const AugDraw& draw, std::span<float> out);

// Writes the item's 3 * height * width floats, HWC, of pipeline.outputSize(). `item` is its index in the data
// set. Throws Error naming the file.
void renderItem(const Pipeline& pipeline, const std::filesystem::path& file, const BatchContext& context,
                std::uint64_t item, std::span<float> out);

}  // namespace panicle
