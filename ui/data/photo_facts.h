// Reads what the headers of all files say, for filtering by size and orientation. No widgets.
#pragma once

#include <stop_token>
#include <vector>

#include "core/base/progress.h"
#include "ui/data/photo_filter.h"

namespace panicle::ui {

// In the order of PhotoIndex. Blocks; uses `threads` threads (0: all cores). Files that cannot be read get a
// width of 0. Throws Cancelled when stopped.
std::vector<FileFacts> readFacts(const Dataset& dataset, int threads, std::stop_token stop,
                                 const Progress& progress);

}  // namespace panicle::ui
