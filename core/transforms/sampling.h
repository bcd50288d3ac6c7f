// Rows of samples from a picture, by any of grid_sample's modes, and separable resampling. Pixels come out as
// float RGBX in the source's scale.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/image.h"
#include "core/base/size.h"
#include "core/transforms/aug_options.h"
#include "core/transforms/augment_kernels.h"

namespace panicle {

// Pixels to read from: RGB bytes or RGBX floats, rows top to bottom without gaps.
struct Picture {
  const std::uint8_t* bytes = nullptr;
  const float* floats = nullptr;
  Size size;
};

Picture pictureOf(const Image& image);

// RGBX floats in memory.
struct FloatImage {
  Size size;
  std::vector<float> pixels;

  float* row(int y) { return pixels.data() + 4 * static_cast<std::size_t>(y) * size.width; }
  Picture picture() const { return {nullptr, pixels.data(), size}; }
};

// Samples at (x[i], y) for i < count. `places` is memory to work in.
void sampleRow(const Picture& picture, const Mapping& mapping, SampleMode mode, const float* x, float y,
               int count, Places& places, float* out);

// An axis of `input` pixels averaged over areas to `output`: torch's adaptive average pooling.
FloatTaps areaTaps(int input, int output);

// An axis read at the positions of an identity grid with align_corners, bilinear.
FloatTaps gridTaps(int input, int output);

// `second` reads what `first` gives.
FloatTaps chain(const FloatTaps& first, const FloatTaps& second);

// Resamples rows of `width` pixels that come one by one: `fill(y, row)` writes row y (RGBX; y only grows),
// `put(i, row)` takes output row i of across.size() pixels.
void resampleRows(int width, const std::function<void(int y, float* row)>& fill, const FloatTaps& across,
                  const FloatTaps& down, const std::function<void(int i, const float* row)>& put);

// The whole picture averaged over areas.
void reduceAreas(const Image& image, Size size, FloatImage& out);

}  // namespace panicle
