#include "core/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace panicle {
namespace {

TEST(Random, IsSplitmix64) {
  // Published outputs for the seed 1234567 (Vigna's reference generator, as listed on Rosetta Code).
  RandomStream stream(1234567);
  for (const std::uint64_t expected : {6457827717110365317ull, 3203168211198807973ull, 9817491932198370423ull,
                                       4593380528125082431ull, 16408922859458223821ull}) {
    EXPECT_EQ(stream.next(), expected);
  }
}

TEST(Random, StreamsDifferInEveryPartOfTheirName) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (const char* name : {"", "a", "b", "ab"}) {
      for (std::uint64_t epoch = 0; epoch < 4; ++epoch) {
        for (std::uint64_t item = 0; item < 4; ++item) seeds.insert(streamSeed(seed, name, epoch, item));
      }
    }
  }
  EXPECT_EQ(seeds.size(), 4u * 4 * 4 * 4);
  EXPECT_EQ(streamSeed(1, "a", 2, 3), streamSeed(1, "a", 2, 3));
}

TEST(Random, UniformFillsItsRange) {
  RandomStream stream(1, "uniform");
  double sum = 0, low = 9, high = -9;
  for (int i = 0; i < 100'000; ++i) {
    const double value = stream.uniform(-2.0, 6.0);
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  EXPECT_GE(low, -2.0);
  EXPECT_LT(high, 6.0);
  EXPECT_NEAR(low, -2.0, 0.01);
  EXPECT_NEAR(high, 6.0, 0.01);
  EXPECT_NEAR(sum / 100'000, 2.0, 0.05);
}

TEST(Random, BelowIsUniform) {
  RandomStream stream(2, "below");
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts.at(stream.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(stream.below(1), 0u);
}

TEST(Random, NormalHasMeanZeroAndDeviationOne) {
  RandomStream stream(3, "normal");
  double sum = 0, squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double value = stream.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kCount, 0.0, 0.02);
  EXPECT_NEAR(std::sqrt(squares / kCount), 1.0, 0.02);
}

TEST(Random, PermutationsHoldEveryIndexOnceAndAreUniform) {
  auto order = permutation(1000, RandomStream(4, "p"));
  EXPECT_EQ(order, permutation(1000, RandomStream(4, "p")));
  EXPECT_NE(order, permutation(1000, RandomStream(5, "p")));
  std::sort(order.begin(), order.end());
  for (std::uint32_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
  std::array<int, 4> firsts{};
  for (std::uint64_t i = 0; i < 8000; ++i) ++firsts.at(permutation(4, RandomStream(6, "p", 0, i)).front());
  for (const int count : firsts) EXPECT_NEAR(count, 2000, 200);
  EXPECT_TRUE(permutation(0, RandomStream(7)).empty());
}

}  // namespace
}  // namespace panicle
