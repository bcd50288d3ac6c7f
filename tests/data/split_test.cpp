#include "core/data/split.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "core/base/error.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::uint32_t> firstTwenty(const std::vector<std::uint32_t>& all) {
  return {all.begin(), all.begin() + std::min<std::ptrdiff_t>(20, std::ssize(all))};
}

std::uint64_t weightedSum(const std::vector<std::uint32_t>& all) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < all.size(); ++i) sum += (i + 1) * all[i];
  return sum;
}

TEST(RandomSplit, EqualsFastai) {
  const Json cases = readJson(testing::reference("fastai/data/11_splits.json"))["RandomSplitter"];
  ASSERT_GE(cases.size(), 12u);
  for (const auto& [name, expected] : cases.items()) {
    std::size_t count = 0;
    unsigned long long seed = 0;
    double valid_pct = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "n=%zu,seed=%llu,valid_pct=%lf", &count, &seed, &valid_pct), 3)
        << name;
    const Split split = randomSplit(count, valid_pct, seed);
    EXPECT_EQ(split.train.size(), expected["n_train"]) << name;
    EXPECT_EQ(split.valid.size(), expected["n_valid"]) << name;
    EXPECT_EQ(Json(firstTwenty(split.valid)), expected["valid_first20"]) << name;
    if (expected.contains("valid")) {
      EXPECT_EQ(Json(split.valid), expected["valid"]) << name;
      EXPECT_EQ(Json(split.train), expected["train"]) << name;
    }
    if (expected.contains("valid_sum")) {
      EXPECT_EQ(std::accumulate(split.valid.begin(), split.valid.end(), std::uint64_t{0}),
                expected["valid_sum"])
          << name;
      EXPECT_EQ(weightedSum(split.valid), expected["valid_weighted_sum(sum((i+1)*v))"]) << name;
      EXPECT_EQ(weightedSum(split.train), expected["train_weighted_sum"]) << name;
      EXPECT_EQ(Json(firstTwenty(split.train)), expected["train_first20"]) << name;
    }
  }
}

TEST(RandomSplit, PaddyDoctorsFirstValidationImages) {
  EXPECT_THAT(firstTwenty(randomSplit(10407, 0.2, 42).valid),
              ElementsAre(6738, 7884, 703, 3517, 9803, 274, 8218, 7931, 4196, 3830, 8708, 3037, 8012, 10375,
                          3109, 2947, 689, 6082, 7782, 9269));
}

TEST(RandomSplit, HoldsEveryIndexOnce) {
  for (const std::size_t count : {0u, 1u, 2u, 1000u}) {
    const Split split = randomSplit(count, 0.3, 7);
    std::vector<std::uint32_t> all = split.train;
    all.insert(all.end(), split.valid.begin(), split.valid.end());
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), count);
    for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(all[i], i);
  }
  EXPECT_THROW(randomSplit(10, 1.5, 1), Error);
  EXPECT_THROW(randomSplit(10, -0.1, 1), Error);
}

Dataset eightItems(std::vector<std::string> isVal) {
  Dataset dataset;
  dataset.root = "/photos";
  dataset.vocab = {"a"};
  for (std::size_t i = 0; i < isVal.size(); ++i) {
    dataset.items.push_back({"i" + std::to_string(i), "i" + std::to_string(i), 0});
  }
  dataset.column_names = {"is_val"};
  dataset.columns = {std::move(isVal)};
  return dataset;
}

TEST(SplitDataset, ByColumnKeepsTheOrder) {
  const Dataset dataset = eightItems({"True", "0", "yes", "1.0", "False", "", "1", "no"});
  const Split split = splitDataset(dataset, {.kind = SplitKind::Column});
  EXPECT_THAT(split.valid, ElementsAre(0, 2, 3, 6));
  EXPECT_THAT(split.train, ElementsAre(1, 4, 5, 7));
}

TEST(SplitDataset, NoneTrainsOnEverythingInOrder) {
  const Split split = splitDataset(eightItems({"1", "1", "1"}), {.kind = SplitKind::None});
  EXPECT_THAT(split.train, ElementsAre(0, 1, 2));
  EXPECT_TRUE(split.valid.empty());
}

std::string messageOf(const Dataset& dataset, const SplitOptions& options) {
  try {
    splitDataset(dataset, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(SplitDataset, ErrorsSayWhatIsWrong) {
  const SplitOptions byColumn{.kind = SplitKind::Column};
  EXPECT_THAT(messageOf(eightItems({"1", "maybe"}), byColumn),
              HasSubstr("column 'is_val' says 'maybe' for i1"));
  EXPECT_THAT(messageOf(eightItems({"1", "yes"}), byColumn), HasSubstr("leaves no image to train on"));
  EXPECT_THAT(messageOf(eightItems({"1", "0"}), {.kind = SplitKind::Column, .column = "is_valid"}),
              HasSubstr("there is no column 'is_valid' to split by; did you mean 'is_val'?"));
}

}  // namespace
}  // namespace panicle
