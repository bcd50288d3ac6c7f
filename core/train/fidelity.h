// Where fastai has a defect, whether Panicle repeats it.
#pragma once

#include <array>

#include "core/base/fields.h"

namespace panicle {

// Fastai repeats, for exact reproduction of a notebook:
//   - accumulation by samples drops the surplus: a step whose batches hold more than the effective batch is too large, and
//     groups run on over epochs; what is left at the end of a fit joins the first step of the next one;
//   - rates of an accumulated step are those of its last batch (default: of its first, so that it equals the big batch's step);
//   - frozen weights that have learnt before still decay;
//   - a training set smaller than a batch trains on nothing;
//   - a plateau (ReduceLrOptions) lowers rates that the schedule sets anew at every step, all but those of `fit`.
// That fastai's lr_find leaves the random generators changed has no counterpart: no draw of a run comes from a generator
// that another could move on.
enum class Fidelity { Default, Fastai };

template <>
struct EnumNames<Fidelity> {
  static constexpr std::array names{"default", "fastai"};
};

}  // namespace panicle
