// From linear light to an 8-bit photo, as a phone's camera does it: exposure, white balance, tone, softness,
// grain.
#pragma once

#include "core/base/image.h"
#include "core/data/leaf_canvas.h"

namespace panicle::leaf {

// `nuisance` scales how much photos differ in exposure, colour, blur and grain; 1 is a careless photographer.
Image develop(Canvas& picture, float nuisance, RandomStream& random);

}  // namespace panicle::leaf
