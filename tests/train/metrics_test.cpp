// Metrics against fastai's own (scikit-learn's behind them): tests/reference/make_loss_cases.py wrote them
// down.
#include "core/train/metrics.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::reference;

Json cases(const char* of) {
  return readJson(reference("fastai/loss_cases.json"))[of];
}

double number(const Json& json) {
  return json.is_string() ? std::nan("") : json.get<double>();
}

void expectEqual(double value, double expected, double tolerance, const std::string& what) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(value)) << what << " is " << value;
  } else {
    EXPECT_NEAR(value, expected, tolerance) << what;
  }
}

std::vector<float> flat(const Json& rows) {
  std::vector<float> values;
  for (const Json& row : rows)
    for (const Json& value : row) values.push_back(value.get<float>());
  return values;
}

// The whole case in pieces of `batch` rows.
ClassMetrics collected(const Json& one, std::size_t batch) {
  const auto logits = flat(one["logits"]);
  const auto targets = one["targets"].get<std::vector<std::int64_t>>();
  const std::size_t classes = one["logits"][0].size();
  ClassMetrics metrics(classes);
  for (std::size_t first = 0; first < targets.size(); first += batch) {
    const std::size_t rows = std::min(batch, targets.size() - first);
    metrics.add(std::span(logits).subspan(first * classes, rows * classes),
                std::span(targets).subspan(first, rows));
  }
  return metrics;
}

TEST(Metrics, OfClassesEqualFastais) {
  const Json all = cases("metrics");
  ASSERT_EQ(all.size(), 6u);
  for (const Json& one : all) {
    for (const std::size_t batch : {1, 7, 1000}) {
      const ClassMetrics metrics = collected(one, batch);
      for (const auto& [name, expected] : one["values"].items()) {
        // fastai's function metrics are float32, those of scikit-learn double.
        if (name != "recall") expectEqual(metrics.value(name), number(expected), 1e-7, name);
      }
    }
  }
}

TEST(Metrics, RecallOfEachClassEqualsFastais) {
  const Json all = cases("metrics");
  ASSERT_EQ(all.size(), 6u);
  for (const Json& one : all) {
    const auto recalls = collected(one, 8).recalls();
    const auto targets = one["targets"].get<std::vector<std::size_t>>();
    ASSERT_EQ(recalls.size(), one["values"]["recall"].size());
    for (std::size_t c = 0; c < recalls.size(); ++c) {
      // scikit-learn says 0 of a class without a photo, with a warning: there it is not known.
      const bool none = std::ranges::find(targets, c) == targets.end();
      expectEqual(recalls[c], none ? std::nan("") : number(one["values"]["recall"][c]), 1e-12,
                  "class " + std::to_string(c));
    }
  }
}

TEST(Metrics, OfNumbersEqualFastais) {
  const Json all = cases("number_metrics");
  ASSERT_EQ(all.size(), 3u);
  for (const Json& one : all) {
    const auto predicted = one["predicted"].get<std::vector<float>>();
    const auto truth = one["truth"].get<std::vector<float>>();
    NumberMetrics metrics;
    metrics.add(std::span(predicted).first(1), std::span(truth).first(1));
    metrics.add(std::span(predicted).subspan(1), std::span(truth).subspan(1));
    for (const auto& [name, expected] : one["values"].items()) {
      expectEqual(metrics.value(name), number(expected), 1e-6 * std::max(1.0, number(expected)), name);
    }
  }
}

TEST(Metrics, OfNumbersAreExactWhereTheyAreLargeAndClose) {
  // The variance of 16777200 + {0, 1, 2, 3} is lost where squares are summed in single precision, and nearly
  // so in double.
  NumberMetrics metrics;
  const std::vector<float> truth{16777200, 16777201, 16777202, 16777203},
      predicted{16777200, 16777201, 16777202, 16777204};
  metrics.add(predicted, truth);
  EXPECT_NEAR(metrics.value("r2"), 1 - 1.0 / 5, 1e-12);
  EXPECT_NEAR(metrics.value("mae"), 0.25, 1e-12);
  EXPECT_NEAR(metrics.value("rmse"), 0.5, 1e-12);
}

TEST(Metrics, WithoutPhotosAreNotANumber) {
  ClassMetrics classes(3);
  const std::vector<float> logits{1, 2, 3};
  const std::vector<std::int64_t> unlabelled{-1};
  classes.add(logits, unlabelled);
  NumberMetrics numbers;
  numbers.add(std::vector<float>{1}, std::vector<float>{std::nanf("")});
  for (const MetricInfo& metric : knownMetrics()) {
    if (std::string(metric.name) == "recall") continue;
    EXPECT_TRUE(std::isnan(metric.numbers ? numbers.value(metric.name) : classes.value(metric.name)))
        << metric.name;
  }
}

