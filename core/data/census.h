// A look at every file of a data set without decoding it: counts, sizes, orientations, what cannot be read.
#pragma once

#include <cstddef>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/data/decode.h"

namespace panicle {

struct BadFile {
  std::string path;    // relative to the root
  std::string reason;
};

struct Census {
  std::size_t images = 0;                           // labelled items, bad ones included
  std::size_t test_images = 0;
  std::vector<std::size_t> class_counts;            // in vocab order
  std::map<std::pair<int, int>, std::size_t> sizes; // (height, width) -> files, labelled and test
  std::map<int, std::size_t> orientations;          // EXIF 1..8 -> files
  std::vector<BadFile> bad;                         // sorted by path
};

// Runs on `threads` threads (0: all cores) and blocks until done. Throws Cancelled when stopped.
Census takeCensus(const Dataset& dataset, const DecodeOptions& options = {}, int threads = 0, std::stop_token stop = {},
                  const Progress& progress = {});

}  // namespace panicle
