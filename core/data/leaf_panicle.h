// The flower head of the rice plant: a drooping stalk with branches of grains.
#pragma once

#include "core/data/leaf_blade.h"

namespace panicle::leaf {

struct Panicle {
  float x = 0;  // foot of the stalk, picture pixels
  float y = 0;
  float angle = 0;  // radians from straight up
  float bend = 0;
  float length = 200;
  float grain = 5;     // half the length of a grain, pixels
  Rgb ripe;            // colour of a sound grain
  float blighted = 0;  // share of grains that are discoloured
  float bleached = 0;  // how white (rather than brown) the discoloured ones are
};

void paintPanicle(Canvas& canvas, const Panicle& panicle, const Tissue& tissue, const Light& light,
                  RandomStream& random, float scale = 1);

}  // namespace panicle::leaf