TEST(Metrics, PhotosWithoutATruthAreLeftOut) {
  ClassMetrics some(2), all(2);
  const std::vector<float> three{3, 1, 0, 1, 5, 4}, two{3, 1, 5, 4};
  some.add(three, std::vector<std::int64_t>{0, -1, 1});
  all.add(two, std::vector<std::int64_t>{0, 1});
  for (const char* name : {"error_rate", "f1_macro", "cohen_kappa", "recall_macro"}) {
    EXPECT_EQ(some.value(name), all.value(name)) << name;
  }
  NumberMetrics numbers;
  numbers.add(std::vector<float>{1, 100, 3}, std::vector<float>{2, std::nanf(""), 5});
  EXPECT_DOUBLE_EQ(numbers.value("mae"), 1.5);
}

TEST(Metrics, TheFirstOfEqualClassesWins) {
  ClassMetrics metrics(4);
  const std::vector<float> tied{1, 1, 1, 1};
  metrics.add(tied, std::vector<std::int64_t>{1});
  EXPECT_EQ(metrics.value("accuracy"), 0);  // class 0 is taken
  EXPECT_EQ(metrics.value("top_3_accuracy"), 1);
  metrics.add(tied, std::vector<std::int64_t>{3});
  EXPECT_EQ(metrics.value("top_3_accuracy"), 0.5);
  EXPECT_EQ(metrics.value("top_5_accuracy"), 1);  // there are only four
}

TEST(Metrics, RefuseWhatDoesNotFit) {
  ClassMetrics metrics(3);
  const std::vector<float> row{1, 2, 3};
  EXPECT_THROW(metrics.add(row, std::vector<std::int64_t>{0, 1}), std::invalid_argument);
  EXPECT_THROW(metrics.add(row, std::vector<std::int64_t>{3}), std::invalid_argument);
  metrics.add(row, std::vector<std::int64_t>{2});
  EXPECT_THROW(metrics.value("mae"), std::invalid_argument);
  NumberMetrics numbers;
  numbers.add(row, row);
  EXPECT_THROW(numbers.value("accuracy"), std::invalid_argument);
}

TEST(Metrics, SayWhatIsBetter) {
  for (const char* name :
       {"valid_loss", "train_loss", "error_rate", "variety_error_rate", "mae", "age_mae", "age_rmse"}) {
    EXPECT_TRUE(smallerIsBetter(name)) << name;
  }
  for (const char* name :
       {"accuracy", "variety_accuracy", "top_3_accuracy", "f1_macro", "cohen_kappa", "recall_macro", "age_r2",
        "recall/leaf_loss", "variety_recall/error", "gloss_accuracy"}) {
    EXPECT_FALSE(smallerIsBetter(name)) << name;
  }
}

TEST(Metrics, NameTheColumnsOfTheEpochTable) {
  const std::vector<TargetKind> targets{{"label", 2}, {"variety", 3}, {"age", 0}};
  const std::vector<std::vector<std::string>> vocabs{{"blast", "normal"}, {"ADT45", "IR20", "Ponni"}, {}};
  EXPECT_THAT(metricNames({"error_rate", "accuracy"}, targets, vocabs),
              ElementsAre("error_rate", "accuracy", "variety_error_rate", "variety_accuracy", "age_mae"));
  EXPECT_THAT(metricNames({"rmse", "recall", "r2"}, targets, vocabs),
              ElementsAre("recall/blast", "recall/normal", "variety_recall/ADT45", "variety_recall/IR20",
                          "variety_recall/Ponni", "age_rmse", "age_r2"));
  EXPECT_THAT(metricNames({}, {targets[0]}, {vocabs[0]}), IsEmpty());
}

TEST(Metrics, UnknownAndRepeatedOnesAreProblems) {
  EXPECT_THAT(checkMetrics({"error_rate", "f1_macro", "rmse"}), IsEmpty());
  const auto problems = checkMetrics({"eror_rate", "accuracy", "accuracy", "zzz"});
  EXPECT_THAT(problems, ElementsAre(HasSubstr("'eror_rate' is not known; did you mean 'error_rate'?"),
                                    HasSubstr("twice"),
                                    HasSubstr("'zzz' is not known; known are error_rate, accuracy")));
}

}  // namespace
}  // namespace panicle
