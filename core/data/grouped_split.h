// A split that keeps like photos together: near duplicates, or the photos of one plant.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/data/split.h"

namespace panicle {

// The group of each item of the data set, numbered from 0 in the order of their first items; an item without a value is a group of its own.
// From the options' table, or the data set's own column. Throws Error naming the file when the table, the column or every photo is missing,
// and naming file and line when two rows put one photo into different groups.
std::vector<std::uint32_t> itemGroups(const Dataset& dataset, const SplitOptions& options);

// Draws groups in an order that `seed` fixes (stream "grouped split") and puts each on the validation side if that brings the classes nearer to
// `valid_pct` of each (in the sum of squared differences). So a class whose groups hold it alone misses its share by less than half of its
// largest group, and no group is ever on both sides. `sides` (empty, or one per item): a group with a photo that has a side is put there whole.
// Both lists ascend. Throws Error when one group holds everything, or two photos of one group have different sides.
Split groupedSplit(std::span<const std::uint32_t> groups, std::span<const int> classes, double valid_pct, std::uint64_t seed,
                   std::span<const Side> sides = {});

}  // namespace panicle
