#include "ui/preview/rendered.h"

#include <algorithm>
#include <array>

namespace panicle::ui {
namespace {

// Each channel's value becomes scale * value + shift in [0, 255].
QImage mapped(std::span<const float> pixels, Size size, std::array<float, 3> scale,
              std::array<float, 3> shift) {
  QImage image(size.width, size.height, QImage::Format_RGB32);
  const float* from = pixels.data();
  for (int y = 0; y < size.height; ++y) {
    auto* line = reinterpret_cast<QRgb*>(image.scanLine(y));
    for (int x = 0; x < size.width; ++x, from += 3) {
      std::array<int, 3> color{};
      for (std::size_t c = 0; c < 3; ++c) {
        color[c] = static_cast<int>(std::clamp(from[c] * scale[c] + shift[c], 0.0f, 255.0f) + 0.5f);
      }
      line[x] = qRgb(color[0], color[1], color[2]);
    }
  }
  return image;
}

}  // namespace

QImage toQImage(const Image& image) {
  const QImage view(image.pixels.data(), image.width, image.height, qsizetype{3} * image.width,
                    QImage::Format_RGB888);
  return view.convertToFormat(QImage::Format_RGB32);  // a copy of its own
}

QImage toPhoto(std::span<const float> pixels, Size size, const Normalization& normalization) {
  std::array<float, 3> scale{}, shift{};
  for (std::size_t c = 0; c < 3; ++c) {
    scale[c] = 255 * normalization.std[c];
    shift[c] = 255 * normalization.mean[c];
  }
  return mapped(pixels, size, scale, shift);
}

QImage toNormalized(std::span<const float> pixels, Size size) {
  constexpr float kScale = 127.5f / kNormalizedRange;
  return mapped(pixels, size, {kScale, kScale, kScale}, {127.5f, 127.5f, 127.5f});
}

}  // namespace panicle::ui
