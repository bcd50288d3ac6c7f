// Classes of different predictions, matched by name.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/data/target.h"

namespace panicle {

// "" where both have the same classes, in whatever order; else a sentence: "run 3 and vit.csv have different classes: only run 3 has 'hispa';
// only vit.csv has 'blast_2', 'tungro '". A class that is there twice is told too.
std::string vocabDifference(const std::string& nameA, const Vocab& a, const std::string& nameB, const Vocab& b);

// For each class of `wanted` its place in `vocab`, which has the same classes.
std::vector<std::size_t> columnsInOrder(const Vocab& vocab, const Vocab& wanted);

// "'a', 'b', 'c' and 7 more"
std::string quotedExamples(const std::vector<std::string>& names, std::size_t most = 3);

}  // namespace panicle
