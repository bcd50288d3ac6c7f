// What the sample photos are painted on: colours in linear light, smooth noise, blur. Plain arithmetic on
// purpose (no OpenCV filters): the same seed gives the same photo whatever version and instruction set the
// filters were built for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/random.h"

namespace panicle::leaf {

// Linear light; 1 is a white surface in the sun, more is brighter than that.
struct Rgb {
  float r = 0;
  float g = 0;
  float b = 0;

  friend Rgb operator+(Rgb x, Rgb y) { return {x.r + y.r, x.g + y.g, x.b + y.b}; }
  friend Rgb operator*(Rgb x, Rgb y) { return {x.r * y.r, x.g * y.g, x.b * y.b}; }
  friend Rgb operator*(Rgb x, float k) { return {x.r * k, x.g * k, x.b * k}; }
};

inline Rgb mix(Rgb from, Rgb to, float share) {
  return from * (1 - share) + to * share;
}
inline float mix(float from, float to, float share) {
  return from + (to - from) * share;
}

// 0 below `low`, 1 above `high`, smooth between.
inline float smoothstep(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

inline float between(RandomStream& random, float low, float high) {
  return static_cast<float>(random.uniform(low, high));
}

// Whole numbers low..high, both included.
inline int pick(RandomStream& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

// Value noise: random values on the integer grid, smooth between. About -1..1, features about 1 wide.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : seed_(static_cast<std::uint32_t>(seed ^ (seed >> 32))) {}

  float at(float x, float y) const;
  float fractal(float x, float y,
                int octaves) const;  // sum of octaves, each twice as fine and half as strong

 private:
  float grid(std::int32_t x, std::int32_t y) const;

  std::uint32_t seed_;
};

// An opaque picture (3 channels) or a layer to lay over one (4: colour times coverage, coverage). Row-major,
// interleaved.
class Canvas {
 public:
  Canvas(int width, int height, int channels)
      : width_(width),
        height_(height),
        channels_(channels),
        values_(static_cast<std::size_t>(width) * height * channels) {}

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  float* row(int y) { return values_.data() + static_cast<std::size_t>(y) * width_ * channels_; }
  const float* row(int y) const { return values_.data() + static_cast<std::size_t>(y) * width_ * channels_; }

  // Lays `colour` over the pixel with the given coverage, 0..1.
  void lay(int x, int y, Rgb colour, float coverage) {
    float* pixel = row(y) + static_cast<std::size_t>(x) * channels_;
    pixel[0] += (colour.r - pixel[0]) * coverage;
    pixel[1] += (colour.g - pixel[1]) * coverage;
    pixel[2] += (colour.b - pixel[2]) * coverage;
    if (channels_ == 4) pixel[3] += (1 - pixel[3]) * coverage;
  }

 private:
  int width_;
  int height_;
  int channels_;
  std::vector<float> values_;
};

void blur(Canvas& canvas, float sigma);  // Gaussian, edges repeated; sigma in pixels, below 0.2 does nothing
Canvas enlarge(const Canvas& canvas, int width, int height);  // bilinear
void layOver(Canvas& picture, const Canvas& layer);           // sizes must agree

}  // namespace panicle::leaf
