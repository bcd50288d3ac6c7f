#include "core/transforms/augment.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/transforms/geometry.h"
#include "core/transforms/sampling.h"

namespace panicle {
namespace {

// The normalised value of each byte in each channel, computed as IntToFloat and Normalize do, in float.
using Table = std::array<std::array<float, 256>, 3>;

Table normalizedBytes(const Normalization& normalization) {
  Table table;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (int byte = 0; byte < 256; ++byte) {
      table[channel][byte] =
          (static_cast<float>(byte) / 255.0f - normalization.mean[channel]) / normalization.std[channel];
    }
  }
  return table;
}

void normalizeBytes(const Image& image, bool flip, const Normalization& normalization, float* to) {
  const Table table = normalizedBytes(normalization);
  const std::ptrdiff_t step = flip ? -3 : 3;
  const std::uint8_t* row = image.pixels.data();
  for (int y = 0; y < image.height; ++y, row += 3 * static_cast<std::ptrdiff_t>(image.width)) {
    const std::uint8_t* pixel = flip ? row + 3 * static_cast<std::ptrdiff_t>(image.width - 1) : row;
    for (int x = 0; x < image.width; ++x, pixel += step, to += 3) {
      to[0] = table[0][pixel[0]];
      to[1] = table[1][pixel[1]];
      to[2] = table[2][pixel[2]];
    }
  }
}

float logit(float x) {
  return -std::log(1 / std::clamp(x, 1e-7f, 1 - 1e-7f) - 1);
}

// fastai's rgb2hsv, a turn of the hue, and hsv2rgb, of one pixel.
void turnHue(float* rgb, float turn) {
  const float r = rgb[0], g = rgb[1], b = rgb[2];
  const float most = std::max({r, g, b});
  const float range = most - std::min({r, g, b});
  const float divisor = range == 0 ? 1 : range;
  const float fromR = (most - r) / divisor, fromG = (most - g) / divisor, fromB = (most - b) / divisor;
  float hue = most == r ? fromB - fromG : (most == g ? 2 + fromR - fromB : 4 + fromG - fromR);
  hue = std::fmod(hue / 6 + 1, 1.0f) + turn;
  hue -= std::floor(hue);
  const float saturation = range / (range == 0 ? 1 : most);
  const float sector = std::floor(hue * 6);
  const float part = hue * 6 - sector;
  const auto unit = [](float value) { return std::clamp(value, 0.0f, 1.0f); };
  const float p = unit(most * (1 - saturation));
  const float q = unit(most * (1 - saturation * part));
  const float t = unit(most * (1 - saturation * (1 - part)));
  const std::array<std::array<float, 3>, 6> sectors{
      {{most, t, p}, {q, most, p}, {p, most, t}, {p, q, most}, {t, p, most}, {most, p, q}}};
  std::copy_n(sectors[static_cast<std::size_t>(sector) % 6].begin(), 3, rgb);
}

// From RGBX samples, 0..255, to normalised RGB: what happens to a value wherever it lies.
class Finish {
 public:
  Finish(const AugDraw& draw, const Normalization& normalization)
      : kernels_(augmentKernels()),
        change_{logit(draw.brightness), draw.contrast},
        saturation_(draw.saturation),
        hue_(draw.hue) {
    relit_ = draw.brightness != 0.5f || draw.contrast != 1;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      factor_[channel] = 1 / normalization.std[channel];
      offset_[channel] = -normalization.mean[channel] / normalization.std[channel];
    }
  }

  void operator()(const float* row, int width, float* rgb) const {
    kernels_.narrow(row, width, 1.0f / 255.0f, rgb);
    if (saturation_ != 1) {
      kernels_.toLogit(rgb, 3 * width, change_);
      saturate(rgb, width);
      kernels_.fromLogit(rgb, 3 * width);
    } else if (relit_) {
      kernels_.relight(rgb, 3 * width, change_);
    }
    if (hue_ != 0) {
      for (int x = 0; x < width; ++x) turnHue(rgb + 3 * x, hue_);
    }
    kernels_.scaleChannels(rgb, width, factor_, offset_);
  }

 private:
  void saturate(float* rgb, int width) const {
    for (float* pixel = rgb; pixel != rgb + 3 * static_cast<std::ptrdiff_t>(width); pixel += 3) {
      const float grey = (pixel[0] * 0.2989f + pixel[1] * 0.5870f + pixel[2] * 0.1140f) * (1 - saturation_);
      for (int channel = 0; channel < 3; ++channel) pixel[channel] = pixel[channel] * saturation_ + grey;
    }
  }

  const AugmentKernels& kernels_;
  LogitChange change_;
  float saturation_;
  float hue_;
  bool relit_ = false;
  std::array<float, 3> factor_{};
  std::array<float, 3> offset_{};
};

// Memory for the work on one image, kept by each thread.
struct Workspace {
  Places places;
  std::vector<float> row;    // samples
  std::vector<float> mixed;  // the mean of several
  FloatImage reduced;
};

