#include "core/eval/interval.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace panicle {

double normalQuantile(double probability) {
  // Halving: 80 steps leave less than a double can hold of the 80 that are looked through.
  double low = -40, high = 40;
  for (int step = 0; step < 80; ++step) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::numbers::sqrt2) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

Interval wilson(std::uint64_t successes, std::uint64_t trials, double confidence) {
  if (trials == 0) return {0, 1};
  const double z = normalQuantile(0.5 + confidence / 2);
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double centre = share + z * z / (2 * n);
  const double reach = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // At the ends the formula is exactly 0 and 1; rounding must not say otherwise.
  return {successes == 0 ? 0.0 : std::max(0.0, (centre - reach) / scale), successes == trials ? 1.0 : std::min(1.0, (centre + reach) / scale)};
}

}  // namespace panicle
