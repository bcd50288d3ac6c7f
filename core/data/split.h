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

// By the options' kind. `none` puts everything into train. Throws Error when the column is missing, or when it leaves train empty.
Split splitDataset(const Dataset& dataset, const SplitOptions& options);

}  // namespace panicle
