// augment() against every case of fastai's that there is.
#include <algorithm>

#include "core/transforms/augment.h"
#include "tests/testing.h"
#include "tests/transforms/fastai_cases.h"

namespace panicle {
namespace {

// Lists the worst difference of each case.
TEST(AugmentCases, AllAreFastais) {
  for (const testing::FastaiCase& c : testing::fastaiCases()) {
    std::vector<float> out(3 * static_cast<std::size_t>(c.result.height) * c.result.width);
    float worst = 0;
    for (std::size_t i = 0; i < c.items.size(); ++i) {
      augment(c.items[i], c.options, c.draws[i], testing::kPlain, out);
      const float difference = c.worstDifference(i, out.data());
      EXPECT_LE(difference, c.tolerance()) << c.name << ", picture " << i;
      worst = std::max(worst, difference);
    }
    std::printf("  %-40s %.1e\n", c.name.c_str(), worst);
  }
}

// The smallest and largest coordinate of a batch, by which fastai decides whether to average areas first.
TEST(AugmentCases, CoordinateRangesAreFastais) {
  for (const testing::FastaiCase& c : testing::fastaiCases()) {
    double low = 1e9, high = -1e9;
    for (std::size_t i = 0; i < c.items.size(); ++i) {
      const CoordinateExtent extent =
          coordinateExtent(c.options, {c.items[i].height, c.items[i].width}, c.draws[i]);
      low = std::min(low, extent.low);
      high = std::max(high, extent.high);
    }
    const double range = c.draws.front().coordinate_range;
    // Near a perspective's horizon a coordinate is the inverse of a small difference, which magnifies its
    // rounding.
    EXPECT_NEAR(high - low, range, std::max(1e-5, 1e-6 * range * range)) << c.name;
  }
}

}  // namespace
}  // namespace panicle