Workspace& workspace(std::size_t samples) {
  thread_local Workspace space;
  if (space.row.size() < 4 * samples) space.row.resize(4 * samples);
  return space;
}

float* resultRow(std::span<float> out, Size result, int y) {
  return out.data() + 3 * static_cast<std::size_t>(y) * result.width;
}

// fastai's one interpolation of flip, rotation, zoom and warp, from `source`, whose proportions are the
// item's.
Mapping affineMapping(const AugOptions& options, const AugDraw& draw, Size item, Size source) {
  Mapping mapping;
  mapping.affine = affineMatrix(draw, item);
  mapping.warped = isWarped(draw);
  if (mapping.warped) mapping.warp = warpCoefficients(draw);
  mapping.source = source;
  mapping.pad = options.pad_mode;
  mapping.align_corners = options.align_corners;
  const auto half = [&](int side) { return static_cast<float>(options.align_corners ? side - 1 : side) / 2; };
  mapping.scale_x = half(source.width);
  mapping.scale_y = half(source.height);
  mapping.shift_x = mapping.shift_y = options.align_corners ? 0.0f : -0.5f;
  return mapping;
}

// What the affine step reads: the item, or its averaged areas.
Picture affineSource(const Image& image, const AugOptions& options, const AugDraw& draw, Size output,
                     FloatImage& reduced) {
  const auto area = areaPrefilter({image.height, image.width}, output, draw.coordinate_range);
  if (!area || options.mode != SampleMode::Bilinear) return pictureOf(image);
  reduceAreas(image, *area, reduced);
  return reduced.picture();
}

// The rows of the affine step at the item's size, as RGBX. Where nothing moves they are the item's own,
// exactly.
class MovedRows {
 public:
  MovedRows(const Image& image, const AugOptions& options, const AugDraw& draw, Workspace& space)
      : image_(image), mode_(options.mode), space_(space) {
    const Size item{image.height, image.width};
    source_ = affineSource(image, options, draw, item, space.reduced);
    moved_ = isAffine(draw) || isWarped(draw) || source_.size != item;
    if (!moved_) return;
    mapping_ = affineMapping(options, draw, item, source_.size);
    x_ = gridPositions(item.width, options.align_corners);
    y_ = gridPositions(item.height, options.align_corners);
  }

  // `count` pixels of row `y` from column `left` on.
  void fill(int y, int left, int count, float* row) const {
    if (moved_) {
      sampleRow(source_, mapping_, mode_, x_.data() + left, y_[y], count, space_.places, row);
    } else {
      augmentKernels().widen(image_.pixels.data() + 3 * (static_cast<std::size_t>(y) * image_.width + left),
                             count, row);
    }
  }

 private:
  const Image& image_;
  SampleMode mode_;
  Workspace& space_;
  Picture source_;
  bool moved_ = false;
  Mapping mapping_;
  std::vector<float> x_, y_;
};

void warpSameSize(const Image& image, const AugOptions& options, const AugDraw& draw, const Finish& finish,
                  std::span<float> out) {
  const Size item{image.height, image.width};
  Workspace& space = workspace(static_cast<std::size_t>(image.width));
  const MovedRows rows(image, options, draw, space);
  for (int i = 0; i < item.height; ++i) {
    rows.fill(i, 0, item.width, space.row.data());
    finish(space.row.data(), item.width, resultRow(out, item, i));
  }
}

// No crop: the affine step itself gives the result's size.
void warpToSize(const Image& image, const AugOptions& options, const AugDraw& draw, Size result,
                const Finish& finish, std::span<float> out) {
  const Size item{image.height, image.width};
  Workspace& space = workspace(static_cast<std::size_t>(result.width));
  const Picture source = affineSource(image, options, draw, result, space.reduced);
  const Mapping mapping = affineMapping(options, draw, item, source.size);
  const std::vector<float> x = gridPositions(result.width, options.align_corners);
  const std::vector<float> y = gridPositions(result.height, options.align_corners);
  for (int i = 0; i < result.height; ++i) {
    sampleRow(source, mapping, options.mode, x.data(), y[i], result.width, space.places, space.row.data());
    finish(space.row.data(), result.width, resultRow(out, result, i));
  }
}

// RandomResizedCropGPU's bilinear resampling of `size` pixels, with its area prefilter.
std::pair<FloatTaps, FloatTaps> cropTaps(Size size, Size result) {
  FloatTaps across, down;
  if (const auto area = areaPrefilter(size, result, 2)) {
    across = chain(areaTaps(size.width, area->width), gridTaps(area->width, result.width));
    down = chain(areaTaps(size.height, area->height), gridTaps(area->height, result.height));
  } else {
    across = gridTaps(size.width, result.width);
    down = gridTaps(size.height, result.height);
  }
  return {std::move(across), std::move(down)};
}

