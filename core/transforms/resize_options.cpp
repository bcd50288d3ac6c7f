#include "core/transforms/resize.h"

namespace panicle {

std::span<const Field<ResizeOptions>> fieldTable(const ResizeOptions*) {
  using O = ResizeOptions;
  static constexpr std::array table{
      field<&O::method>(
          {.name = "method",
           .label = "Method",
           .help = "How a photo of another shape becomes the chosen size. crop keeps the proportions and "
                   "cuts off "
                   "what is too long (in training at a random place, in validation around the centre); "
                   "squish keeps "
                   "the whole photo and bends its proportions; pad keeps both and fills the rest. Crop loses "
                   "what "
                   "lies at the edges; try squish when the signs of a class may be anywhere in the photo. "
                   "random_resized_crop takes a part of random size, shape and place in training and nearly "
                   "all of "
                   "the photo in validation, as ImageNet recipes do; ratio_resize makes the longer side as "
                   "long as "
                   "the longer side of the size and leaves the proportions alone, so that photos come out in "
                   "different sizes and the batch transforms need a size of their own.",
           .fastai = "Resize(method=ResizeMethod.Crop | Squish | Pad), RandomResizedCrop, RatioResize"}),
      field<&O::size>(
          {.name = "size",
           .label = "Size",
           .help = "Every photo is brought to this height and width. Larger shows finer signs; time and "
                   "memory grow with the area, so twice the side costs four times as much. Start small "
                   "(128), and go up once the rest works.",
           .fastai = "Resize(size), height first",
           .unit = "px",
           .min = 1,
           .max = 8192}),
      field<&O::pad_mode>(
          {.name = "pad_mode",
           .label = "Padding",
           .help = "What fills the rest when the method is pad: zeros is black, border stretches the "
                   "outermost pixels, reflection mirrors the photo at its edges. Reflection looks "
                   "most like a photo; zeros tells the network clearly where the photo ends. Of no "
                   "effect with the other methods.",
           .fastai = "Resize(pad_mode=PadMode.Zeros | Border | Reflection)"}),
      field<&O::min_scale>(
          {.name = "min_scale",
           .label = "Smallest part",
           .help = "Of random_resized_crop: the smallest share of the photo's area that training "
                   "may see. 0.08 suits millions of photos; raise it to 0.35 or more when the signs "
                   "of a class are few and could be cut off.",
           .fastai = "RandomResizedCrop(min_scale)",
           .min = 0.0001,
           .max = 1}),
      field<&O::max_scale>(
          {.name = "max_scale",
           .label = "Largest part",
           .help = "Of random_resized_crop: the largest share of the photo's area that training may "
                   "see. Leave it at 1 unless whole photos are to be kept out.",
           .fastai = "RandomResizedCrop(max_scale)",
           .min = 0.0001,
           .max = 1}),
      field<&O::min_ratio>({.name = "min_ratio",
                            .label = "Narrowest shape",
                            .help =
                                "Of random_resized_crop: the smallest width over height of the part that is "
                                "taken, before it is bent to the size.",
                            .fastai = "RandomResizedCrop(ratio=(min, max))",
                            .min = 0.01,
                            .max = 100}),
      field<&O::max_ratio>({.name = "max_ratio",
                            .label = "Widest shape",
                            .help =
                                "Of random_resized_crop: the largest width over height of the part that is "
                                "taken, before it is bent to the size.",
                            .fastai = "RandomResizedCrop(ratio=(min, max))",
                            .min = 0.01,
                            .max = 100}),
      field<&O::val_xtra>(
          {.name = "val_xtra",
           .label = "Cut off in validation",
           .help = "Of random_resized_crop: in validation the whole photo is made larger than the "
                   "size by this share, and its centre is taken. 0 shows the whole photo.",
           .fastai = "RandomResizedCrop(val_xtra)",
           .min = 0,
           .max = 1}),
      field<&O::dct_scale>(
          {.name = "dct_scale",
           .label = "Decode JPEGs smaller",
           .help = "Decodes a JPEG at a half, quarter or eighth where that is still at least as "
                   "large as what is needed, which saves a quarter of the time or more. The pictures then "
                   "differ a little from fastai's: from 480 x 640 to 224 by 2.4 of 255 levels on "
                   "average, in single pixels by up to 48. Leave it off to repeat a notebook's "
                   "figures, and do not change it between training and prediction.",
           .fastai = "none; Pillow calls it draft mode"})};
  return table;
}

std::vector<std::string> check(const ResizeOptions& options) {
  std::vector<std::string> problems;
  if (options.min_scale > options.max_scale)
    problems.emplace_back(
        "min_scale is above max_scale; the smallest part must not be larger than the largest");
  if (options.min_ratio > options.max_ratio)
    problems.emplace_back(
        "min_ratio is above max_ratio; the narrowest shape must not be wider than the widest");
  return problems;
}

}  // namespace panicle
