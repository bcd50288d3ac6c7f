// The field in which a sample photo is taken: light, plants, ground, everything behind the leaf that matters.
#pragma once

#include "core/base/size.h"
#include "core/data/leaf_blade.h"
#include "core/data/leaf_disease.h"

namespace panicle::leaf {

// What is drawn once for a photo, whatever its class.
struct Scene {
  int width = 480;
  int height = 640;
  float unit = 1;  // picture pixels per pixel of a 480 x 640 photo, times the distance of the plants
  bool fromAbove = false;
  float horizon = 0;  // share of the height that is sky; 0: none in view
  Light light;
  Tissue tissue;
  Rgb ground;
  Rgb sky;
  float focus = 0.5f;  // 0: all sharp; 1: only the subject
};

// What ails the plants around the subject.
struct Outbreak {
  Ailment ailment = Ailment::Normal;
  float severity = 0;  // 0..1
  float share = 0;     // of the stand's blades (or panicles) that show it
};

// `nuisance` scales how much the plants' green differs between photos; 1 is a wide range.
Scene randomScene(Size size, float nuisance, RandomStream& random);

// Ground, sky and the stand of plants, out of focus towards the back: an opaque picture of the scene's size.
Canvas paintField(const Scene& scene, const Outbreak& outbreak, RandomStream& random);

// Blades close to the lens, far out of focus, laid over the picture.
void paintForeground(Canvas& picture, const Scene& scene, RandomStream& random);

}  // namespace panicle::leaf
