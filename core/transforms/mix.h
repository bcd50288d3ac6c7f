// MixUp and CutMix: photos of a batch mixed in pairs, and their labels with them.
// Source: fastai.callback.mixup (MixUp, CutMix); Zhang et al. 2018, Yun et al. 2019.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/fields.h"
#include "core/base/random.h"
#include "core/base/size.h"

namespace panicle {

enum class MixKind { MixUp, CutMix };

template <>
struct EnumNames<MixKind> {
  static constexpr std::array names{"mixup", "cutmix"};
};

struct MixOptions {
  MixKind kind = MixKind::MixUp;
  std::optional<double> alpha;  // of the Beta(alpha, alpha) that shares are drawn from; .4 of mixup, 1 of cutmix
};

std::span<const Field<MixOptions>> fieldTable(const MixOptions*);

// What one batch of `partner.size()` images is mixed with. Image i becomes share[i] of itself and the rest of image partner[i].
struct MixDraw {
  std::vector<std::uint32_t> partner;
  std::vector<float> share;  // one an image; for CutMix all are equal: 1 - the box's part of the area
  // Of CutMix: the box that comes from the partner, in pixels; x2, y2 are outside. Empty for MixUp.
  struct Box {
    int x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  };
  std::optional<Box> box;
};

// CutMix's box around a centre, before it is clipped as large as (1 - share) of the picture; and what it leaves of the photo.
// Both sides are even: halves are rounded down.
MixDraw::Box cutMixBox(Size size, float share, int centreX, int centreY);
float boxShare(const MixDraw::Box& box, Size size);

// As fastai draws (share = max(share, 1 - share) for MixUp; one box for a batch), from `stream`. Partners are a permutation: a photo may be
// its own. `size` is at least 1 x 1.
MixDraw drawMix(const MixOptions& options, std::size_t images, Size size, RandomStream stream);

}  // namespace panicle
