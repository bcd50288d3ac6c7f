// fastai's item transform Resize(size, method, pad_mode): the first half of presizing, exact to the pixel.
// Source: fastai.vision.augment.Resize and CropPad, Pillow's ImagingResample (antialiased bilinear).
#pragma once

#include <array>

#include "core/base/fields.h"
#include "core/base/image.h"
#include "core/base/random.h"
#include "core/base/size.h"

namespace panicle {

enum class ResizeMethod { Squish, Pad, Crop };
enum class PadMode { Zeros, Border, Reflection };

template <>
struct EnumNames<ResizeMethod> {
  static constexpr std::array names{"squish", "pad", "crop"};
};
template <>
struct EnumNames<PadMode> {
  static constexpr std::array names{"zeros", "border", "reflection"};
};

struct ResizeOptions {
  ResizeMethod method = ResizeMethod::Crop;  // fastai's default
  Size size{224, 224};                       // (height, width)
  PadMode pad_mode = PadMode::Reflection;    // of pad
};

std::span<const Field<ResizeOptions>> fieldTable(const ResizeOptions*);

enum class Mode { Train, Valid };  // fastai's split_idx 0 and 1

// Where in the slack the box of crop and pad lies, 0..1 on each axis: .5 at validation, random in training (x
// is drawn first).
struct ResizePlace {
  double x = 0.5;
  double y = 0.5;
};

ResizePlace drawResizePlace(const ResizeOptions& options, Mode mode, RandomStream& stream);

// The part of the source that the result shows, in source pixels; it exceeds the source where pad invents
// pixels.
struct Box {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

Box resizeBox(Size source, const ResizeOptions& options, ResizePlace place);

// The result has exactly options.size.
Image resize(const Image& image, const ResizeOptions& options, ResizePlace place);
// As above into `out`, whose memory is used again.
void resize(const Image& image, const ResizeOptions& options, ResizePlace place, Image& out);

// Pillow's Image.resize(size, BILINEAR), bit for bit: a triangle filter widened by the scale, 22-bit integer
// weights, horizontal pass first, each pass rounded to 8 bits.
Image resizeBilinear(const Image& image, Size size);

}  // namespace panicle
