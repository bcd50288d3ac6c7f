#include "core/eval/label_issues.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "core/base/random.h"
#include "tests/error_message.h"

namespace panicle {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Predictions predictionsOf(const Vocab& vocab, const std::vector<std::pair<int, std::vector<float>>>& rows) {
  Predictions predictions{.vocab = vocab};
  for (const auto& [target, probabilities] : rows) {
    predictions.ids.push_back("i" + std::to_string(predictions.ids.size()));
    predictions.paths.push_back(predictions.ids.back());
    predictions.targets.push_back(target);
    predictions.losses.push_back(target < 0 ? 0 : -std::log(probabilities[static_cast<std::size_t>(target)]));
    predictions.probabilities.insert(predictions.probabilities.end(), probabilities.begin(), probabilities.end());
  }
  return predictions;
}

// Two classes; the thresholds are (0.9 + 0.8 + 0.1) / 3 = 0.6 and (0.7 + 0.3) / 2 = 0.5.
Predictions small() {
  return predictionsOf({"cat", "dog"}, {{0, {0.9f, 0.1f}}, {0, {0.8f, 0.2f}}, {0, {0.1f, 0.9f}}, {1, {0.3f, 0.7f}}, {1, {0.7f, 0.3f}}, {-1, {0.5f, 0.5f}}});
}

TEST(ConfidentJoint, EqualsOneDoneByHand) {
  const ConfidentJoint joint = confidentJoint(small());
  EXPECT_THAT(joint.thresholds, ElementsAre(DoubleNear(0.6, 1e-6), DoubleNear(0.5, 1e-6)));
  EXPECT_THAT(joint.counts, ElementsAre(2, 1, 1, 1));
  EXPECT_EQ(joint.images, 5u);
  EXPECT_DOUBLE_EQ(joint.noise(), 2.0 / 5);
}

TEST(ConfidentJoint, AClassWithoutImagesIsConfidentlyNothing) {
  const ConfidentJoint joint = confidentJoint(predictionsOf({"a", "b", "c"}, {{0, {0.1f, 0.2f, 0.7f}}, {1, {0.2f, 0.5f, 0.3f}}}));
  EXPECT_TRUE(std::isnan(joint.thresholds[2]));
  EXPECT_EQ(joint.counts[2], 0u);
  EXPECT_EQ(confidentJoint(Predictions{}).noise(), 0);
}

TEST(LabelIssues, NameTheOtherClassAndTheConfidentOnes) {
  const auto issues = labelIssues(small(), IssueRank::Loss);
  ASSERT_EQ(issues.size(), 5u) << "an image without a label has no wrong one";
  EXPECT_EQ(issues[0].row, 2u);
  EXPECT_EQ(issues[0].given, 0);
  EXPECT_EQ(issues[0].suggested, 1);
  EXPECT_TRUE(issues[0].confident);
  EXPECT_NEAR(issues[0].score, -std::log(0.1), 1e-6);
  EXPECT_EQ(issues[1].row, 4u);
  EXPECT_TRUE(issues[1].confident);
  for (std::size_t i = 2; i < issues.size(); ++i) EXPECT_FALSE(issues[i].confident);
  EXPECT_NEAR(labelIssues(small(), IssueRank::SelfConfidence)[0].score, 0.9, 1e-6);
  EXPECT_NEAR(labelIssues(small(), IssueRank::Margin)[0].score, 0.9, 1e-6);
}

TEST(LabelIssues, LossAndSelfConfidenceOrderAlike) {
  RandomStream stream(3);
  std::vector<std::pair<int, std::vector<float>>> rows;
  for (int i = 0; i < 200; ++i) {
    const float p = static_cast<float>(stream.uniform(0.01, 0.99));
    rows.push_back({static_cast<int>(stream.below(2)), {p, 1 - p}});
  }
  const Predictions predictions = predictionsOf({"a", "b"}, rows);
  const auto order = [&](IssueRank rank) {
    std::vector<std::uint32_t> all;
    for (const LabelIssue& issue : labelIssues(predictions, rank)) all.push_back(issue.row);
    return all;
  };
  // With two classes all three are monotone functions of one probability.
  EXPECT_EQ(order(IssueRank::Loss), order(IssueRank::SelfConfidence));
  EXPECT_EQ(order(IssueRank::Margin), order(IssueRank::SelfConfidence));
}

TEST(LabelIssues, ALossThatIsNoNumberComesFirst) {
  Predictions predictions = small();
  predictions.losses[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(labelIssues(predictions, IssueRank::Loss)[0].row, 1u);
}

// Labels flipped on purpose under predictions that are mostly right: most of the flipped ones are confidently another, few of the others are.
TEST(LabelIssues, FindLabelsThatWereFlipped) {
  constexpr int kClasses = 5, kImages = 2000;
  RandomStream stream(11);
  std::vector<std::pair<int, std::vector<float>>> rows;
  std::set<std::uint32_t> flipped;
  for (std::uint32_t i = 0; i < kImages; ++i) {
    const auto truth = stream.below(kClasses);
    std::vector<float> p(kClasses);
    for (std::size_t c = 0; c < kClasses; ++c) p[c] = static_cast<float>(std::exp(stream.normal() + (c == truth ? 4 : 0)));
    const float sum = std::accumulate(p.begin(), p.end(), 0.0f);
    for (float& each : p) each /= sum;
    auto label = truth;
    if (stream.bernoulli(0.05)) {
      label = (truth + 1 + stream.below(kClasses - 1)) % kClasses;
      flipped.insert(i);
    }
    rows.push_back({static_cast<int>(label), p});
  }
  std::size_t confident = 0, found = 0;
  for (const LabelIssue& issue : labelIssues(predictionsOf({"a", "b", "c", "d", "e"}, rows), IssueRank::SelfConfidence)) {
    if (!issue.confident) continue;
    ++confident;
    if (flipped.contains(issue.row)) ++found;
  }
  EXPECT_GT(static_cast<double>(found), 0.6 * static_cast<double>(flipped.size()));
  EXPECT_GT(static_cast<double>(found), 0.8 * static_cast<double>(confident));
}

TEST(Dynamics, OfAnImageThatWasForgottenOnce) {
  const Dynamics dynamics = dynamicsOf({.losses = {2, 1, 2, 1}, .probabilities = {0.2f, 0.6f, 0.4f, 0.8f}, .margins = {-0.3f, 0.2f, -0.1f, 0.6f}});
  EXPECT_DOUBLE_EQ(dynamics.mean_loss, 1.5);
  EXPECT_NEAR(dynamics.mean_probability, 0.5, 1e-7);
  EXPECT_NEAR(dynamics.variability, std::sqrt(0.05), 1e-7);
  EXPECT_NEAR(dynamics.area_under_margin, 0.1, 1e-7);
  EXPECT_EQ(dynamics.forgotten, 1);
  EXPECT_EQ(dynamics.learnt, 3);
  EXPECT_EQ(dynamicsOf({.losses = {1}, .probabilities = {0.2f}, .margins = {-0.6f}}).learnt, -1);
  EXPECT_EQ(dynamicsOf({.losses = {1, 1}, .probabilities = {0.9f, 0.2f}, .margins = {0.8f, -0.6f}}).learnt, -1);
  EXPECT_EQ(dynamicsOf({}).learnt, -1);
}

TEST(Dynamics, RankWhatWasNeverBelieved) {
  std::vector<ImageHistory> histories(6, {.losses = {0.1f}, .probabilities = {0.9f}, .margins = {0.8f}});
  histories[3] = {.losses = {3}, .probabilities = {0.05f}, .margins = {-0.9f}};
  const auto issues = labelIssues(small(), IssueRank::Dynamics, histories);
  EXPECT_EQ(issues[0].row, 3u);
  EXPECT_NEAR(issues[0].score, 0.95, 1e-6);
  EXPECT_EQ(labelIssues(small(), IssueRank::Dynamics)[0].row, labelIssues(small(), IssueRank::Loss)[0].row);
  EXPECT_THAT(testing::message([&] { labelIssues(small(), IssueRank::Dynamics, std::vector<ImageHistory>(2)); }), HasSubstr("histories of 2 images"));
}

}  // namespace
}  // namespace panicle
