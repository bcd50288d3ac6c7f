#include "core/transforms/augment.h"

#include <stdexcept>

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

}  // namespace

std::span<const Field<AugOptions>> fieldTable(const AugOptions*) {
  using O = AugOptions;
  static constexpr std::array table{
      field<&O::do_flip>({.name = "do_flip",
                          .label = "Flip left-right",
                          .help = "In training, some photos are mirrored left to right, drawn anew in every "
                                  "epoch, so that the network sees twice "
                                  "as many views. Turn it off where left and right mean something: text, "
                                  "road signs, handedness.",
                          .fastai = "aug_transforms(do_flip=True)"}),
      field<&O::p_flip>({.name = "p_flip",
                         .label = "Share flipped",
                         .help = "The chance that a training photo is mirrored. 0.5 shows both sides equally "
                                 "often. Validation photos are "
                                 "never mirrored.",
                         .fastai = "p of Flip",
                         .min = 0,
                         .max = 1})};
  return table;
}

AugDraw drawAugment(const AugOptions& options, Mode mode, RandomStream& stream) {
  AugDraw draw;
  if (mode == Mode::Train && options.do_flip) draw.flip = stream.bernoulli(options.p_flip);
  return draw;
}

void augmentAndNormalize(const Image& image, const AugDraw& draw, const Normalization& normalization,
                         std::span<float> out) {
  if (out.size() != image.pixels.size())
    throw std::invalid_argument("augmentAndNormalize: `out` has another size than the image");
  const Table table = normalizedBytes(normalization);
  const std::ptrdiff_t step = draw.flip ? -3 : 3;
  const std::uint8_t* row = image.pixels.data();
  float* to = out.data();
  for (int y = 0; y < image.height; ++y, row += 3 * static_cast<std::ptrdiff_t>(image.width)) {
    const std::uint8_t* pixel = draw.flip ? row + 3 * static_cast<std::ptrdiff_t>(image.width - 1) : row;
    for (int x = 0; x < image.width; ++x, pixel += step, to += 3) {
      to[0] = table[0][pixel[0]];
      to[1] = table[1][pixel[1]];
      to[2] = table[2][pixel[2]];
    }
  }
}

}  // namespace panicle
