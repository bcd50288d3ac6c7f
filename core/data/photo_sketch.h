// What is kept of a photo to find those that look like it: a few hundred bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/image.h"

namespace panicle {

// The eight ways in which a square lies upon itself. Orientation o: transposed if it has 4, then upside down if it has 2, then mirrored left to right
// if it has 1; 0 is as it was.
constexpr std::size_t kOrientations = 8;

// Of a picture that is squished to 17 x 16 pixels (Lanczos, grey): for each of 16 x 16 places whether it is lighter one step to the right. As
// "dHash" (Krawetz 2013), with four times its usual places.
using GradientSigns = std::array<std::uint64_t, 4>;

struct PhotoSketch {
  // Of the picture in each orientation, the perceptual hash: the signs of the 8 x 8 lowest frequencies of the cosine transform of its 32 x 32
  // pixels, without those that do not change along a side ("pHash", Zauner 2010).
  std::array<std::uint64_t, kOrientations> hashes{};
  std::array<GradientSigns, kOrientations> gradients{};
  std::uint8_t mean = 0;  // grey
  bool flat = false;      // one colour but for noise: its signs say nothing
};

// `photo` may be of any size; one of 200 pixels a side or more gives the same as the original but for a few bits. Throws Error for one without pixels.
PhotoSketch sketchOf(const Image& photo);

// Bits in which they differ.
int distance(const GradientSigns& a, const GradientSigns& b);
// The share of gradients that agree when `second` lies over `first` in an orientation, 0 to 1: of unlike photos about a half. 0 where either is flat.
float similarityOf(const PhotoSketch& first, const PhotoSketch& second, std::size_t orientation);

}  // namespace panicle
