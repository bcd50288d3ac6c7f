// Which items train and which validate.
#pragma once

#include <cstdint>
#include <vector>

#include "core/data/dataset.h"

namespace panicle {

struct Split {
  std::vector<std::uint32_t> train;  // indices into Dataset::items, in fastai's order
  std::vector<std::uint32_t> valid;
};

// fastai's RandomSplitter(valid_pct, seed): torch.randperm(n) after manual_seed(seed), the first int(valid_pct*n) are validation.
// Reproduced without torch (mt19937, Fisher-Yates from the front). Holds for n below 2^32 / 20.
Split randomSplit(std::size_t count, double valid_pct, std::uint64_t seed);

// A grouped split by the options' share and seed, with the number of its group for each item; corrections' sides count.
Split splitByNumbers(const Dataset& dataset, const std::vector<std::uint32_t>& groups, const SplitOptions& options);

// By the options' kind; then photos that corrections put on a side go there. `none` puts everything into train. Throws Error when a column or
// a table of groups is missing, or when nothing is left to train on.
Split splitDataset(const Dataset& dataset, const SplitOptions& options);

}  // namespace panicle
