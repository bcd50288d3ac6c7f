// The batch transforms: fastai's aug_transforms, of which the flip is here, and Normalize.
#pragma once

#include <array>
#include <span>

#include "core/base/fields.h"
#include "core/base/image.h"
#include "core/base/random.h"
#include "core/transforms/resize.h"

namespace panicle {

struct AugOptions {
  bool do_flip = true;  // mirror left-right with probability p_flip in training
  double p_flip = 0.5;
};

std::span<const Field<AugOptions>> fieldTable(const AugOptions*);

struct AugDraw {
  bool flip = false;
};

AugDraw drawAugment(const AugOptions& options, Mode mode, RandomStream& stream);

// Per channel, of values in [0, 1].
struct Normalization {
  std::array<float, 3> mean{0.485f, 0.456f, 0.406f};  // ImageNet
  std::array<float, 3> std{0.229f, 0.224f, 0.225f};
};

// uint8 HWC -> float32 HWC: flip as drawn, /255, (x - mean) / std; one pass. `out` has 3 * height * width
// floats.
void augmentAndNormalize(const Image& image, const AugDraw& draw, const Normalization& normalization,
                         std::span<float> out);

}  // namespace panicle
