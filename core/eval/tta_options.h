// Test-time augmentation: the `tta` section of a RunSpec.
#pragma once

#include "core/base/fields.h"

namespace panicle {

// fastai's Learner.tta(n, beta, use_max).
struct TtaOptions {
  int n = 4;             // passes with the training transforms
  double beta = 0.25;    // the plain pass's share; the mean of the n has the rest
  bool use_max = false;  // instead: the highest probability of the n and the plain pass, class by class
};

std::span<const Field<TtaOptions>> fieldTable(const TtaOptions*);

}  // namespace panicle
