#include "core/transforms/resize.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/transforms/resample.h"

namespace panicle {
namespace {

void requirePixels(const Image& image, Size size) {
  if (image.width < 1 || image.height < 1) throw Error("an image without pixels cannot be resized");
  if (size.width < 1 || size.height < 1)
    throw Error("an image cannot be resized to " + toString(size) + ": each side must be at least 1");
}

}  // namespace

std::span<const Field<ResizeOptions>> fieldTable(const ResizeOptions*) {
  using O = ResizeOptions;
  static constexpr std::array table{
      field<&O::method>({.name = "method",
                         .label = "Method",
                         .help = "How a photo of another shape becomes the chosen size. crop keeps the "
                                 "proportions and cuts off what is too long "
                                 "(in training at a random place, in validation around the centre); squish "
                                 "keeps the whole photo and bends its "
                                 "proportions; pad keeps both and fills the rest. Crop loses what lies at "
                                 "the edges; try squish when the signs of "
                                 "a class may be anywhere in the photo.",
                         .fastai = "Resize(method=ResizeMethod.Crop | Squish | Pad)"}),
      field<&O::size>({.name = "size",
                       .label = "Size",
                       .help = "Every photo is brought to this height and width. Larger shows finer signs; "
                               "time and memory grow with the area, "
                               "so twice the side costs four times as much. Start small (128), and go up "
                               "once the rest works.",
                       .fastai = "Resize(size), height first",
                       .unit = "px",
                       .min = 1,
                       .max = 8192}),
      field<&O::pad_mode>({.name = "pad_mode",
                           .label = "Padding",
                           .help = "What fills the rest when the method is pad: zeros is black, border "
                                   "stretches the outermost pixels, reflection "
                                   "mirrors the photo at its edges. Reflection looks most like a photo; "
                                   "zeros tells the network clearly where the "
                                   "photo ends. Of no effect with crop and squish.",
                           .fastai = "Resize(pad_mode=PadMode.Zeros | Border | Reflection)"})};
  return table;
}

ResizePlace drawResizePlace(const ResizeOptions& options, Mode mode, RandomStream& stream) {
  ResizePlace place;
  if (mode == Mode::Train && options.method != ResizeMethod::Squish) {
    place.x = stream.uniform();
    place.y = stream.uniform();
  }
  return place;
}

Box resizeBox(Size source, const ResizeOptions& options, ResizePlace place) {
  if (options.method == ResizeMethod::Squish) return {0, 0, source.width, source.height};
  const double across = static_cast<double>(source.width) / options.size.width;
  const double down = static_cast<double>(source.height) / options.size.height;
  const double scale = options.method == ResizeMethod::Pad ? std::max(across, down) : std::min(across, down);
  // int() cuts towards zero, as fastai does: a side may come out a pixel short. At least one pixel stays,
  // where fastai fails.
  Box box;
  box.width = std::max(static_cast<int>(scale * options.size.width), 1);
  box.height = std::max(static_cast<int>(scale * options.size.height), 1);
  box.left = static_cast<int>(place.x * (source.width - box.width));
  box.top = static_cast<int>(place.y * (source.height - box.height));
  return box;
}

void resize(const Image& image, const ResizeOptions& options, ResizePlace place, Image& out) {
  requirePixels(image, options.size);
  const Box box = resizeBox({image.height, image.width}, options, place);
  resampleBox(image, box, options.pad_mode, options.size, out);
}

Image resize(const Image& image, const ResizeOptions& options, ResizePlace place) {
  Image out;
  resize(image, options, place, out);
  return out;
}

Image resizeBilinear(const Image& image, Size size) {
  requirePixels(image, size);
  Image out;
  resampleBox(image, {0, 0, image.width, image.height}, PadMode::Border, size, out);
  return out;
}

}  // namespace panicle
