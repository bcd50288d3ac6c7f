// fastai's item transforms Resize(size, method, pad_mode), RandomResizedCrop and RatioResize: the first half
// of presizing, exact to the pixel. A draw of random parameters, and the application of given ones. Source:
// fastai.vision.augment (Resize, RandomResizedCrop, RatioResize, CropPad) 2.7.13, Pillow's ImagingResample
// (antialiased bilinear).
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/base/image.h"
#include "core/base/random.h"
#include "core/base/size.h"

namespace panicle {

enum class ResizeMethod { Squish, Pad, Crop, RandomResizedCrop, RatioResize };
enum class PadMode { Zeros, Border, Reflection };

template <>
struct EnumNames<ResizeMethod> {
  static constexpr std::array names{"squish", "pad", "crop", "random_resized_crop", "ratio_resize"};
};
template <>
struct EnumNames<PadMode> {
  static constexpr std::array names{"zeros", "border", "reflection"};
};

struct ResizeOptions {
  ResizeMethod method = ResizeMethod::Crop;  // fastai's default
  Size size{224, 224};  // (height, width); of ratio_resize the longer side of both is taken
  PadMode pad_mode = PadMode::Reflection;  // of pad
  // Of random_resized_crop: shares of the photo's area, width over height, and the share of the size that
  // validation cuts off.
  double min_scale = 0.08;
  double max_scale = 1.0;
  double min_ratio = 3.0 / 4.0;
  double max_ratio = 4.0 / 3.0;
  double val_xtra = 0.14;
  bool dct_scale = false;  // JPEGs may be decoded at a half, quarter or eighth; see jpegReduction()
};

std::span<const Field<ResizeOptions>> fieldTable(const ResizeOptions*);

// What no single field shows (min_scale above max_scale ...); each problem begins with the field's name.
std::vector<std::string> check(const ResizeOptions& options);

enum class Mode { Train, Valid };  // fastai's split_idx 0 and 1

// A part of an image, in pixels. It exceeds the image where pad invents pixels.
struct Box {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  friend bool operator==(const Box&, const Box&) = default;
};

// The random choices for one image. The default is what validation sees, with every method.
struct ResizeDraw {
  // Of crop, pad and ratio_resize: where in the slack the box lies, 0..1 on each axis.
  double x = 0.5;
  double y = 0.5;
  // Of random_resized_crop: what is kept of the source. nullopt: validation's rule, the whole source made
  // larger than the size by val_xtra and the centre of that.
  std::optional<Box> box = std::nullopt;
};

// For a source of `source` pixels. Nothing is drawn by squish nor in Mode::Valid. (fastai's RatioResize
// places its box at random in validation too; here validation is always repeatable.)
ResizeDraw drawResize(const ResizeOptions& options, Size source, Mode mode, RandomStream& stream);

// Where RandomResizedCrop takes its numbers from.
struct CropNumbers {
  std::function<double(double low, double high)> uniform;
  std::function<int(int low, int high)> integer;  // both ends are possible
};
// RandomResizedCrop's box in training: ten tries, then the largest centred box of an allowed shape.
Box randomResizedCropBox(const ResizeOptions& options, Size source, const CropNumbers& numbers);

// The size of the result: options.size, but for ratio_resize that of the source with its longer side made as
// long as the longer side of options.size.
Size resizedSize(const ResizeOptions& options, Size source);

// The part of the source that the result shows; to the nearest pixel in random_resized_crop's validation.
Box resizeBox(Size source, const ResizeOptions& options, const ResizeDraw& draw);

// The result has exactly resizedSize().
Image resize(const Image& image, const ResizeOptions& options, const ResizeDraw& draw);
// As above into `out`, whose memory is used again.
void resize(const Image& image, const ResizeOptions& options, const ResizeDraw& draw, Image& out);

// By how much a JPEG of `source` pixels may be reduced while it is decoded, so that resizing it afterwards
// never enlarges: 8, 4 or 2; 1 without options.dct_scale. The result differs a little from the exact one: see
// docs/transforms.md.
int jpegReduction(const ResizeOptions& options, Size source, const ResizeDraw& draw);

// As resize() for an image that was reduced by `reduction` from a source of `source` pixels: pixel (x, y) of
// `image` stands for the square of that side at (reduction * x, reduction * y). The same as resize() for a
// reduction of 1.
void resizeReduced(const Image& image, Size source, int reduction, const ResizeOptions& options,
                   const ResizeDraw& draw, Image& out);

// Pillow's Image.resize(size, BILINEAR), bit for bit: a triangle filter widened by the scale, 22-bit integer
// weights, horizontal pass first, each pass rounded to 8 bits.
Image resizeBilinear(const Image& image, Size size);

}  // namespace panicle
