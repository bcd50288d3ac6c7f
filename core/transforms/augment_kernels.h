// The inner loops of augment.h, over one row of pixels. Every implementation gives the same values but for
// the last bit of a float; which one runs depends on the processor. Rows in the making are float RGBX: four
// floats a pixel, the last of no meaning.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/size.h"
#include "core/transforms/resize.h"

namespace panicle {

// From a position in the result (gridPositions) to a pixel of the source.
struct Mapping {
  std::array<float, 6> affine{1, 0, 0, 0, 1, 0};
  bool warped = false;
  std::array<float, 8> warp{1, 0, 0, 0, 1, 0, 0, 0};
  // Column = (x + 1) * scale_x + shift_x; 0 is the centre of the first column.
  float scale_x = 1;
  float shift_x = 0;
  float scale_y = 1;
  float shift_y = 0;
  Size source;  // both sides at least 2
  PadMode pad = PadMode::Reflection;
  bool align_corners = true;  // reflection at the outermost pixels' centres, else at their edges
};

// For each of a row's samples: the top left of the 2x2 source pixels it lies between, and their weights.
struct Places {
  std::vector<std::int32_t> pixel;  // row * width + column
  std::vector<float> right, bottom;
  std::vector<float> left, top;  // of PadMode::Zeros alone; else 1 - right and 1 - bottom, and not written
  bool weights_sum_to_one = true;
  std::vector<float> column, row;  // the pixel coordinates themselves

  void resize(std::size_t count) {
    pixel.resize(count);
    for (std::vector<float>* values : {&left, &right, &top, &bottom, &column, &row}) values->resize(count);
  }
};

// Output i of an axis is the sum of `window` inputs from first[i] on, each times its weight.
struct FloatTaps {
  int window = 0;
  std::vector<int> first;
  std::vector<float> weights;

  int size() const { return static_cast<int>(first.size()); }
  const float* of(int output) const { return weights.data() + static_cast<std::size_t>(output) * window; }
};

// A change of brightness and contrast in logit space: sigmoid((logit(x) + brightness) * contrast).
struct LogitChange {
  float brightness = 0;
  float contrast = 1;
};

struct AugmentKernels {
  // Where the `count` positions (x[i], y) lie in the source.
  void (*locate)(const Mapping& mapping, const float* x, float y, int count, Places& places);

  // Bilinear samples of RGB bytes (values 0..255) or of RGBX floats; `sourcePixels` is the number of pixels
  // there.
  void (*sampleBytes)(const std::uint8_t* source, int sourceWidth, int sourcePixels, const Places& places,
                      int count, float* out);
  void (*sampleFloats)(const float* source, int sourceWidth, const Places& places, int count, float* out);

  // out[i] += the mean of `samples` neighbours of `row`, times `scale`; RGBX.
  void (*addSamples)(const float* row, int samples, float scale, int count, float* out);

  // Bytes RGB -> floats RGBX.
  void (*widen)(const std::uint8_t* rgb, int count, float* out);

  // A row of RGBX pixels through the taps of the horizontal axis, and rows through one output of the
  // vertical.
  void (*resampleRow)(const float* row, const FloatTaps& taps, float* out);
  void (*combineRows)(const float* const* rows, const float* weights, int window, int count, float* out);

  // RGBX -> RGB, times `scale`.
  void (*narrow)(const float* row, int count, float scale, float* rgb);
  // Values in place.
  void (*relight)(float* values, int count, const LogitChange& change);
  void (*toLogit)(float* values, int count, const LogitChange& change);
  void (*fromLogit)(float* values, int count);
  // RGB in place: value * factor + offset of its channel.
  void (*scaleChannels)(float* rgb, int count, const std::array<float, 3>& factor,
                        const std::array<float, 3>& offset);
};

// The fastest that this processor can run.
const AugmentKernels& augmentKernels();

const AugmentKernels& portableAugmentKernels();
// nullptr where the processor does not have them.
const AugmentKernels* avx2AugmentKernels();
const AugmentKernels* avx512AugmentKernels();

}  // namespace panicle
