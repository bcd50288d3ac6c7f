// Whether a data set is still the one that a run began with.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>

#include "core/base/json.h"
#include "core/base/progress.h"
#include "core/data/dataset.h"

namespace panicle {

// Where RunRecord::environment holds it.
inline constexpr const char* kDataEntry = "data";

struct DataFingerprint {
  std::size_t images = 0;  // labelled and test
  std::string list;        // of paths below the root, labels and vocab: what decides on the split and on what is learnt
  std::string files;       // of sizes and times of change as well

  friend bool operator==(const DataFingerprint&, const DataFingerprint&) = default;
};

// Asks the system for each file, and opens none. Throws Cancelled.
DataFingerprint fingerprint(const Dataset& dataset, std::stop_token stop = {});
// Reads every byte of every photo: the SHA-256 of a list of them all, with the SHA-256 of each. It says nothing of labels. Throws Cancelled.
std::string contentHash(const Dataset& dataset, std::stop_token stop = {}, const Progress& progress = {});

Json toJson(const DataFingerprint& fingerprint);
DataFingerprint fingerprintFromJson(const Json& json);  // of what is not there, or another thing, an empty one

}  // namespace panicle
