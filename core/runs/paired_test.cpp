#include "core/runs/paired_test.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.h"

namespace panicle {
namespace {

// P(X = k) of n throws of a fair coin.
double fairPoint(std::uint64_t n, std::uint64_t k) {
  const auto [a, b] = std::pair(static_cast<double>(n), static_cast<double>(k));
  return std::exp(std::lgamma(a + 1) - std::lgamma(b + 1) - std::lgamma(a - b + 1) - a * std::log(2.0));
}

// P(X <= k) for k <= n / 2: the terms fall from the kth down.
double fairTail(std::uint64_t n, std::uint64_t k) {
  double term = fairPoint(n, k);
  double sum = 0;
  for (std::uint64_t i = k;; --i) {
    sum += term;
    if (i == 0 || term < sum * 1e-17) return sum;
    term *= static_cast<double>(i) / static_cast<double>(n - i + 1);
  }
}

// How often in `n` tries what has this chance happens. Exact while that is a small number; where a thousand or more are to be
// expected, a rounded normal one, whose error is far below the spread.
std::uint64_t drawBinomial(RandomStream& stream, std::uint64_t n, double chance) {
  const double size = static_cast<double>(n);
  if (n == 0 || chance <= 0) return 0;
  if (chance >= 1) return n;
  if (chance > 0.5) return n - drawBinomial(stream, n, 1 - chance);
  if (size * chance > 1000) {
    const double drawn = std::round(size * chance + std::sqrt(size * chance * (1 - chance)) * stream.normal());
    return static_cast<std::uint64_t>(std::clamp(drawn, 0.0, size));
  }
  // The distances between successes are geometric.
  const double scale = 1 / std::log1p(-chance);
  std::uint64_t happened = 0;
  for (double at = 0;; ++happened) {
    at += std::floor(std::log(1 - stream.uniform()) * scale) + 1;
    if (at > size) return happened;
  }
}

// Between the two nearest of sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

}  // namespace

McNemarTest mcNemar(const PairedCounts& counts) {
  const std::uint64_t low = std::min(counts.only_a_right, counts.only_b_right);
  const std::uint64_t high = std::max(counts.only_a_right, counts.only_b_right);
  const std::uint64_t differing = low + high;
  McNemarTest test;
  if (differing == 0) return test;
  const double tail = fairTail(differing, low);
  const double point = fairPoint(differing, low);
  test.exact = std::min(1.0, 2 * tail);
  test.mid_p = low == high ? 1 - point / 2 : 2 * tail - point;
  const double distance = std::max(0.0, static_cast<double>(high - low) - 1);
  test.chi_square = std::erfc(std::sqrt(distance * distance / static_cast<double>(differing) / 2));
  return test;
}

Interval bootstrapDifference(const PairedCounts& counts, double confidence, int draws, std::uint64_t seed) {
  const std::uint64_t images = counts.images();
  if (images == 0) return {};
  RandomStream stream(seed, "bootstrap");
  const double lost = static_cast<double>(counts.only_a_right) / static_cast<double>(images);
  // Of the images that are not among the lost ones.
  const double gained = counts.only_b_right == 0
                            ? 0
                            : static_cast<double>(counts.only_b_right) / static_cast<double>(images - counts.only_a_right);
  std::vector<double> differences;
  for (int i = 0; i < draws; ++i) {
    const std::uint64_t wrong = drawBinomial(stream, images, lost);
    const std::uint64_t right = drawBinomial(stream, images - wrong, gained);
    differences.push_back((static_cast<double>(wrong) - static_cast<double>(right)) / static_cast<double>(images));
  }
  std::sort(differences.begin(), differences.end());
  const double outside = (1 - confidence) / 2;
  return {quantile(differences, outside), quantile(differences, 1 - outside)};
}

}  // namespace panicle
