// What MixUp and CutMix draw, against fastai's boxes and the distribution of its shares.
#include "core/transforms/mix.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using testing::reference;

constexpr Size kSize{48, 64};
constexpr std::size_t kDraws = 20000;

Json data() {
  return readJson(reference("fastai/data/06_loss_norm_mixup.json"));
}

std::vector<double> shares(MixOptions options, std::size_t count) {
  const MixDraw draw = drawMix(options, count, kSize, RandomStream(7, "mix"));
  return {draw.share.begin(), draw.share.end()};
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(Mix, SharesAreDistributedAsFastais) {
  const Json distributions = data()["mixup"]["lambda_distribution_20000_draws"];
  for (const double alpha : {0.4, 0.2}) {
    const Json& expected = distributions["alpha" + Json(alpha).dump()];
    auto drawn = shares({.kind = MixKind::MixUp, .alpha = alpha}, kDraws);
    const double spread = expected["std_of_max"].get<double>();
    const double error = spread * std::sqrt(2.0 / kDraws);  // of the difference of two means
    EXPECT_NEAR(mean(drawn), expected["mean_of_max"].get<double>(), 4 * error) << alpha;
    EXPECT_NEAR(deviation(drawn), spread, 4 * error) << alpha;
    std::ranges::sort(drawn);
    const Json& quantiles = expected["quantiles_of_max(.1,.25,.5,.75,.9)"];
    for (std::size_t i = 0; const double part : {.1, .25, .5, .75, .9}) {
      EXPECT_NEAR(drawn[static_cast<std::size_t>(part * kDraws)], quantiles[i++].get<double>(), 0.01)
          << alpha << " " << part;
    }
  }
}

// For x of Beta(a, a), E|x - 1/2| = 2^(-2a) / (a B(a, a)) and E(x - 1/2)^2 = 1 / (4 (2a + 1)).
TEST(Mix, SharesHaveTheMomentsOfTheBetaDistribution) {
  for (const double alpha : {0.05, 0.5, 1.0, 1.5, 4.0, 100.0}) {
    const auto drawn = shares({.kind = MixKind::MixUp, .alpha = alpha}, kDraws);
    EXPECT_THAT(drawn, Each(::testing::AllOf(::testing::Ge(0.5), ::testing::Le(1.0)))) << alpha;
    const double distance =
        std::exp(std::lgamma(2 * alpha) - 2 * std::lgamma(alpha) - 2 * alpha * std::log(2.0)) / alpha;
    const double error = deviation(drawn) / std::sqrt(kDraws);
    EXPECT_NEAR(mean(drawn), 0.5 + distance, 4 * error) << alpha;
    double second = 0;
    for (const double share : drawn) second += (share - 0.5) * (share - 0.5);
    const double expected = 1 / (4 * (2 * alpha + 1));
    EXPECT_NEAR(second / kDraws, expected, 0.03 * expected) << alpha;
  }
}

TEST(Mix, DefaultsAreFastais) {
  const Json reference = data()["mixup"];
  EXPECT_FLOAT_EQ(reference["default_alpha"].get<float>(), 0.4f);
  EXPECT_EQ(shares({.kind = MixKind::MixUp}, 50), shares({.kind = MixKind::MixUp, .alpha = 0.4}, 50));
  EXPECT_EQ(reference["cutmix_default_alpha"].get<double>(), 1);
  EXPECT_EQ(shares({.kind = MixKind::CutMix}, 1), shares({.kind = MixKind::CutMix, .alpha = 1.0}, 1));
}

TEST(Mix, ATinyAlphaStaysFinite) {
  EXPECT_THAT(shares({.kind = MixKind::MixUp, .alpha = 0.001}, 1000),
              Each(::testing::AllOf(::testing::Ge(0.5), ::testing::Le(1.0))));
}

TEST(Mix, BoxesOfCutMixAreFastais) {
  const Json boxes = data()["cutmix_boxes"];
  ASSERT_EQ(boxes.size(), 4u);
  for (const Json& one : boxes) {
    const Size size{one["H"].get<int>(), one["W"].get<int>()};
    const auto box = cutMixBox(size, one["lam"].get<float>(), one["cx"].get<int>(), one["cy"].get<int>());
    const std::vector<int> corners{box.x1, box.y1, box.x2, box.y2};
    EXPECT_EQ(corners, one["box_x1y1x2y2"].get<std::vector<int>>());
    EXPECT_NEAR(boxShare(box, size), one["lam_after"].get<double>(), 1e-7);
  }
}

TEST(Mix, CutMixDrawsOneBoxForTheBatch) {
  std::vector<double> centres, kept;
  for (std::uint64_t batch = 0; batch < 4000; ++batch) {
    const MixDraw draw =
        drawMix({.kind = MixKind::CutMix, .alpha = 1.0}, 3, kSize, RandomStream(1, "mix", 0, batch));
    ASSERT_TRUE(draw.box);
    const auto& box = *draw.box;
    ASSERT_TRUE(0 <= box.x1 && box.x1 <= box.x2 && box.x2 <= kSize.width);
    ASSERT_TRUE(0 <= box.y1 && box.y1 <= box.y2 && box.y2 <= kSize.height);
    const double area = (box.x2 - box.x1) * (box.y2 - box.y1);
    ASSERT_THAT(draw.share, Each(::testing::FloatNear(static_cast<float>(1 - area / (64 * 48)), 1e-6f)));
    // A box that is not clipped is as large as the share says: its sides follow sqrt(1 - lambda), lambda
    // uniform.
    if (box.x1 > 0 && box.y1 > 0 && box.x2 < kSize.width && box.y2 < kSize.height)
      centres.push_back((box.x1 + box.x2) / 128.0);
    kept.push_back(draw.share[0]);
  }
  EXPECT_NEAR(mean(centres), 0.5, 0.02);
  // Mean area of the clipped box over lambda uniform and centres uniform: the integral over r = sqrt(1 -
  // lambda) of 2 r (r (1 - r / 4))^2 dr = 2 (1/4 - 1/10 + 1/96).
  EXPECT_NEAR(mean(kept), 1 - 2 * (0.25 - 0.1 + 1.0 / 96), 0.03);
}

TEST(Mix, PartnersAreAPermutation) {
  for (const MixKind kind : {MixKind::MixUp, MixKind::CutMix}) {
    MixDraw draw = drawMix({.kind = kind}, 100, kSize, RandomStream(3));
    EXPECT_EQ(draw.share.size(), 100u);
    std::ranges::sort(draw.partner);
    for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(draw.partner[i], i);
  }
  EXPECT_THAT(drawMix({}, 0, kSize, RandomStream(3)).partner, IsEmpty());
}

TEST(Mix, FollowsItsStreamAlone) {
  for (const MixKind kind : {MixKind::MixUp, MixKind::CutMix}) {
    const auto draw = [&](std::uint64_t seed) {
      return drawMix({.kind = kind}, 16, kSize, RandomStream(seed, "mix"));
    };
    EXPECT_EQ(draw(1).share, draw(1).share);
    EXPECT_EQ(draw(1).partner, draw(1).partner);
    EXPECT_NE(draw(1).share, draw(2).share);
    EXPECT_NE(draw(1).partner, draw(2).partner);
  }
}

}  // namespace
}  // namespace panicle
