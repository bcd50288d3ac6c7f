// How much longer one thing takes than another, from measurements in pairs on a machine that others use too: a slow minute meets both of
// a pair, and the median is not at the mercy of the pairs that it met half.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace panicle::bench {

// Fewer pairs have no 95 % interval.
constexpr std::size_t kFewestPairs = 6;

struct MedianRatio {
  double median = 0;
  double low = 0, high = 0;  // at least 95 % sure to hold the true median, whatever the distribution
};

// Order statistics: the true median lies below the k-th of n with the chance that fewer than k of n coins show heads.
inline MedianRatio medianOf(std::vector<double> ratios) {
  std::sort(ratios.begin(), ratios.end());
  const std::size_t count = ratios.size();
  std::size_t rank = 0;  // of the interval's lower end, from 0
  double chance = std::pow(0.5, count), below = chance;
  while (rank + 1 < count / 2) {
    chance *= static_cast<double>(count - rank) / static_cast<double>(rank + 1);
    if (below + chance > 0.025) break;
    below += chance;
    ++rank;
  }
  const double median = (ratios[(count - 1) / 2] + ratios[count / 2]) / 2;
  return {median, ratios[rank], ratios[count - 1 - rank]};
}

inline std::string words(const MedianRatio& ratio) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3f (%.3f to %.3f)", ratio.median, ratio.low, ratio.high);
  return text;
}

}  // namespace panicle::bench
