// What is said of photos that show the same.
#pragma once

#include "core/base/json.h"
#include "core/data/duplicate_groups.h"

namespace panicle::cli {

// {"exact": [[path, ...]], "near": [[path, ...]], "groups": [{"photos": [{"path", "label", "part"}], "crosses", "leaks", "disagrees"}], ...}
Json duplicatesJson(const Dataset& dataset, const Split& split, const Duplicates& duplicates);
void printDuplicates(const Dataset& dataset, const Split& split, const Duplicates& duplicates);

}  // namespace panicle::cli
