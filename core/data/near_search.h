// Near duplicates among many sketches.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/progress.h"
#include "core/data/photo_sketch.h"

namespace panicle {

struct NearOptions {
  // Candidates: bits in which the 64-bit hashes may differ, 0 to 63. Up to 15 costs the same.
  int hash_distance = 15;
  // Of these the ones are near in which so large a share of the gradients agrees. 0.9: the same photo turned, stored again, resized, lighter or
  // darker, cropped by a hundredth, or taken a moment later from the same place. 0.8 finds more shots of one scene.
  double similarity = 0.9;
};

struct NearPair {
  std::uint32_t first = 0;  // the lower number
  std::uint32_t second = 0;
  float similarity = 0;          // similarityOf()
  std::uint8_t orientation = 0;  // in which `second` lies over `first`; the best, the lowest of equals

  friend bool operator==(const NearPair&, const NearPair&) = default;
};

// Finds numbers by their hashes: multi-index hashing (Norouzi, Punjani, Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012).
// Two hashes that differ in at most `distance` bits differ, in one of their four parts of 16 bits, in at most a fourth of that. Not changed by
// find(), so that many threads may ask.
class HashIndex {
 public:
  HashIndex(std::vector<std::uint64_t> hashes, int distance);

  // Calls `found` with the number of each hash within the distance that is below `end`, once, in no particular order.
  void find(std::uint64_t hash, std::uint32_t end, const std::function<void(std::uint32_t)>& found) const;

 private:
  static constexpr int kParts = 4, kPartBits = 16;

  struct Table {
    std::vector<std::uint32_t> begins;   // of each value of the part in `numbers`, and the end
    std::vector<std::uint32_t> numbers;  // ascending within a value
  };

  std::vector<std::uint64_t> hashes_;
  int distance_ = 0;
  std::vector<std::uint16_t> changes_;  // what a part may differ by
  std::vector<Table> tables_;
};

// Near pairs, sorted: every group that hangs together by near pairs does so by these, and small groups (up to a thousand photos) have all their
// pairs; of larger ones a photo is not compared with all. The same with any number of threads (0: all cores). Progress counts photos. Throws
// Cancelled when stopped.
std::vector<NearPair> nearPairs(std::span<const PhotoSketch> sketches, const NearOptions& options = {}, int threads = 0, std::stop_token stop = {},
                                const Progress& progress = {});

}  // namespace panicle