// The affine step at the item's size, of which only the crop's pixels are made, then the crop's own
// resampling.
void warpAndCrop(const Image& image, const AugOptions& options, const AugDraw& draw, Size result,
                 const Finish& finish, std::span<float> out) {
  const Box crop = keptBox(draw, {image.height, image.width});
  const MovedRows rows(image, options, draw, workspace(static_cast<std::size_t>(crop.width)));
  const auto fill = [&](int y, float* row) { rows.fill(crop.top + y, crop.left, crop.width, row); };
  const auto [across, down] = cropTaps({crop.height, crop.width}, result);
  resampleRows(crop.width, fill, across, down,
               [&](int i, const float* row) { finish(row, result.width, resultRow(out, result, i)); });
}

// Positions of `samples` samples in each of `count` cells.
std::vector<float> cellPositions(int count, int samples) {
  std::vector<float> positions(static_cast<std::size_t>(count) * samples);
  for (std::size_t i = 0; i < positions.size(); ++i)
    positions[i] =
        static_cast<float>((static_cast<double>(i) + 0.5) * 2 / static_cast<double>(positions.size()) - 1);
  return positions;
}

// The fused engine: the mean of a few samples in each pixel of the result, each through crop, affine matrix
// and warp.
void warpOnce(const Image& image, const AugOptions& options, const AugDraw& draw, Size result,
              const Finish& finish, std::span<float> out) {
  const Box crop = keptBox(draw, {image.height, image.width});
  const Size samples = samplesPerPixel(draw, {crop.height, crop.width}, result);
  Mapping mapping = affineMapping(options, draw, {crop.height, crop.width}, {image.height, image.width});
  mapping.align_corners = true;
  mapping.scale_x = static_cast<float>(crop.width) / 2;
  mapping.scale_y = static_cast<float>(crop.height) / 2;
  mapping.shift_x = static_cast<float>(crop.left) - 0.5f;
  mapping.shift_y = static_cast<float>(crop.top) - 0.5f;
  const std::vector<float> x = cellPositions(result.width, samples.width);
  const std::vector<float> y = cellPositions(result.height, samples.height);
  const int count = static_cast<int>(x.size());
  Workspace& space = workspace(x.size());
  const float share = 1 / static_cast<float>(samples.width * samples.height);
  for (int i = 0; i < result.height; ++i) {
    space.mixed.assign(4 * static_cast<std::size_t>(result.width), 0.0f);
    for (int k = 0; k < samples.height; ++k) {
      sampleRow(pictureOf(image), mapping, options.mode, x.data(), y[i * samples.height + k], count,
                space.places, space.row.data());
      augmentKernels().addSamples(space.row.data(), samples.width, share, result.width, space.mixed.data());
    }
    finish(space.mixed.data(), result.width, resultRow(out, result, i));
  }
}

void erase(const EraseBox& erased, Size result, std::span<float> out) {
  RandomStream noise(erased.seed);
  const Box& box = erased.box;
  for (int y = box.top; y < box.top + box.height; ++y) {
    float* row = resultRow(out, result, y);
    for (int i = 3 * box.left; i < 3 * (box.left + box.width); ++i)
      row[i] = static_cast<float>(noise.normal());
  }
}

bool isNeutralLight(const AugDraw& draw) {
  return draw.brightness == 0.5f && draw.contrast == 1 && draw.saturation == 1 && draw.hue == 0;
}

// Nothing but a left-right flip, if that: bytes stay bytes.
bool keepsPixels(const AugOptions& options, const AugDraw& draw, Size item, Size result) {
  const bool geometry = draw.dihedral <= 1 && draw.rotate == 0 && draw.zoom == 1 && !isWarped(draw);
  const Box crop = keptBox(draw, item);
  const bool whole = crop.width == item.width && crop.height == item.height;
  const bool averaged =
      options.engine == AugEngine::Fastai && areaPrefilter(item, item, draw.coordinate_range);
  return geometry && whole && result == item && !averaged && isNeutralLight(draw);
}

}  // namespace

void augment(const Image& image, const AugOptions& options, const AugDraw& draw,
             const Normalization& normalization, std::span<float> out) {
  const Size item{image.height, image.width};
  const Size result = augmentedSize(options, item);
  if (out.size() != 3 * static_cast<std::size_t>(result.height) * result.width)
    throw std::invalid_argument("augment: `out` has another size than the result");
  const Finish finish(draw, normalization);
  if (keepsPixels(options, draw, item, result)) {
    normalizeBytes(image, draw.dihedral == 1, normalization, out.data());
  } else if (options.engine == AugEngine::Fused) {
    warpOnce(image, options, draw, result, finish, out);
  } else if (options.crops()) {
    warpAndCrop(image, options, draw, result, finish, out);
  } else if (result == item) {
    warpSameSize(image, options, draw, finish, out);
  } else {
    warpToSize(image, options, draw, result, finish, out);
  }
  for (const EraseBox& box : draw.erase) erase(box, result, out);
}

void normalize(const Image& image, const Normalization& normalization, std::span<float> out) {
  if (out.size() != image.pixels.size())
    throw std::invalid_argument("normalize: `out` has another size than the image");
  normalizeBytes(image, false, normalization, out.data());
}

}  // namespace panicle
