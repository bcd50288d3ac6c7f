// Suggestions against fastai's, on recorded sweeps and on made curves: 02_lr_find.json.
#include "core/train/lr_suggest.h"

#include <cmath>
#include <limits>

#include "tests/testing.h"

namespace panicle {
namespace {

using testing::reference;

const Json& curves() {
  static const Json all = readJson(reference("fastai/data/02_lr_find.json"))["curves"];
  return all;
}

template <typename Number>
std::vector<Number> numbers(const Json& list) {
  return list.get<std::vector<Number>>();
}

void expectSuggestions(const LrSuggestions& found, const Json& expected, const std::string& curve) {
  EXPECT_EQ(found.valley, expected["valley"]["lr"].get<double>()) << curve;
  EXPECT_EQ(found.slide, expected["slide"]["lr"].get<double>()) << curve;
  EXPECT_EQ(found.minimum, expected["minimum"]["lr"].get<double>()) << curve;
  EXPECT_EQ(found.steep, expected["steep"]["lr"].get<double>()) << curve;
}

TEST(LrSuggest, EveryRuleEqualsFastaiOnEveryCurve) {
  ASSERT_EQ(curves().size(), 12u);
  for (const auto& [name, curve] : curves().items()) {
    const auto lrs = numbers<float>(curve["lrs"]), losses = numbers<float>(curve["losses"]);
    const LrSuggestions found{valley(lrs, losses), slide(lrs, losses), minimum(lrs, losses),
                              steep(lrs, losses)};
    expectSuggestions(found, curve["suggestions"], name);
  }
}

// From all recorded points, so that what is left out at both ends counts too.
TEST(LrSuggest, ARecordedSweepGivesFastaisSuggestions) {
  int recorded = 0;
  for (const auto& [name, curve] : curves().items()) {
    if (!curve.contains("full_lrs")) continue;
    ++recorded;
    const auto lrs = numbers<double>(curve["full_lrs"]),
               losses = numbers<double>(curve["full_smoothed_losses"]);
    expectSuggestions(suggestRates(lrs, losses, curve["num_it"]), curve["suggestions"], name);
  }
  EXPECT_EQ(recorded, 4);
}

// The rates of the first batches of a sweep of 100.
std::vector<double> rising(std::size_t points) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < points; ++i)
    rates.push_back(1e-7 * std::pow(1e8, static_cast<double>(i) / 100));
  return rates;
}

TEST(LrSuggest, WhatFollowsTheFirstNotANumberDoesNotCount) {
  const std::vector<double> lrs = rising(60);
  std::vector<double> losses;
  for (int i = 0; i < 60; ++i) losses.push_back(2.0 - 0.01 * i - 0.002 * (i % 3));
  // 40 points of 60: those from 10 to 34 are looked at.
  const LrSuggestions shorter = suggestRates(rising(40), {losses.begin(), losses.begin() + 40}, 100);
  losses[35] = std::numeric_limits<double>::quiet_NaN();
  losses[36] = -100;
  const LrSuggestions cut = suggestRates(lrs, losses, 100);
  ASSERT_TRUE(cut.valley && cut.slide && cut.minimum && cut.steep);
  EXPECT_EQ(cut.valley, shorter.valley);
  EXPECT_EQ(cut.slide, shorter.slide);
  EXPECT_EQ(cut.minimum, shorter.minimum);
  EXPECT_EQ(cut.steep, shorter.steep);
}

// Our sweeps end at the first not-a-number; fastai's go on with such losses to their last batch, and leave out the last five of those.
TEST(LrSuggest, ASweepThatEndsAtNotANumberSuggestsAsOneThatGoesOn) {
  std::vector<double> losses;
  for (int i = 0; i < 100; ++i) losses.push_back(i < 35 ? 2.0 - 0.01 * i - 0.002 * (i % 3) : std::nan(""));
  const LrSuggestions whole = suggestRates(rising(100), losses, 100);
  losses.resize(36);
  const LrSuggestions ended = suggestRates(rising(36), losses, 100);
  ASSERT_TRUE(whole.valley && whole.minimum);
  EXPECT_EQ(ended.valley, whole.valley);
  EXPECT_EQ(ended.slide, whole.slide);
  EXPECT_EQ(ended.minimum, whole.minimum);
  EXPECT_EQ(ended.steep, whole.steep);
}

TEST(LrSuggest, TooFewPointsSuggestNothing) {
  const auto suggest = [](std::size_t points) {
    const std::vector<double> lrs = rising(points);
    std::vector<double> losses;
    for (std::size_t i = 0; i < points; ++i) losses.push_back(2.0 - 0.1 * static_cast<double>(i));
    return suggestRates(lrs, losses, 100);
  };
  for (const std::size_t points : {0, 4, 5, 10, 15}) {
    const LrSuggestions none = suggest(points);
    EXPECT_FALSE(none.valley || none.slide || none.minimum || none.steep) << points;
  }
  const LrSuggestions one = suggest(16);
  EXPECT_TRUE(one.valley && one.minimum);
  EXPECT_FALSE(one.slide || one.steep);
  EXPECT_FALSE(suggest(30).slide) << "15 points";
  EXPECT_TRUE(suggest(30).steep);
  EXPECT_TRUE(suggest(31).slide) << "16 points";
}

// Fastai counts a falling start from before the first point; of two points that is Python's lrs[-1].
TEST(LrSuggest, ValleyOfAShortFallFromTheFirstPoint) {
  EXPECT_EQ(valley({1.0f, 2.0f, 3.0f}, {2.0f, 1.0f, 1.5f}), 3.0);
}

}  // namespace
}  // namespace panicle
