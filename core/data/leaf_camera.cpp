#include "core/data/leaf_camera.h"

#include <array>
#include <cmath>

namespace panicle::leaf {
namespace {

// Scene light to display value 0..255, tabulated: shoulder for the highlights, contrast, sRGB.
class ToneCurve {
 public:
  ToneCurve(float white, float contrast) {
    for (int i = 0; i < kSteps; ++i) {
      const float x = static_cast<float>(i) * kRange / kSteps;
      const float tone = std::min(1.0f, x * (1 + x / (white * white)) / (1 + x));
      const float display = tone <= 0.0031308f ? 12.92f * tone : 1.055f * std::pow(tone, 1 / 2.4f) - 0.055f;
      table_[i] = 255 * mix(display, smoothstep(0.0f, 1.0f, display), contrast);
    }
  }

  float operator()(float light) const {
    const float at = std::clamp(light * (kSteps / kRange), 0.0f, static_cast<float>(kSteps - 1));
    return table_[static_cast<std::size_t>(at)];
  }

 private:
  static constexpr int kSteps = 8192;
  static constexpr float kRange = 6;
  std::array<float, kSteps> table_{};
};

float meanLuminance(const Canvas& picture) {
  double sum = 0;
  std::size_t count = 0;
  for (int y = 0; y < picture.height(); y += 4) {
    const float* pixel = picture.row(y);
    for (int x = 0; x < picture.width(); x += 4, pixel += 12) {
      sum += std::min(1.5f, 0.21f * pixel[0] + 0.72f * pixel[1] + 0.07f * pixel[2]);
      ++count;
    }
  }
  return static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(count, 1)));
}

}  // namespace

Image develop(Canvas& picture, float nuisance, RandomStream& random) {
  const bool missed = random.bernoulli(0.25 * nuisance);  // focus or a shaky hand
  const float softness = missed ? between(random, 0.8f, 2.0f) : between(random, 0.3f, 0.6f);
  blur(picture, softness * static_cast<float>(picture.width() + picture.height()) / 1120);

  const float stops = 0.35f * nuisance * static_cast<float>(random.normal());
  const float gain =
      0.42f * std::exp2(std::clamp(stops, -1.1f, 1.1f)) / std::max(0.02f, meanLuminance(picture));
  const float temperature = 0.07f * nuisance * static_cast<float>(random.normal());
  const float magenta = 0.05f * nuisance * static_cast<float>(random.normal());
  const Rgb balance{gain * (1 + temperature), gain * (1 - magenta), gain * (1 - temperature)};
  const float saturation = 1.05f + 0.2f * nuisance * between(random, -1.0f, 1.0f);
  const float haze = random.bernoulli(0.2) ? between(random, 0.0f, 0.06f) : 0.0f;
  const ToneCurve tone{between(random, 1.6f, 2.4f),
                       between(random, 0.3f, 0.8f)};  // braces: drawn in this order
  const float grain = between(random, 1.0f, 6.0f) * (0.4f + 0.6f * nuisance);
  const float vignette = between(random, 0.0f, 0.35f);
  RandomStream dice(random.next());

  Image image{picture.width(), picture.height(), {}};
  image.pixels.resize(static_cast<std::size_t>(image.width) * image.height * 3);
  std::uint8_t* out = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    const float* pixel = picture.row(y);
    const float ny = 2 * static_cast<float>(y) / static_cast<float>(image.height) - 1;
    for (int x = 0; x < image.width; ++x, pixel += 3, out += 3) {
      const float nx = 2 * static_cast<float>(x) / static_cast<float>(image.width) - 1;
      const float fall = 1 - vignette * 0.5f * (nx * nx + ny * ny) * 0.7f;
      const Rgb light = Rgb{pixel[0], pixel[1], pixel[2]} * balance * fall;
      const float grey = 0.21f * light.r + 0.72f * light.g + 0.07f * light.b;
      // One draw gives the grain of a pixel: brightness from two bytes, colour from three more.
      const std::uint64_t bits = dice.next();
      const auto byte = [bits](int i) { return static_cast<float>((bits >> (8 * i)) & 255) / 127.5f - 1; };
      const float luma = grain * (byte(0) + byte(1));
      const std::array<float, 3> channels{light.r, light.g, light.b};
      for (int c = 0; c < 3; ++c) {
        const float value = tone(haze + std::max(0.0f, mix(grey, channels[c], saturation)));
        const float noisy = value + luma + 0.5f * grain * byte(2 + c);
        out[c] = static_cast<std::uint8_t>(std::clamp(noisy + 0.5f, 0.0f, 255.0f));
      }
    }
  }
  return image;
}

}  // namespace panicle::leaf
