#include "core/eval/interpretation.h"

#include <limits>

#include "core/base/json.h"
#include "tests/testing.h"

namespace panicle {
namespace {

// 40 rows of 4 logits that fastai's ClassificationInterpretation was given, and what it said.
class Reference : public ::testing::Test {
 protected:
  void SetUp() override {
    json_ = readJson(testing::reference("fastai/data/12_interp.json"));
    predictions_.vocab = json_["vocab"].get<Vocab>();
    predictions_.targets = json_["targs"].get<std::vector<int>>();
    predictions_.losses = json_["losses"].get<std::vector<float>>();
    for (std::size_t i = 0; i < predictions_.targets.size(); ++i) {
      const auto row = json_["probs_softmax"][i].get<std::vector<float>>();
      predictions_.probabilities.insert(predictions_.probabilities.end(), row.begin(), row.end());
      predictions_.ids.push_back(std::to_string(i));
      predictions_.paths.push_back(std::to_string(i));
    }
  }

  Json named(const std::vector<Confusion>& cells) const {
    Json list = Json::array();
    for (const auto& cell : cells) {
      list.push_back({predictions_.vocab[static_cast<std::size_t>(cell.actual)],
                      predictions_.vocab[static_cast<std::size_t>(cell.predicted)], cell.count});
    }
    return list;
  }

  Json json_;
  Predictions predictions_;
};

TEST_F(Reference, ArgmaxTakesTheFirstOfEquals) {
  for (std::size_t i = 0; i < predictions_.size(); ++i) {
    EXPECT_EQ(predictions_.predicted(i), json_["decoded_argmax"][i].get<int>()) << "row " << i;
  }
}

TEST_F(Reference, ConfusionMatrix) {
  const ConfusionMatrix matrix = confusionMatrix(predictions_);
  for (std::size_t actual = 0; actual < 4; ++actual) {
    for (std::size_t predicted = 0; predicted < 4; ++predicted) {
      EXPECT_EQ(matrix.at(actual, predicted),
                json_["confusion_matrix(row=actual,col=predicted)"][actual][predicted].get<std::uint32_t>());
      EXPECT_DOUBLE_EQ(matrix.normalized(actual, predicted),
                       json_["normalized_rows"][actual][predicted].get<double>());
    }
  }
}

TEST_F(Reference, MostConfused) {
  const ConfusionMatrix matrix = confusionMatrix(predictions_);
  EXPECT_EQ(named(mostConfused(matrix, 1)), json_["most_confused_min1"]);
  EXPECT_EQ(named(mostConfused(matrix, 2)), json_["most_confused_min2"]);
}

TEST_F(Reference, TopLosses) {
  EXPECT_EQ(topLosses(predictions_), json_["top_losses_all"]["idx"].get<std::vector<std::uint32_t>>());
}

TEST_F(Reference, RecallsAddUpToTheAccuracy) {
  const auto reports = perClass(confusionMatrix(predictions_));
  double right = 0;
  std::uint32_t all = 0;
  for (const auto& report : reports) {
    right += report.recall * report.support;
    all += report.support;
  }
  EXPECT_EQ(all, 40u);
  EXPECT_NEAR(right / all, json_["accuracy"].get<double>(), 1e-7);
}

Predictions threeClasses() {
  return {.vocab = {"a", "b,b", "never"},
          .ids = {"1", "2", "3", "4"},
          .paths = {"1", "2", "3", "4"},
          .probabilities = {1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0},
          .targets = {0, 0, 1, -1},
          .losses = {0.5f, std::numeric_limits<float>::quiet_NaN(), 0.5f, 0}};
}

TEST(Interpretation, AnEmptyRowOrColumnGivesZeroNotNan) {
  const ConfusionMatrix matrix = confusionMatrix(threeClasses());
  EXPECT_EQ(matrix.rowSum(2), 0u);
  EXPECT_EQ(matrix.columnSum(1), 2u);
  EXPECT_EQ(matrix.normalized(2, 0), 0.0);
  const auto reports = perClass(matrix);
  EXPECT_DOUBLE_EQ(reports[0].precision, 1.0);
  EXPECT_DOUBLE_EQ(reports[0].recall, 0.5);
  EXPECT_DOUBLE_EQ(reports[0].f1, 2.0 / 3.0);
  EXPECT_EQ(reports[2].precision, 0.0);
  EXPECT_EQ(reports[2].f1, 0.0);
}

TEST(Interpretation, UnlabelledRowsCountNowhereAndNanIsTheHighestLoss) {
  EXPECT_EQ(topLosses(threeClasses()), (std::vector<std::uint32_t>{1, 0, 2}));
  EXPECT_EQ(confusionMatrix(threeClasses()).columnSum(0), 1u);
}

TEST(Interpretation, CsvQuotesClassNames) {
  EXPECT_EQ(toCsv(confusionMatrix(threeClasses())),
            "actual\\predicted,a,\"b,b\",never\n"
            "a,1,1,0\n"
            "\"b,b\",0,1,0\n"
            "never,0,0,0\n");
}

}  // namespace
}  // namespace panicle
