// Whether two classifiers differ on the same images: McNemar's test and a bootstrap interval.
// Sources: McNemar 1947; Fagerland, Lydersen, Laake 2013, "The McNemar test for binary matched-pairs data" (the mid-p test, which keeps
// its level also where few images differ); Efron's percentile bootstrap.
#pragma once

#include <cstdint>

#include "core/eval/interval.h"

namespace panicle {

// How two classifiers, A and B, did on the same images.
struct PairedCounts {
  std::uint64_t both_right = 0;
  std::uint64_t both_wrong = 0;
  std::uint64_t only_a_right = 0;  // went from right to wrong, from A to B
  std::uint64_t only_b_right = 0;  // went from wrong to right

  std::uint64_t images() const { return both_right + both_wrong + only_a_right + only_b_right; }
};

// Two-sided p-values of "both err equally often". 1 where no image differs.
struct McNemarTest {
  double exact = 1;       // binomial
  double mid_p = 1;       // binomial, half the weight on what was seen: the one to read
  double chi_square = 1;  // with the continuity correction, for comparison; rough below 25 differing images
};
McNemarTest mcNemar(const PairedCounts& counts);

// Of (errors of B - errors of A) / images, where whole images are drawn again with replacement: percentiles of `draws` means, from the
// random stream of `seed`, so that the same counts give the same interval. 0 to 0 without images.
Interval bootstrapDifference(const PairedCounts& counts, double confidence = 0.95, int draws = 10'000, std::uint64_t seed = 0);

}  // namespace panicle
