// A leaf blade in the picture: a bent, tapering ribbon that carries a Skin, lit by the scene's light.
#pragma once

#include <cstdint>
#include <vector>

#include "core/data/leaf_canvas.h"
#include "core/data/leaf_skin.h"

namespace panicle::leaf {

struct Light {
  Rgb sun;           // colour times strength
  Rgb sky;           // from all sides
  float shine = 0;   // gloss of the leaves
  float dapple = 0;  // 0: no cast shadows, 1: hard ones
};

struct Blade {
  float x = 0;  // root, picture pixels
  float y = 0;
  float angle = 0;     // radians from straight up, clockwise
  float bend = 0;      // radians turned until the tip
  float length = 100;  // pixels
  float halfWidth = 5;
  float foot = 0.3f;   // width at the root, share of the full width
  float taper = 2.5f;  // higher: stays wide for longer before the tip
  float twist = 0;     // 0: flat; 1: turns edge-on somewhere
  float twistAt = 0;
  float fold = 0.2f;       // difference in light between the two halves
  float facing = 1;        // share of the sun it gets
  float through = 0;       // how much of the light comes through from behind
  float sunken = 0;        // how dark its foot is, inside the plant
  std::uint64_t seed = 0;  // of its shadows and gloss
};

struct SpinePoint {
  float x = 0;
  float y = 0;
  float dx = 0;  // unit direction towards the tip
  float dy = 0;
  float half = 0;
};

std::vector<SpinePoint> bladeSpine(const Blade& blade);

// Draws a random blade's manner of hanging; the caller sets place and size.
Blade randomBlade(RandomStream& random);

// Paints onto a canvas that shows the picture at `scale` (1: full size).
void paintBlade(Canvas& canvas, const Blade& blade, const Skin& skin, const Light& light, float scale = 1);
// Darkens what lies behind the blade, displaced by (dx, dy) picture pixels.
void paintBladeShadow(Canvas& canvas, const Blade& blade, float dx, float dy, float strength,
                      float scale = 1);

}  // namespace panicle::leaf
