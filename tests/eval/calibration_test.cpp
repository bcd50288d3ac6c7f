#include "core/eval/calibration.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "core/base/json.h"
#include "core/eval/interpretation.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;

// What scikit-learn, scipy and numpy make of the same probabilities.
class CalibrationReference : public ::testing::Test {
 protected:
  void SetUp() override {
    json_ = readJson(testing::reference("eval.json"))["calibration"];
    for (int c = 0; c < json_["classes"].get<int>(); ++c) predictions_.vocab.push_back(std::to_string(c));
    predictions_.targets = json_["targets"].get<std::vector<int>>();
    predictions_.probabilities = json_["probabilities"].get<std::vector<float>>();
    for (std::size_t i = 0; i < predictions_.targets.size(); ++i) {
      predictions_.ids.push_back(std::to_string(i));
      predictions_.paths.push_back(std::to_string(i));
    }
    for (std::size_t i = 0; i < predictions_.size(); ++i)
      predictions_.losses.push_back(-std::log(predictions_.row(i)[static_cast<std::size_t>(predictions_.targets[i])]));
  }

  Json json_;
  Predictions predictions_;
};

TEST_F(CalibrationReference, ReliabilityAndScores) {
  const Calibration result = calibration(predictions_);
  ASSERT_EQ(result.bins.size(), 15u);
  for (std::size_t b = 0; b < 15; ++b) EXPECT_EQ(result.bins[b].images, json_["bins"][b].get<std::uint32_t>()) << "bin " << b;
  EXPECT_NEAR(result.expected_error, json_["ece"].get<double>(), 1e-6);
  EXPECT_NEAR(result.largest_error, json_["mce"].get<double>(), 1e-6);
  EXPECT_NEAR(result.brier, json_["brier"].get<double>(), 1e-6);
  EXPECT_NEAR(result.log_loss, json_["log_loss"].get<double>(), 1e-5);
  EXPECT_NEAR(result.accuracy, json_["accuracy"].get<double>(), 1e-12);
}

TEST_F(CalibrationReference, AveragePrecisionAndItsCurve) {
  const std::vector<double> precisions = averagePrecisions(predictions_);
  for (std::size_t c = 0; c < precisions.size(); ++c) EXPECT_NEAR(precisions[c], json_["average_precision"][c].get<double>(), 1e-12) << "class " << c;
  const PrCurve curve = prCurve(predictions_, 1);
  ASSERT_EQ(curve.points.size(), json_["curve_of_1"].size());
  for (std::size_t k = 0; k < curve.points.size(); ++k) {
    EXPECT_EQ(curve.points[k].threshold, json_["curve_of_1"][k][0].get<float>());
    EXPECT_NEAR(curve.points[k].precision, json_["curve_of_1"][k][1].get<double>(), 1e-12);
    EXPECT_NEAR(curve.points[k].recall, json_["curve_of_1"][k][2].get<double>(), 1e-12);
  }
}

TEST_F(CalibrationReference, Entropy) {
  for (std::size_t i = 0; i < predictions_.size(); ++i) {
    EXPECT_NEAR(uncertaintyOf(predictions_, i, Uncertainty::Entropy), json_["entropy"][i].get<double>(), 1e-6);
    EXPECT_NEAR(uncertaintyOf(predictions_, i, Uncertainty::Least), 1 - confidenceOf(predictions_, i), 1e-6);
  }
}

Predictions three() {
  return {.vocab = {"a", "b", "c"},
          .ids = {"1", "2", "3", "4", "5"},
          .paths = {"1", "2", "3", "4", "5"},
          .probabilities = {0.9f, 0.1f, 0, 0.4f, 0.35f, 0.25f, 0, 0.2f, 0.8f, 0.8f, 0.8f, 0.4f, 0, 0, 1},
          .targets = {1, 0, 0, 2, -1},
          .losses = {2.3f, 0.9f, 20, 1.6f, 0}};
}

TEST(Rankings, MistakesByConfidenceAndPhotosByDoubt) {
  EXPECT_THAT(mostConfidentMistakes(three()), ElementsAre(0u, 2u, 3u)) << "the fourth's row adds up to 2, so it is 40 % sure";
  const auto byMargin = mostUncertain(three(), Uncertainty::Margin);
  EXPECT_EQ(byMargin.front(), 3u) << "its two highest are equal";
  EXPECT_EQ(byMargin.back(), 4u);
  EXPECT_EQ(mostUncertain(three(), Uncertainty::Entropy).back(), 4u);
  EXPECT_NEAR(uncertaintyOf(three(), 1, Uncertainty::Margin), 0.95, 1e-6);
}

