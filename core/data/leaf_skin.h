// The surface of a leaf laid flat, before it is bent into the picture: `length` pixels from base (0) to tip,
// `width` across. Diseases are painted here, so that spots follow the blade's curve, foreshortening and
// light.
#pragma once

#include <vector>

#include "core/base/random.h"
#include "core/data/leaf_canvas.h"

namespace panicle::leaf {

struct Skin {
  Skin(int length, int width)
      : length(length),
        width(width),
        paintedTo(length),
        visibleTo(length),
        albedo(static_cast<std::size_t>(length) * width) {}

  Rgb& at(int s, int t) { return albedo[static_cast<std::size_t>(t) * length + s]; }
  const Rgb& at(int s, int t) const { return albedo[static_cast<std::size_t>(t) * length + s]; }

  // u: 0 at the base, 1 at the tip; v: -1 and 1 at the edges.
  Rgb sample(float u, float v) const;

  int length;
  int width;
  int paintedFrom =
      0;  // the part that is painted at all; more than the visible one, because the blade is wide
  int paintedTo;
  int visibleFrom = 0;  // the part of the length that lies inside the frame: where lesions go
  int visibleTo;
  std::vector<Rgb> albedo;
};

// How the plants of one photo look when nothing ails them.
struct Tissue {
  Rgb green;
  Rgb pale;          // midrib, veins, young tissue
  Rgb straw;         // dry tissue
  float veins = 0;   // contrast of the veins
  float tipDry = 0;  // share of the length that is dry at the tip of an old leaf
};

void paintHealthy(Skin& skin, const Tissue& tissue, RandomStream& random);
// A leaf that has died: straw to brown, ragged along its veins.
void paintDry(Skin& skin, const Tissue& tissue, RandomStream& random);

// A spot in skin pixels. Inside `rimAt` (share of its radius) it has the centre's colour, then the rim's; the
// halo fades out at `reach` times the radius.
struct Spot {
  float s = 0;
  float t = 0;
  float along = 1;  // radii
  float across = 1;
  float power = 2;   // 2: ellipse, 1: diamond
  float wobble = 0;  // irregularity of the outline, share of the radius
  float softness = 0.15f;
  float rimAt = 0.6f;
  float reach = 1.5f;
  Rgb centre;
  Rgb rim;
  Rgb halo;
  float haloOpacity = 0.5f;
  float opacity = 1;
};

void paintSpot(Skin& skin, const Spot& spot, const Noise& noise);

}  // namespace panicle::leaf
