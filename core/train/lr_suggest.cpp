#include "core/train/lr_suggest.h"

#include <algorithm>
#include <cmath>

namespace panicle {
namespace {

constexpr std::size_t kSkippedAtEnd = 5;

// numpy.gradient: central differences, one-sided at the ends.
std::vector<float> gradient(const std::vector<float>& values) {
  const std::size_t last = values.size() - 1;
  std::vector<float> slopes(values.size());
  slopes.front() = values[1] - values[0];
  slopes.back() = values[last] - values[last - 1];
  for (std::size_t i = 1; i < last; ++i) slopes[i] = (values[i + 1] - values[i - 1]) / 2.0f;
  return slopes;
}

// For each point the length of the longest strictly falling subsequence that ends at it.
std::vector<int> fallingLengths(const std::vector<float>& losses) {
  std::vector<int> lengths(losses.size(), 1);
  for (std::size_t i = 1; i < losses.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (losses[i] < losses[j]) lengths[i] = std::max(lengths[i], lengths[j] + 1);
    }
  }
  return lengths;
}

// Rounded to the nearest float32, as torch's is. Numpy's is the neighbour now and then, which decides where
// two slopes are nearly equal.
float logarithm(float value) {
  return static_cast<float>(std::log(static_cast<double>(value)));
}

}  // namespace

LrSuggestions suggestRates(const std::vector<double>& lrs, const std::vector<double>& losses, int num_it) {
  const std::size_t recorded = std::min(lrs.size(), losses.size());
  // A sweep of ours ends at the first not-a-number; fastai's goes on to num_it, and leaves out the last of those.
  const bool cutShort = recorded > 0 && std::isnan(losses[recorded - 1]);
  const std::size_t all = cutShort ? std::max(recorded, static_cast<std::size_t>(std::max(0, num_it))) : recorded;
  const std::size_t end = std::min(recorded, all > kSkippedAtEnd ? all - kSkippedAtEnd : 0);
  std::vector<float> rates, seen;
  for (auto i = static_cast<std::size_t>(std::max(0, num_it / 10)); i < end && !std::isnan(losses[i]); ++i) {
    rates.push_back(static_cast<float>(lrs[i]));
    seen.push_back(static_cast<float>(losses[i]));
  }
  return {.valley = valley(rates, seen),
          .slide = slide(rates, seen),
          .minimum = minimum(rates, seen),
          .steep = steep(rates, seen)};
}

std::optional<double> valley(const std::vector<float>& lrs, const std::vector<float>& losses) {
  if (losses.empty()) return std::nullopt;
  const std::vector<int> lengths = fallingLengths(losses);
  const auto longest = std::max_element(lengths.begin(), lengths.end());
  const auto end = static_cast<int>(longest - lengths.begin());
  // Fastai takes the subsequence for points side by side, and the whole curve where nothing falls for a
  // single point.
  const int start = *longest == 1 ? 0 : end - *longest;
  const double section = (end - start) / 3.0;
  int index = start + static_cast<int>(section) + static_cast<int>(section / 2);
  if (index < 0) index += static_cast<int>(lrs.size());  // -1 is Python's last
  return lrs[static_cast<std::size_t>(index)];
}

std::optional<double> slide(const std::vector<float>& lrs, const std::vector<float>& losses) {
  constexpr std::ptrdiff_t kInterval = 15;
  constexpr double kThreshold = 0.005;
  if (losses.size() <= kInterval) return std::nullopt;
  const std::vector<float> slopes = gradient(losses);
  auto right = static_cast<std::ptrdiff_t>(losses.size()) - 1;
  std::ptrdiff_t left = right - kInterval;
  double rate = lrs[static_cast<std::size_t>(left)];
  const auto differ = [&] {
    return std::abs(slopes[static_cast<std::size_t>(right)] - slopes[static_cast<std::size_t>(left)]) >
           kThreshold;
  };
  for (; left >= 0 && differ(); --left, --right) rate = lrs[static_cast<std::size_t>(left)];
  return rate;
}

std::optional<double> minimum(const std::vector<float>& lrs, const std::vector<float>& losses) {
  if (losses.empty()) return std::nullopt;
  const auto lowest = std::min_element(losses.begin(), losses.end()) - losses.begin();
  return static_cast<double>(lrs[static_cast<std::size_t>(lowest)]) / 10;
}

std::optional<double> steep(const std::vector<float>& lrs, const std::vector<float>& losses) {
  if (losses.size() < 2) return std::nullopt;
  std::vector<float> slopes;
  for (std::size_t i = 0; i + 1 < losses.size(); ++i)
    slopes.push_back((losses[i + 1] - losses[i]) / (logarithm(lrs[i + 1]) - logarithm(lrs[i])));
  const auto steepest = std::min_element(slopes.begin(), slopes.end()) - slopes.begin();
  return lrs[static_cast<std::size_t>(steepest)];
}

}  // namespace panicle
