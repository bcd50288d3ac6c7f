#include "core/transforms/mix.h"

#include <algorithm>
#include <cmath>

namespace panicle {
namespace {

// The logarithm of a Gamma(shape, 1) variate: Marsaglia and Tsang 2000, with Gamma(a) = Gamma(a + 1) U^(1/a)
// for shapes below 1. In logarithms, since small shapes give numbers far below what a double holds.
double logGamma(double shape, RandomStream& stream) {
  if (shape < 1) return logGamma(shape + 1, stream) + std::log(1 - stream.uniform()) / shape;
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = stream.normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - stream.uniform()) < 0.5 * x * x + d * (1 - v + std::log(v)))
      return std::log(d) + std::log(v);
  }
}

// Beta(alpha, alpha).
double drawBeta(double alpha, RandomStream& stream) {
  const double first = logGamma(alpha, stream);
  const double second = logGamma(alpha, stream);
  return 1 / (1 + std::exp(second - first));
}

int clampTo(int value, int high) {
  return std::clamp(value, 0, high);
}

}  // namespace

std::span<const Field<MixOptions>> fieldTable(const MixOptions*) {
  static constexpr std::array table{
      field<&MixOptions::kind>(
          {.name = "kind",
           .label = "Kind",
           .help = "mixup lays two photos over each other, each photo of a batch with a share of its own; "
                   "cutmix pastes a box of the other photo in, the same box in the whole batch.",
           .fastai = "MixUp, CutMix"}),
      field<&MixOptions::alpha>(
          {.name = "alpha",
           .label = "Alpha",
           .help = "How evenly photos are mixed: near 0 mostly one of the two, 1 every share alike, above "
                   "1 mostly half and half. Off: 0.4 of mixup, 1 of cutmix.",
           .fastai = "MixUp(alpha), CutMix(alpha)",
           .min = 0.001,
           .max = 100}),
  };
  return table;
}

MixDraw::Box cutMixBox(Size size, float share, int centreX, int centreY) {
  // In single precision and rounded to even, as torch does.
  const float side = std::sqrt(1.0f - share);
  const int halfWidth = static_cast<int>(std::nearbyint(static_cast<float>(size.width) * side)) / 2;
  const int halfHeight = static_cast<int>(std::nearbyint(static_cast<float>(size.height) * side)) / 2;
  return {.x1 = clampTo(centreX - halfWidth, size.width),
          .y1 = clampTo(centreY - halfHeight, size.height),
          .x2 = clampTo(centreX + halfWidth, size.width),
          .y2 = clampTo(centreY + halfHeight, size.height)};
}

MixDraw drawMix(const MixOptions& options, std::size_t images, Size size, RandomStream stream) {
  MixDraw draw;
  const bool mixUp = options.kind == MixKind::MixUp;
  const double alpha = options.alpha.value_or(mixUp ? 0.4 : 1.0);
  if (mixUp) {
    for (std::size_t i = 0; i < images; ++i) {
      const auto share = static_cast<float>(drawBeta(alpha, stream));
      draw.share.push_back(std::max(share, 1 - share));
    }
  } else {
    const auto share = static_cast<float>(drawBeta(alpha, stream));
    const int centreX = static_cast<int>(stream.below(static_cast<std::uint64_t>(size.width)));
    const int centreY = static_cast<int>(stream.below(static_cast<std::uint64_t>(size.height)));
    const MixDraw::Box box = cutMixBox(size, share, centreX, centreY);
    draw.box = box;
    draw.share.assign(images, boxShare(box, size));
  }
  draw.partner = permutation(images, RandomStream(stream.next()));
  return draw;
}

float boxShare(const MixDraw::Box& box, Size size) {
  const auto area = static_cast<float>((box.x2 - box.x1) * (box.y2 - box.y1));
  return 1 - area / (static_cast<float>(size.width) * static_cast<float>(size.height));
}

}  // namespace panicle
