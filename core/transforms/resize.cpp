#include "core/transforms/resize.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/transforms/resample.h"

namespace panicle {
namespace {

void requirePixels(const Image& image, Size size) {
  if (image.width < 1 || image.height < 1) throw Error("an image without pixels cannot be resized");
  if (size.width < 1 || size.height < 1)
    throw Error("an image cannot be resized to " + toString(size) + ": each side must be at least 1");
}

Box whole(Size size) {
  return {0, 0, size.width, size.height};
}

// The box with the shape of `size` that lies within the source and touches it (crop), or the other way round
// (pad).
Box shapedBox(Size source, Size size, bool pad, double x, double y) {
  const double across = static_cast<double>(source.width) / size.width;
  const double down = static_cast<double>(source.height) / size.height;
  const double scale = pad ? std::max(across, down) : std::min(across, down);
  // int() cuts towards zero, as fastai does: a side may come out a pixel short. At least one pixel stays,
  // where fastai fails.
  Box box;
  box.width = std::max(static_cast<int>(scale * size.width), 1);
  box.height = std::max(static_cast<int>(scale * size.height), 1);
  box.left = static_cast<int>(x * (source.width - box.width));
  box.top = static_cast<int>(y * (source.height - box.height));
  return box;
}

// What random_resized_crop's validation adds to both sides before it cuts out the centre.
int extraSide(const ResizeOptions& options) {
  const int longer = std::max(options.size.height, options.size.width);
  return static_cast<int>(std::ceil(longer * options.val_xtra / 8)) * 8;
}

// What is resampled, to which size, and how much of each side of the result is then cut off.
struct Plan {
  Box box;
  Size size;
  int margin = 0;
};

Plan planOf(const ResizeOptions& options, Size source, const ResizeDraw& draw) {
  const Size size = resizedSize(options, source);
  switch (options.method) {
    case ResizeMethod::Squish:
      break;
    case ResizeMethod::Pad:
    case ResizeMethod::Crop:
    case ResizeMethod::RatioResize:  // fastai crops what int() took from the shorter side
      return {shapedBox(source, size, options.method == ResizeMethod::Pad, draw.x, draw.y), size, 0};
    case ResizeMethod::RandomResizedCrop: {
      if (draw.box) return {*draw.box, size, 0};
      const int extra = extraSide(options);
      return {whole(source), {size.height + extra, size.width + extra}, extra / 2};
    }
  }
  return {whole(source), size, 0};
}

void cutMargin(const Image& image, int margin, Size size, Image& out) {
  out.width = size.width;
  out.height = size.height;
  out.pixels.resize(std::size_t{3} * size.width * size.height);
  for (int y = 0; y < size.height; ++y) {
    const auto row =
        image.pixels.begin() + 3 * (static_cast<std::ptrdiff_t>(y + margin) * image.width + margin);
    std::copy_n(row, 3 * size.width, out.pixels.begin() + 3 * static_cast<std::ptrdiff_t>(y) * size.width);
  }
}

// Python's round(): halves go to the even neighbour, as in the default rounding mode.
int roundHalfToEven(double value) {
  return static_cast<int>(std::nearbyint(value));
}

}  // namespace

ResizeDraw drawResize(const ResizeOptions& options, Size source, Mode mode, RandomStream& stream) {
  ResizeDraw draw;
  if (mode == Mode::Valid || options.method == ResizeMethod::Squish) return draw;
  if (options.method == ResizeMethod::RandomResizedCrop) {
    const CropNumbers numbers{
        [&](double low, double high) { return stream.uniform(low, high); },
        [&](int low, int high) {
          return low + static_cast<int>(stream.below(static_cast<std::uint64_t>(high - low) + 1));
        }};
    draw.box = randomResizedCropBox(options, source, numbers);
  } else {
    draw.x = stream.uniform();
    draw.y = stream.uniform();
  }
  return draw;
}

Box randomResizedCropBox(const ResizeOptions& options, Size source, const CropNumbers& numbers) {
  constexpr int kTries = 10;
  const auto [height, width] = source;
  Box box;
  for (int i = 0; i < kTries; ++i) {
    const double area = numbers.uniform(options.min_scale, options.max_scale) * width * height;
    const double ratio = std::exp(numbers.uniform(std::log(options.min_ratio), std::log(options.max_ratio)));
    // A tiny photo may lead to no pixel, with which fastai fails.
    box.width = std::max(roundHalfToEven(std::sqrt(area * ratio)), 1);
    box.height = std::max(roundHalfToEven(std::sqrt(area / ratio)), 1);
    if (box.width > width || box.height > height) continue;
    box.left = numbers.integer(0, width - box.width);
    box.top = numbers.integer(0, height - box.height);
    return box;
  }
  box = whole(source);
  const double ratio = static_cast<double>(width) / height;
  if (ratio < options.min_ratio) box.height = std::max(static_cast<int>(width / options.min_ratio), 1);
  if (ratio > options.max_ratio) box.width = std::max(static_cast<int>(height * options.max_ratio), 1);
  box.left = (width - box.width) / 2;
  box.top = (height - box.height) / 2;
  return box;
}

Size resizedSize(const ResizeOptions& options, Size source) {
  if (options.method != ResizeMethod::RatioResize || source.width < 1 || source.height < 1)
    return options.size;
  const int longer = std::max(options.size.height, options.size.width);
  const auto shortened = [&](int length, int of) {
    return std::max(static_cast<int>(static_cast<double>(length) * longer / of), 1);
  };
  if (source.width >= source.height) return {shortened(source.height, source.width), longer};
  return {longer, shortened(source.width, source.height)};
}

Box resizeBox(Size source, const ResizeOptions& options, const ResizeDraw& draw) {
  const Plan plan = planOf(options, source, draw);
  if (plan.margin == 0) return plan.box;
  const double across = static_cast<double>(source.width) / plan.size.width;
  const double down = static_cast<double>(source.height) / plan.size.height;
  const auto toSource = [](int length, double scale) {
    return static_cast<int>(std::lround(length * scale));
  };
  return {toSource(plan.margin, across), toSource(plan.margin, down), toSource(options.size.width, across),
          toSource(options.size.height, down)};
}

int jpegReduction(const ResizeOptions& options, Size source, const ResizeDraw& draw) {
  if (!options.dct_scale) return 1;
  const Plan plan = planOf(options, source, draw);
  int reduction = 8;
  while (reduction > 1 &&
         (plan.box.width < reduction * plan.size.width || plan.box.height < reduction * plan.size.height)) {
    reduction /= 2;
  }
  return reduction;
}

void resizeReduced(const Image& image, Size source, int reduction, const ResizeOptions& options,
                   const ResizeDraw& draw, Image& out) {
  requirePixels(image, options.size);
  const Plan plan = planOf(options, source, draw);
  if (plan.margin == 0) {
    resampleBox(image, plan.box, reduction, options.pad_mode, plan.size, out);
    return;
  }
  Image larger;
  resampleBox(image, plan.box, reduction, options.pad_mode, plan.size, larger);
  cutMargin(larger, plan.margin, options.size, out);
}

void resize(const Image& image, const ResizeOptions& options, const ResizeDraw& draw, Image& out) {
  resizeReduced(image, {image.height, image.width}, 1, options, draw, out);
}

Image resize(const Image& image, const ResizeOptions& options, const ResizeDraw& draw) {
  Image out;
  resize(image, options, draw, out);
  return out;
}

Image resizeBilinear(const Image& image, Size size) {
  requirePixels(image, size);
  Image out;
  resampleBox(image, whole({image.height, image.width}), 1, PadMode::Border, size, out);
  return out;
}

}  // namespace panicle
