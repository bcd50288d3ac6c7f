#include "core/transforms/sampling.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/transforms/augment_kernels_body.h"
#include "core/transforms/geometry.h"

namespace panicle {
namespace {

// grid_sample's padding of one coordinate; with zeros it stays outside.
float padded(float at, int size, PadMode pad, bool align_corners) {
  if (pad == PadMode::Zeros) return std::isfinite(at) ? at : -1e9f;
  if (pad == PadMode::Reflection) {
    const float span = static_cast<float>(align_corners ? size - 1 : size);
    at = span == 0 ? 0 : kernel_body::reflect(at, align_corners ? 0.0f : -0.5f, span, 1 / (2 * span));
  }
  return kernel_body::clampTo(at, 0.0f, static_cast<float>(size - 1));
}

struct Reader {
  const Picture& picture;
  const Mapping& mapping;

  float value(float x, float y, int channel) const {
    if (x < 0 || y < 0 || x >= static_cast<float>(picture.size.width) ||
        y >= static_cast<float>(picture.size.height))
      return 0;
    const auto pixel = static_cast<std::size_t>(y) * picture.size.width + static_cast<std::size_t>(x);
    return picture.bytes ? static_cast<float>(picture.bytes[3 * pixel + channel])
                         : picture.floats[4 * pixel + channel];
  }
  float column(float x) const { return padded(x, picture.size.width, mapping.pad, mapping.align_corners); }
  float row(float y) const { return padded(y, picture.size.height, mapping.pad, mapping.align_corners); }
};

void sampleNearest(const Reader& reader, float x, float y, float* out) {
  x = std::nearbyint(reader.column(x));
  y = std::nearbyint(reader.row(y));
  for (int channel = 0; channel < 3; ++channel) out[channel] = reader.value(x, y, channel);
}

void sampleBilinear(const Reader& reader, float x, float y, float* out) {
  x = reader.column(x);
  y = reader.row(y);
  const float left = std::floor(x), top = std::floor(y);
  const float right = x - left, bottom = y - top;
  for (int channel = 0; channel < 3; ++channel) {
    out[channel] =
        (reader.value(left, top, channel) * (1 - right) + reader.value(left + 1, top, channel) * right) *
            (1 - bottom) +
        (reader.value(left, top + 1, channel) * (1 - right) +
         reader.value(left + 1, top + 1, channel) * right) *
            bottom;
  }
}

// Keys' cubic convolution with a = -0.75, as torch's grid_sample.
std::array<float, 4> cubicWeights(float t) {
  constexpr float a = -0.75f;
  const auto inner = [](float x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto outer = [](float x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  return {outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
}

void sampleBicubic(const Reader& reader, float x, float y, float* out) {
  const float left = std::floor(x), top = std::floor(y);
  const auto across = cubicWeights(x - left);
  const auto down = cubicWeights(y - top);
  for (int channel = 0; channel < 3; ++channel) {
    float sum = 0;
    for (int j = 0; j < 4; ++j) {
      const float row = reader.row(top - 1 + static_cast<float>(j));
      float line = 0;
      for (int i = 0; i < 4; ++i)
        line += reader.value(std::trunc(reader.column(left - 1 + static_cast<float>(i))), std::trunc(row),
                             channel) *
                across[i];
      sum += line * down[j];
    }
    out[channel] = sum;
  }
}

void sampleSlowly(const Picture& picture, const Mapping& mapping, SampleMode mode, int count,
                  const Places& places, float* out) {
  const Reader reader{picture, mapping};
  for (int i = 0; i < count; ++i, out += 4) {
    const float x = places.column[i], y = places.row[i];
    if (mode == SampleMode::Nearest) sampleNearest(reader, x, y, out);
    if (mode == SampleMode::Bilinear) sampleBilinear(reader, x, y, out);
    if (mode == SampleMode::Bicubic) sampleBicubic(reader, x, y, out);
    out[3] = 0;
  }
}

// Windows of one length that stay inside the axis: weights of `count` inputs from `first` on, moved where
// needed.
class TapsBuilder {
 public:
  TapsBuilder(int input, int output, int window) : input_(input) {
    taps_.window = std::min(window, input);
    taps_.first.resize(static_cast<std::size_t>(output));
    taps_.weights.assign(static_cast<std::size_t>(output) * taps_.window, 0.0f);
  }

  void begin(int output, int first) {
    output_ = output;
    taps_.first[output] = std::clamp(first, 0, input_ - taps_.window);
  }
  void add(int input, float weight) {
    taps_.weights[static_cast<std::size_t>(output_) * taps_.window + (input - taps_.first[output_])] +=
        weight;
  }
  FloatTaps take() { return std::move(taps_); }

 private:
  FloatTaps taps_;
  int input_;
  int output_ = 0;
};

}  // namespace

Picture pictureOf(const Image& image) {
  return {image.pixels.data(), nullptr, {image.height, image.width}};
}

void sampleRow(const Picture& picture, const Mapping& mapping, SampleMode mode, const float* x, float y,
               int count, Places& places, float* out) {
  places.resize(static_cast<std::size_t>(count));
  const AugmentKernels& kernels = augmentKernels();
  const bool pairs = picture.size.width >= 2 && picture.size.height >= 2;
  if (mode != SampleMode::Bilinear || !pairs) {
    kernel_body::positions(mapping, x, y, count, places.column.data(), places.row.data());
    sampleSlowly(picture, mapping, mode, count, places, out);
    return;
  }
  kernels.locate(mapping, x, y, count, places);
  if (picture.bytes) {
    kernels.sampleBytes(picture.bytes, picture.size.width, picture.size.width * picture.size.height, places,
                        count, out);
  } else {
    kernels.sampleFloats(picture.floats, picture.size.width, places, count, out);
  }
}

FloatTaps areaTaps(int input, int output) {
  const auto start = [&](int i) { return static_cast<int>(static_cast<std::int64_t>(i) * input / output); };
  const auto end = [&](int i) {
    return static_cast<int>((static_cast<std::int64_t>(i + 1) * input + output - 1) / output);
  };
  int window = 1;
  for (int i = 0; i < output; ++i) window = std::max(window, end(i) - start(i));
  TapsBuilder builder(input, output, window);
  for (int i = 0; i < output; ++i) {
    builder.begin(i, start(i));
    for (int k = start(i); k < end(i); ++k) builder.add(k, 1.0f / static_cast<float>(end(i) - start(i)));
  }
  return builder.take();
}

FloatTaps gridTaps(int input, int output) {
  const std::vector<float> positions = gridPositions(output, true);
  TapsBuilder builder(input, output, 2);
  for (int i = 0; i < output; ++i) {
    const float at = kernel_body::clampTo((positions[i] + 1) * (static_cast<float>(input - 1) / 2), 0,
                                          static_cast<float>(input - 1));
    const int first = static_cast<int>(at);
    const float fraction = at - static_cast<float>(first);
    builder.begin(i, first);
    builder.add(first, 1 - fraction);
    if (fraction > 0) builder.add(first + 1, fraction);
  }
  return builder.take();
}

FloatTaps chain(const FloatTaps& first, const FloatTaps& second) {
  int input = 0;
  int window = 1;
  for (const int start : first.first) input = std::max(input, start + first.window);
  const auto low = [&](int i) { return first.first[second.first[i]]; };
  const auto high = [&](int i) { return first.first[second.first[i] + second.window - 1] + first.window; };
  for (int i = 0; i < second.size(); ++i) window = std::max(window, high(i) - low(i));
  TapsBuilder builder(input, second.size(), window);
  for (int i = 0; i < second.size(); ++i) {
    builder.begin(i, low(i));
    for (int k = 0; k < second.window; ++k) {
      const int middle = second.first[i] + k;
      for (int t = 0; t < first.window; ++t)
        builder.add(first.first[middle] + t, second.of(i)[k] * first.of(middle)[t]);
    }
  }
  return builder.take();
}

void resampleRows(int width, const std::function<void(int y, float* row)>& fill, const FloatTaps& across,
                  const FloatTaps& down, const std::function<void(int i, const float* row)>& put) {
  const AugmentKernels& kernels = augmentKernels();
  const std::size_t rowFloats = 4 * static_cast<std::size_t>(width);
  // Rows that the vertical axis still needs: row y is at y % window. Rows are summed first, since only
  // across.size() pixels of each sum, and of fewer rows, go on.
  thread_local std::vector<float> kept, sum, line;
  kept.resize(rowFloats * down.window);
  sum.resize(rowFloats);
  line.resize(4 * static_cast<std::size_t>(across.size()));
  std::vector<const float*> rows(static_cast<std::size_t>(down.window));
  std::vector<float> weights(rows.size());
  int next = 0;
  for (int i = 0; i < down.size(); ++i) {
    const int first = down.first[i];
    for (next = std::max(next, first); next < first + down.window; ++next)
      fill(next, kept.data() + rowFloats * (next % down.window));
    int count = 0;
    for (int k = 0; k < down.window; ++k) {
      if (down.of(i)[k] == 0 && (count > 0 || k + 1 < down.window)) continue;
      rows[count] = kept.data() + rowFloats * ((first + k) % down.window);
      weights[count++] = down.of(i)[k];
    }
    kernels.combineRows(rows.data(), weights.data(), count, width, sum.data());
    kernels.resampleRow(sum.data(), across, line.data());
    put(i, line.data());
  }
}

void reduceAreas(const Image& image, Size size, FloatImage& out) {
  out.size = size;
  out.pixels.resize(4 * static_cast<std::size_t>(size.height) * size.width);
  resampleRows(
      image.width,
      [&](int y, float* row) {
        augmentKernels().widen(image.pixels.data() + 3 * static_cast<std::size_t>(y) * image.width,
                               image.width, row);
      },
      areaTaps(image.width, size.width), areaTaps(image.height, size.height),
      [&](int i, const float* row) {
        std::copy_n(row, 4 * static_cast<std::size_t>(size.width), out.row(i));
      });
}

}  // namespace panicle
