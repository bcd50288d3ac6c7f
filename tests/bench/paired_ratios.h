// How much longer one thing takes than another, from measurements in pairs on a machine that others use too: a slow minute meets both of
// a pair. The median is not at the mercy of the pairs that it met half; the ratio of the sums counts what happens seldom as well.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace panicle::bench {

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

struct SumRatio {
  double ratio = 0;
  double low = 0, high = 0;  // of 95 % of as many pairs drawn from these again (the percentile bootstrap)
};

inline SumRatio ratioOfSums(const std::vector<double>& ones, const std::vector<double>& others) {
  const auto ratio = [&](auto&& index) {
    double one = 0, other = 0;
    for (std::size_t i = 0; i < ones.size(); ++i) {
      const std::size_t pair = index(i);
      one += ones[pair];
      other += others[pair];
    }
    return one / other;
  };
  constexpr std::size_t kDraws = 2000;
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> any(0, ones.size() - 1);
  std::vector<double> drawn;
  for (std::size_t i = 0; i < kDraws; ++i) drawn.push_back(ratio([&](std::size_t) { return any(random); }));
  std::sort(drawn.begin(), drawn.end());
  return {ratio([](std::size_t i) { return i; }), drawn[kDraws / 40], drawn[kDraws - 1 - kDraws / 40]};
}

inline std::string words(double ratio, double low, double high) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3f (%.3f to %.3f)", ratio, low, high);
  return text;
}
inline std::string words(const MedianRatio& ratio) { return words(ratio.median, ratio.low, ratio.high); }
inline std::string words(const SumRatio& ratio) { return words(ratio.ratio, ratio.low, ratio.high); }

}  // namespace panicle::bench
