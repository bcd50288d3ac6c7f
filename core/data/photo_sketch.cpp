#include "core/data/photo_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/base/error.h"

namespace panicle {
namespace {

constexpr int kHashPixels = 32;  // a side, of what the frequencies are taken from
constexpr int kFrequencies = 8;  // a side
constexpr int kPlaces = 16;      // a side, of the gradients
constexpr float kFlatDeviation = 1.5f;  // grey levels

struct Grey {
  int width = 0;
  int height = 0;
  std::vector<float> pixels;

  float at(int y, int x) const { return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)]; }
};

Grey greyOf(const Image& photo) {
  if (photo.width < 1 || photo.height < 1) throw Error("a picture without pixels has no sketch");
  Grey grey{photo.width, photo.height, std::vector<float>(photo.pixels.size() / 3)};
  const std::uint8_t* rgb = photo.pixels.data();
  for (float& value : grey.pixels) {
    value = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];  // ITU-R BT.601
    rgb += 3;
  }
  return grey;
}

double lanczos(double x) {
  constexpr double kLobes = 3;
  if (std::abs(x) < 1e-8) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double angle = std::numbers::pi * x;
  return kLobes * std::sin(angle) * std::sin(angle / kLobes) / (angle * angle);
}

// From where a new pixel takes its value along one side, and how much.
struct Taps {
  int first = 0;
  std::vector<float> weights;  // add up to 1
};

// The filter is as wide as a new pixel, so that nothing of the picture is passed over.
std::vector<Taps> tapsOf(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(scale, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - 3 * stretch + 0.5));
    const int end = std::min(from, static_cast<int>(centre + 3 * stretch + 0.5));
    Taps taps{first, {}};
    double sum = 0;
    for (int x = first; x < end; ++x) {
      taps.weights.push_back(static_cast<float>(lanczos((x - centre + 0.5) / stretch)));
      sum += taps.weights.back();
    }
    for (float& weight : taps.weights) weight = static_cast<float>(weight / sum);
    all[static_cast<std::size_t>(i)] = std::move(taps);
  }
  return all;
}

// First over the height, row by row, which compilers turn into vector instructions; what is left is small.
Grey resample(const Grey& from, int width, int height) {
  const auto across = static_cast<std::size_t>(from.width);
  Grey low{from.width, height, std::vector<float>(across * static_cast<std::size_t>(height))};
  float* row = low.pixels.data();
  for (const Taps& taps : tapsOf(from.height, height)) {
    const float* source = from.pixels.data() + static_cast<std::size_t>(taps.first) * across;
    for (const float weight : taps.weights) {
      for (std::size_t x = 0; x < across; ++x) row[x] += weight * source[x];
      source += across;
    }
    row += across;
  }
  Grey small{width, height, {}};
  small.pixels.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  const std::vector<Taps> columns = tapsOf(from.width, width);
  for (int y = 0; y < height; ++y) {
    for (const Taps& taps : columns) {
      float sum = 0;
      for (std::size_t t = 0; t < taps.weights.size(); ++t) sum += taps.weights[t] * low.at(y, taps.first + static_cast<int>(t));
      small.pixels.push_back(sum);
    }
  }
  return small;
}

using Frequencies = std::array<std::array<float, kFrequencies>, kFrequencies>;

// Rows and columns 1 to 8 of the cosine transform (DCT-II), whose scale does not matter.
Frequencies frequenciesOf(const Grey& picture) {
  static const auto waves = [] {
    std::array<std::array<float, kHashPixels>, kFrequencies> all{};
    for (int k = 0; k < kFrequencies; ++k) {
      for (int x = 0; x < kHashPixels; ++x) {
        all[static_cast<std::size_t>(k)][static_cast<std::size_t>(x)] =
            static_cast<float>(std::cos(std::numbers::pi * (k + 1) * (2 * x + 1) / (2 * kHashPixels)));
      }
    }
    return all;
  }();
  Frequencies frequencies{};
  for (int y = 0; y < kHashPixels; ++y) {
    for (std::size_t v = 0; v < kFrequencies; ++v) {
      float sum = 0;
      for (int x = 0; x < kHashPixels; ++x) sum += waves[v][static_cast<std::size_t>(x)] * picture.at(y, x);
      for (std::size_t u = 0; u < kFrequencies; ++u) frequencies[u][v] += waves[u][static_cast<std::size_t>(y)] * sum;
    }
  }
  return frequencies;
}

// Mirroring a side turns the signs of its odd frequencies; transposing swaps the sides.
std::uint64_t hashIn(std::size_t o, const Frequencies& frequencies) {
  std::uint64_t hash = 0;
  for (std::size_t u = 0; u < kFrequencies; ++u) {
    for (std::size_t v = 0; v < kFrequencies; ++v) {
      const float value = o & 4 ? frequencies[v][u] : frequencies[u][v];
      const bool turned = ((o & 2) && u % 2 == 0) != ((o & 1) && v % 2 == 0);  // u and v count from the first odd one
      hash = hash << 1 | static_cast<std::uint64_t>((turned ? -value : value) > 0);
    }
  }
  return hash;
}

// `wide` has 17 x 16 pixels, `high` 16 x 17: what lies along the rows in a transposed orientation.
GradientSigns gradientsIn(std::size_t o, const Grey& wide, const Grey& high) {
  const auto value = [&](int y, int x) {
    if (o & 2) y = kPlaces - 1 - y;
    if (o & 1) x = kPlaces - x;
    return o & 4 ? high.at(x, y) : wide.at(y, x);
  };
  GradientSigns signs{};
  for (int y = 0; y < kPlaces; ++y) {
    for (int x = 0; x < kPlaces; ++x) {
      const auto bit = static_cast<std::size_t>(y * kPlaces + x);
      if (value(y, x + 1) > value(y, x)) signs[bit / 64] |= std::uint64_t{1} << bit % 64;
    }
  }
  return signs;
}

}  // namespace

PhotoSketch sketchOf(const Image& photo) {
  const Grey grey = greyOf(photo);
  const Grey square = resample(grey, kHashPixels, kHashPixels);
  const Grey wide = resample(grey, kPlaces + 1, kPlaces), high = resample(grey, kPlaces, kPlaces + 1);
  const Frequencies frequencies = frequenciesOf(square);
  PhotoSketch sketch;
  for (std::size_t o = 0; o < kOrientations; ++o) {
    sketch.hashes[o] = hashIn(o, frequencies);
    sketch.gradients[o] = gradientsIn(o, wide, high);
  }
  double sum = 0, squares = 0;
  for (const float value : square.pixels) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const double mean = sum / static_cast<double>(square.pixels.size());
  sketch.mean = static_cast<std::uint8_t>(std::clamp(std::lround(mean), 0l, 255l));
  sketch.flat = squares / static_cast<double>(square.pixels.size()) - mean * mean < kFlatDeviation * kFlatDeviation;
  return sketch;
}

int distance(const GradientSigns& a, const GradientSigns& b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) bits += std::popcount(a[i] ^ b[i]);
  return bits;
}

float similarityOf(const PhotoSketch& first, const PhotoSketch& second, std::size_t orientation) {
  if (first.flat || second.flat) return 0;
  constexpr float kGradients = kPlaces * kPlaces;
  return 1 - static_cast<float>(distance(first.gradients[0], second.gradients[orientation])) / kGradients;
}

}  // namespace panicle