TEST(Rankings, NothingToRankIsNoTrouble) {
  const Predictions none{.vocab = {"a"}};
  EXPECT_TRUE(mostConfidentMistakes(none).empty());
  EXPECT_TRUE(std::isnan(calibration(none).expected_error));
  EXPECT_TRUE(std::isnan(prCurve(none, 0).average_precision));
  EXPECT_EQ(calibration(none).bins.size(), 15u);
}

TEST(Wilson, EqualsScipys) {
  for (const Json& one : readJson(testing::reference("eval.json"))["wilson"]) {
    const Interval interval = wilson(one["successes"].get<std::uint64_t>(), one["trials"].get<std::uint64_t>(), one["confidence"].get<double>());
    EXPECT_NEAR(interval.low, one["low"].get<double>(), 1e-10) << one.dump();
    EXPECT_NEAR(interval.high, one["high"].get<double>(), 1e-10) << one.dump();
  }
  EXPECT_EQ(wilson(0, 0).low, 0);
  EXPECT_EQ(wilson(0, 0).high, 1);
}

TEST(ClassIntervals, F1sIsThatOfABootstrap) {
  const Json json = readJson(testing::reference("eval.json"))["f1_bootstrap"];
  const ConfusionMatrix matrix{{"a", "b"},
                               {json["right"].get<std::uint32_t>(), json["missed"].get<std::uint32_t>(), json["taken"].get<std::uint32_t>(), json["others"].get<std::uint32_t>()}};
  const ClassReport report = perClass(matrix)[0];
  EXPECT_NEAR(report.f1_range.low, json["low"].get<double>(), 0.015);
  EXPECT_NEAR(report.f1_range.high, json["high"].get<double>(), 0.015);
  EXPECT_LT(report.f1_range.low, report.f1);
  EXPECT_GT(report.f1_range.high, report.f1);
  EXPECT_EQ(report.right, 40u);
  EXPECT_EQ(report.predicted, 52u);
}

TEST(ConfusionCells, EveryPhotoIsInItsCellOnce) {
  const Predictions predictions = three();
  const ConfusionMatrix matrix = confusionMatrix(predictions);
  const ConfusionCells cells(predictions);
  std::size_t found = 0;
  for (std::size_t actual = 0; actual < 3; ++actual) {
    for (std::size_t predicted = 0; predicted < 3; ++predicted) {
      const auto rows = cells.cell(actual, predicted);
      EXPECT_EQ(rows.size(), matrix.at(actual, predicted));
      found += rows.size();
      for (const std::uint32_t row : rows) {
        EXPECT_EQ(predictions.targets[row], static_cast<int>(actual));
        EXPECT_EQ(predictions.predicted(row), static_cast<int>(predicted));
      }
    }
    EXPECT_EQ(cells.row(actual).size(), matrix.rowSum(actual));
  }
  EXPECT_EQ(found, 4u);
}

// 1,000 classes and 100,000 photos: the page asks for all of this once.
TEST(ConfusionCells, AThousandClasses) {
  constexpr std::size_t kClasses = 1000, kPhotos = 5000;
  Predictions predictions;
  for (std::size_t c = 0; c < kClasses; ++c) predictions.vocab.push_back(std::to_string(c));
  predictions.probabilities.assign(kClasses * kPhotos, 0.0f);
  for (std::size_t i = 0; i < kPhotos; ++i) {
    predictions.ids.push_back(std::to_string(i));
    predictions.targets.push_back(static_cast<int>(i % kClasses));
    predictions.probabilities[i * kClasses + i * 7 % kClasses] = 1;
  }
  predictions.paths = predictions.ids;
  predictions.losses.assign(kPhotos, 0.0f);
  const ConfusionCells cells(predictions);
  const ConfusionMatrix matrix = confusionMatrix(predictions);
  EXPECT_EQ(std::accumulate(matrix.counts.begin(), matrix.counts.end(), 0u), kPhotos);
  EXPECT_THAT(cells.cell(3, 21), ElementsAre(3u, 1003u, 2003u, 3003u, 4003u));
}

}  // namespace
}  // namespace panicle
