// Pictures of core as pictures of Qt. All functions copy; call them on the worker.
#pragma once

#include <QImage>
#include <span>

#include "core/base/image.h"
#include "core/base/size.h"
#include "core/transforms/augment.h"

namespace panicle::ui {

QImage toQImage(const Image& image);

// What the network gets (float32, HWC, normalised), as a photo again: values times std plus mean, cut at 0
// and 1.
QImage toPhoto(std::span<const float> pixels, Size size, const Normalization& normalization);

// The same values as they are: 0 is mid grey, -kNormalizedRange black and +kNormalizedRange white in each
// channel.
inline constexpr float kNormalizedRange = 2.7f;  // ImageNet's values lie between -2.12 and 2.64
QImage toNormalized(std::span<const float> pixels, Size size);

}  // namespace panicle::ui
