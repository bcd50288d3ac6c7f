#include "core/data/leaf_canvas.h"

#include <cmath>

namespace panicle::leaf {

float Noise::grid(std::int32_t x, std::int32_t y) const {
  std::uint32_t h =
      seed_ + static_cast<std::uint32_t>(x) * 0x9E3779B1u + static_cast<std::uint32_t>(y) * 0x85EBCA77u;
  h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
  h = (h ^ (h >> 12)) * 0x297A2D39u;
  h ^= h >> 15;
  return static_cast<float>(static_cast<std::int32_t>(h)) * 0x1.0p-31f;
}

float Noise::at(float x, float y) const {
  // floor() by hand: the library's is a call where the processor's rounding instructions are not assumed.
  const auto towardsZeroX = static_cast<std::int32_t>(x);
  const auto towardsZeroY = static_cast<std::int32_t>(y);
  const std::int32_t ix = towardsZeroX - (x < static_cast<float>(towardsZeroX) ? 1 : 0);
  const std::int32_t iy = towardsZeroY - (y < static_cast<float>(towardsZeroY) ? 1 : 0);
  const float fx = x - static_cast<float>(ix);
  const float fy = y - static_cast<float>(iy);
  const float sx = fx * fx * (3 - 2 * fx);
  const float sy = fy * fy * (3 - 2 * fy);
  return mix(mix(grid(ix, iy), grid(ix + 1, iy), sx), mix(grid(ix, iy + 1), grid(ix + 1, iy + 1), sx), sy);
}

float Noise::fractal(float x, float y, int octaves) const {
  float sum = 0;
  float strength = 0.6f;
  for (int i = 0; i < octaves; ++i) {
    sum += strength * at(x, y);
    strength *= 0.5f;
    x = x * 2 + 17.3f;
    y = y * 2 + 9.1f;
  }
  return sum;
}

namespace {

std::vector<float> gaussian(float sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(2.5f * sigma)));
  std::vector<float> kernel;
  float sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    kernel.push_back(std::exp(-0.5f * static_cast<float>(i * i) / (sigma * sigma)));
    sum += kernel.back();
  }
  for (float& weight : kernel) weight /= sum;
  return kernel;
}

void blurRow(float* row, int width, int channels, const std::vector<float>& kernel,
             std::vector<float>& padded) {
  const int radius = static_cast<int>(kernel.size() / 2);
  const int count = width * channels;
  padded.resize(static_cast<std::size_t>(width + 2 * radius) * channels);
  for (int x = -radius; x < width + radius; ++x) {
    const int source = std::clamp(x, 0, width - 1);
    for (int c = 0; c < channels; ++c) padded[(x + radius) * channels + c] = row[source * channels + c];
  }
  std::fill(row, row + count, 0.0f);
  for (std::size_t k = 0; k < kernel.size(); ++k) {
    const float weight = kernel[k];
    const float* source = padded.data() + k * channels;
    for (int i = 0; i < count; ++i) row[i] += weight * source[i];
  }
}

}  // namespace

void blur(Canvas& canvas, float sigma) {
  if (sigma < 0.2f) return;
  const std::vector<float> kernel = gaussian(sigma);
  const int radius = static_cast<int>(kernel.size() / 2);
  std::vector<float> padded;
  for (int y = 0; y < canvas.height(); ++y)
    blurRow(canvas.row(y), canvas.width(), canvas.channels(), kernel, padded);

  const Canvas source = canvas;
  const int count = canvas.width() * canvas.channels();
  for (int y = 0; y < canvas.height(); ++y) {
    float* out = canvas.row(y);
    std::fill(out, out + count, 0.0f);
    for (int k = -radius; k <= radius; ++k) {
      const float* in = source.row(std::clamp(y + k, 0, canvas.height() - 1));
      const float weight = kernel[static_cast<std::size_t>(k + radius)];
      for (int i = 0; i < count; ++i) out[i] += weight * in[i];
    }
  }
}

Canvas enlarge(const Canvas& canvas, int width, int height) {
  Canvas result(width, height, canvas.channels());
  const int channels = canvas.channels();
  const float scaleX = static_cast<float>(canvas.width()) / static_cast<float>(width);
  const float scaleY = static_cast<float>(canvas.height()) / static_cast<float>(height);
  std::vector<float> line(static_cast<std::size_t>(canvas.width()) * channels);
  for (int y = 0; y < height; ++y) {
    const float sy = std::clamp((static_cast<float>(y) + 0.5f) * scaleY - 0.5f, 0.0f,
                                static_cast<float>(canvas.height() - 1));
    const int top = static_cast<int>(sy);
    const float* upper = canvas.row(top);
    const float* lower = canvas.row(std::min(top + 1, canvas.height() - 1));
    for (std::size_t i = 0; i < line.size(); ++i)
      line[i] = mix(upper[i], lower[i], sy - static_cast<float>(top));
    float* out = result.row(y);
    for (int x = 0; x < width; ++x) {
      const float sx = std::clamp((static_cast<float>(x) + 0.5f) * scaleX - 0.5f, 0.0f,
                                  static_cast<float>(canvas.width() - 1));
      const int left = static_cast<int>(sx);
      const int right = std::min(left + 1, canvas.width() - 1);
      for (int c = 0; c < channels; ++c) {
        out[x * channels + c] =
            mix(line[left * channels + c], line[right * channels + c], sx - static_cast<float>(left));
      }
    }
  }
  return result;
}

void layOver(Canvas& picture, const Canvas& layer) {
  for (int y = 0; y < picture.height(); ++y) {
    float* under = picture.row(y);
    const float* over = layer.row(y);
    for (int x = 0; x < picture.width(); ++x, under += 3, over += 4) {
      const float rest = 1 - over[3];
      for (int c = 0; c < 3; ++c) under[c] = under[c] * rest + over[c];
    }
  }
}

}  // namespace panicle::leaf
