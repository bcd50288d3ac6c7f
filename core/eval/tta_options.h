// Test-time augmentation: the `tta` section of a RunSpec.
#pragma once

#include <cstdint>

#include "core/base/fields.h"

namespace panicle {

// fastai's Learner.tta(n, beta, use_max).
struct TtaOptions {
  int n = 4;             // passes with the training transforms
  double beta = 0.25;    // the plain pass's share; the mean of the n has the rest
  bool use_max = false;  // instead: the highest probability of the n and the plain pass, class by class
};

// The epoch that the random draws of a pass (from 0) are of: beyond those of any training.
constexpr std::uint64_t ttaEpoch(int pass) {
  return (std::uint64_t{1} << 40) + static_cast<std::uint64_t>(pass);
}

std::span<const Field<TtaOptions>> fieldTable(const TtaOptions*);

}  // namespace panicle
