#include "core/transforms/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "core/transforms/resample_kernels.h"

namespace panicle {
namespace {

// Where sample `x` of the endless padded axis comes from; -1: it is zero.
int sourceIndex(int x, int source, PadMode pad) {
  if (x >= 0 && x < source) return x;
  switch (pad) {
    case PadMode::Zeros:
      return -1;
    case PadMode::Border:
      return std::clamp(x, 0, source - 1);
    case PadMode::Reflection: {
      if (source == 1) return 0;
      const int period = 2 * (source - 1);  // there and back again, without repeating the ends
      const int phase = (x % period + period) % period;
      return phase < source ? phase : period - phase;
    }
  }
  return -1;
}

// One axis of the box: of an axis of `source` samples the `length` from `offset` on, and of those the part
// [begin, end) made into `output`.
struct Axis {
  int source;
  int offset;
  int length;
  double begin;
  double end;
  int output;

  Axis(int source, int boxStart, int boxLength, int reduction, int output) : source(source), output(output) {
    const double start = static_cast<double>(boxStart) / reduction;
    const double stop = static_cast<double>(boxStart + boxLength) / reduction;
    offset = static_cast<int>(std::floor(start));
    length = static_cast<int>(std::ceil(stop)) - offset;
    begin = start - offset;
    end = stop - offset;
  }

  bool isInside() const { return offset >= 0 && offset + length <= source; }
  bool isCopy() const { return isInside() && begin == 0 && end == length && length == output; }
  Taps taps(PadMode pad) const {
    return foldIntoSource(bilinearTaps(length, begin, end, output), offset, source, pad);
  }
};

void copyRows(const std::uint8_t* source, std::ptrdiff_t stride, int rowBytes, int rows, std::uint8_t* out) {
  for (int y = 0; y < rows; ++y, source += stride, out += rowBytes) std::memcpy(out, source, rowBytes);
}

const ResampleKernels& bestKernels() {
  static const ResampleKernels* const best =
      avx512Kernels() ? avx512Kernels() : (avx2Kernels() ? avx2Kernels() : &kPortableKernels);
  return *best;
}

}  // namespace

std::pair<int, int> Taps::extent() const {
  int begin = first.empty() ? 0 : first[0];
  int end = begin;
  for (int i = 0; i < size(); ++i) {
    if (count[i] == 0) continue;
    if (begin == end) begin = first[i];
    begin = std::min(begin, first[i]);
    end = std::max(end, first[i] + count[i]);
  }
  return {begin, end};
}

Taps bilinearTaps(int input, double begin, double end, int output) {
  const double scale = (end - begin) / output;
  const double filterScale = std::max(scale, 1.0);
  Taps taps;
  taps.first.resize(output);
  taps.count.resize(output);
  for (int i = 0; i < output; ++i) {
    const double center = begin + (i + 0.5) * scale;
    taps.first[i] = std::max(static_cast<int>(center - filterScale + 0.5), 0);
    taps.count[i] = std::min(static_cast<int>(center + filterScale + 0.5), input) - taps.first[i];
    taps.window = std::max(taps.window, taps.count[i]);
  }
  taps.weights.resize(static_cast<std::size_t>(output) * taps.window);
  std::vector<double> exact(taps.window);
  for (int i = 0; i < output; ++i) {
    const double center = begin + (i + 0.5) * scale;
    double sum = 0;
    for (int t = 0; t < taps.count[i]; ++t) {
      exact[t] = std::max(0.0, 1.0 - std::abs((t + taps.first[i] - center + 0.5) * (1.0 / filterScale)));
      sum += exact[t];
    }
    std::int32_t* weights = taps.weights.data() + static_cast<std::size_t>(i) * taps.window;
    for (int t = 0; t < taps.count[i]; ++t) {
      weights[t] = static_cast<std::int32_t>(0.5 + exact[t] / sum * (1 << kWeightBits));
    }
  }
  return taps;
}

Taps foldIntoSource(const Taps& taps, int offset, int source, PadMode pad) {
  Taps folded = taps;
  std::fill(folded.weights.begin(), folded.weights.end(), 0);
  for (int i = 0; i < taps.size(); ++i) {
    int low = source;
    int high = -1;
    for (int t = 0; t < taps.count[i]; ++t) {
      const int x = sourceIndex(offset + taps.first[i] + t, source, pad);
      if (x < 0) continue;
      low = std::min(low, x);
      high = std::max(high, x);
    }
    folded.first[i] = high < 0 ? 0 : low;
    folded.count[i] = high < 0 ? 0 : high - low + 1;
    std::int32_t* weights = folded.weights.data() + static_cast<std::size_t>(i) * folded.window;
    for (int t = 0; t < taps.count[i]; ++t) {
      const int x = sourceIndex(offset + taps.first[i] + t, source, pad);
      if (x >= 0) weights[x - low] += taps.of(i)[t];
    }
  }
  return folded;
}

void resampleBox(const Image& image, const Box& box, int reduction, PadMode pad, Size size, Image& out) {
  const Axis columns(image.width, box.left, box.width, reduction, size.width);
  const Axis rows(image.height, box.top, box.height, reduction, size.height);
  const int rowBytes = 3 * size.width;
  out.width = size.width;
  out.height = size.height;
  out.pixels.resize(static_cast<std::size_t>(rowBytes) * size.height);

  const std::uint8_t* source = image.pixels.data();
  std::ptrdiff_t stride = 3 * static_cast<std::ptrdiff_t>(image.width);
  if (rows.isCopy()) {
    source += rows.offset * stride;
    if (columns.isCopy()) {
      copyRows(source + 3 * columns.offset, stride, rowBytes, size.height, out.pixels.data());
    } else {
      bestKernels().horizontal(source, image.width, size.height, columns.taps(pad), out.pixels.data());
    }
    return;
  }

  Taps vertical = rows.taps(pad);
  std::unique_ptr<std::uint8_t[]> narrowed;  // the rows that are needed, after the horizontal pass
  if (columns.isCopy()) {
    source += 3 * columns.offset;
  } else {
    const auto [top, bottom] = vertical.extent();
    narrowed =
        std::make_unique_for_overwrite<std::uint8_t[]>(static_cast<std::size_t>(rowBytes) * (bottom - top));
    bestKernels().horizontal(source + top * stride, image.width, bottom - top, columns.taps(pad),
                             narrowed.get());
    for (int& first : vertical.first) first = std::max(first - top, 0);
    source = narrowed.get();
    stride = rowBytes;
  }
  bestKernels().vertical(source, stride, rowBytes, vertical, out.pixels.data());
}

}  // namespace panicle
