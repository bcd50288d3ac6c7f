#include "core/runs/paired_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tests/testing.h"

namespace panicle {
namespace {

TEST(PairedTest, McNemarAgreesWithExactFractions) {
  const Json cases = readJson(testing::reference("mcnemar.json"));
  ASSERT_GE(cases.size(), 10u);
  for (const Json& expected : cases) {
    PairedCounts counts{.both_right = 900, .both_wrong = 7};
    counts.only_a_right = expected["only_a"].get<std::uint64_t>();
    counts.only_b_right = expected["only_b"].get<std::uint64_t>();
    const McNemarTest test = mcNemar(counts);
    const auto near = [&](double value, const char* name) {
      const double wanted = expected[name].get<double>();
      EXPECT_NEAR(value / wanted, 1, 1e-9) << name << " of " << expected.dump();
    };
    near(test.exact, "exact");
    near(test.mid_p, "mid_p");
    near(test.chi_square, "chi_square");
  }
}

TEST(PairedTest, IsTheSameFromBothSides) {
  const PairedCounts counts{.both_right = 50, .both_wrong = 3, .only_a_right = 4, .only_b_right = 17};
  const PairedCounts turned{.both_right = 50, .both_wrong = 3, .only_a_right = 17, .only_b_right = 4};
  EXPECT_EQ(mcNemar(counts).mid_p, mcNemar(turned).mid_p);
  EXPECT_LT(mcNemar(counts).mid_p, 0.01);
}

TEST(PairedTest, HoldsForAMillionImages) {
  const McNemarTest test = mcNemar({.both_right = 0, .both_wrong = 0, .only_a_right = 500'700, .only_b_right = 499'300});
  // So many are normal: both must agree.
  EXPECT_NEAR(test.mid_p, 0.1615, 2e-3);
  EXPECT_NEAR(test.mid_p, test.chi_square, 1e-3);
}

double at(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// Image by image, with another generator.
TEST(PairedTest, TheBootstrapAgreesWithDrawingEveryImage) {
  for (const PairedCounts& counts : {PairedCounts{180, 5, 3, 12}, PairedCounts{20, 10, 60, 10}, PairedCounts{90, 5, 0, 5}}) {
    std::vector<int> images;
    images.insert(images.end(), counts.both_right + counts.both_wrong, 0);
    images.insert(images.end(), counts.only_a_right, 1);
    images.insert(images.end(), counts.only_b_right, -1);
    std::mt19937 random(1);
    std::uniform_int_distribution<std::size_t> any(0, images.size() - 1);
    std::vector<double> means;
    for (int draw = 0; draw < 20'000; ++draw) {
      int sum = 0;
      for (std::size_t i = 0; i < images.size(); ++i) sum += images[any(random)];
      means.push_back(sum / static_cast<double>(images.size()));
    }
    const Interval interval = bootstrapDifference(counts);
    const double step = 1.0 / static_cast<double>(images.size());
    EXPECT_NEAR(interval.low, at(means, 0.025), 1.1 * step);
    EXPECT_NEAR(interval.high, at(means, 0.975), 1.1 * step);
  }
}

TEST(PairedTest, TheBootstrapIsRepeatableAndKnowsItsLimits) {
  const PairedCounts counts{180, 5, 3, 12};
  EXPECT_EQ(bootstrapDifference(counts).low, bootstrapDifference(counts).low);
  EXPECT_NE(bootstrapDifference(counts, 0.95, 1000, 1).low, bootstrapDifference(counts, 0.5, 1000, 1).low);
  const Interval none = bootstrapDifference({});
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 0);
  const Interval all = bootstrapDifference({0, 0, 10, 0});
  EXPECT_EQ(all.low, 1);
  EXPECT_EQ(all.high, 1);
  // The normal draws of large counts keep the mean and the spread of the exact ones.
  const Interval large = bootstrapDifference({1'000'000, 0, 10'000, 10'000});
  const double spread = 1.96 * std::sqrt(20'000.0) / 1'020'000;
  EXPECT_NEAR(large.low, -spread, 0.05 * spread);
  EXPECT_NEAR(large.high, spread, 0.05 * spread);
}

}  // namespace
}  // namespace panicle
