// fastai's aug_transforms and Normalize on the CPU, one image at a time: a draw of random parameters, and the
// application of given ones. Source: fastai.vision.augment (AffineCoordTfm, _WarpCoord, RandomResizedCropGPU,
// LightingTfm, HSVTfm, RandomErasing, aug_transforms) and fastai.data.transforms.Normalize, 2.7.13.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/image.h"
#include "core/base/random.h"
#include "core/transforms/aug_options.h"
#include "core/transforms/resize.h"

namespace panicle {

// A box that RandomErasing fills with noise: rows [top, top + height) and columns [left, left + width) of the
// result.
struct EraseBox {
  Box box;
  std::uint64_t seed = 0;  // of the noise
};

// The random choices for one image. A value that was masked off is the neutral one, which is the default
// here.
struct AugDraw {
  // fastai's dihedral_mat: 0 none, 1 left-right flip, 2 upside down, 3 to 7 with a quarter turn.
  int dihedral = 0;
  float rotate = 0;     // degrees
  float zoom = 1;       // above 1: closer
  float zoom_x = 0.5f;  // centre of the zoom, 0..1
  float zoom_y = 0.5f;
  float warp_x = 0;  // perspective, as _WarpCoord's draw_x and draw_y
  float warp_y = 0;
  float brightness = 0.5f;  // 0..1
  float contrast = 1;
  float saturation = 1;
  float hue = 0;  // added to the hue, 1 is the full circle
  std::vector<EraseBox> erase;
  // The part of the item that is kept, in item pixels. Empty: all of it.
  Box crop;
  // Largest minus smallest sampling coordinate among all images of the batch: fastai's _grid_sample decides
  // by it whether it averages areas first. 2 when nothing moves. See coordinateExtent().
  double coordinate_range = 2;
};

// The image's own choices, drawn in fastai's order. Nothing is drawn, all stays neutral, in Mode::Valid.
// `crop` and `coordinate_range`, which concern the batch as well, are left to the two functions below;
// `erase` needs the size of the result.
AugDraw drawAugment(const AugOptions& options, Size result, Mode mode, RandomStream& stream);

// The box of RandomResizedCropGPU on an item of `item`, from a stream of the batch (engine fastai) or of the
// image (fused). In Mode::Valid: fastai's centred largest square; the whole item for the fused engine.
Box drawCrop(const AugOptions& options, Size item, Mode mode, RandomStream stream);

// AugDraw::crop, or the whole item where it is empty.
Box keptBox(const AugDraw& draw, Size item);

// The smallest and largest sampling coordinate of one image, from which AugDraw::coordinate_range of a batch
// follows.
struct CoordinateExtent {
  double low = -1;
  double high = 1;
};
CoordinateExtent coordinateExtent(const AugOptions& options, Size item, const AugDraw& draw);

// Per channel, of values in [0, 1].
struct Normalization {
  std::array<float, 3> mean{0.485f, 0.456f, 0.406f};  // ImageNet
  std::array<float, 3> std{0.229f, 0.224f, 0.225f};
};

constexpr Normalization kNoNormalization{{0, 0, 0}, {1, 1, 1}};

// The size of the result.
Size augmentedSize(const AugOptions& options, Size item);

// uint8 HWC -> float32 HWC, normalised; `out` has 3 * height * width floats of augmentedSize(). Values that
// no transform touches are exactly (byte / 255 - mean) / std in float.
void augment(const Image& image, const AugOptions& options, const AugDraw& draw,
             const Normalization& normalization, std::span<float> out);

// /255, (x - mean) / std alone: no batch transform.
void normalize(const Image& image, const Normalization& normalization, std::span<float> out);

}  // namespace panicle
