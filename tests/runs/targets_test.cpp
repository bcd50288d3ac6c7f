// Runs of several targets and with test-time augmentation, from the files to the kept predictions.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/eval/interpretation.h"
#include "core/runs/execute.h"
#include "core/train/metrics.h"
#include "core/weights/weight_file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;
using testing::TempFolder;

class RunTargets : public ::testing::Test {
 protected:
  RunTargets() {
    writeSampleData(folder_ / "data", {.per_class = 4, .size = {96, 96}});
    spec_.data.root = (folder_ / "data").string();
    spec_.data.label_columns = {"label", "variety", "age"};
    spec_.data.regression_columns = {"age"};
    spec_.model.arch = "resnet18";
    spec_.model.weights = "none";
    spec_.batch.size = 8;
    spec_.metrics = {"error_rate"};
    spec_.stages[0].resize.size = {64, 64};
    spec_.stages[0].schedule.epochs = 1;
  }

  RunOutcome run() {
    TrainControl control;
    return execute(store_, spec_, control, [this](const TrainEvent& event) {
      if (const auto* ended = std::get_if<RunEnded>(&event)) end_ = *ended;
      if (const auto* started = std::get_if<RunStarted>(&event)) start_ = *started;
    });
  }

  std::filesystem::path folderOf(const RunOutcome& outcome) const { return store_.folder(outcome.run); }

  TempFolder folder_;
  RunStore store_{folder_ / "workspace"};
  RunSpec spec_;
  RunStarted start_;
  RunEnded end_;
};

// What the epoch's table says of each target is what the kept predictions of that target say.
TEST_F(RunTargets, EveryTargetIsLearntMeasuredAndPredicted) {
  const RunOutcome outcome = run();
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  EXPECT_THAT(start_.metrics, ElementsAre("error_rate", "variety_error_rate", "age_mae"));

  const Dataset dataset = loadDataset(spec_.data);
  const Predictions label = readPredictions(folderOf(outcome), "valid");
  const Predictions variety = readPredictions(folderOf(outcome), "valid.variety");
  const NumberPredictions age = readNumberPredictions(folderOf(outcome), "valid.age");
  EXPECT_EQ(label.vocab, dataset.vocab);
  EXPECT_EQ(variety.vocab, dataset.further_targets[0].vocab);
  ASSERT_EQ(label.size(), 8u);
  EXPECT_EQ(variety.ids, label.ids);
  EXPECT_EQ(age.ids, label.ids);
  EXPECT_NEAR(label.errorRate(), end_.metrics.at("error_rate"), 1e-6);
  EXPECT_NEAR(variety.errorRate(), end_.metrics.at("variety_error_rate"), 1e-6);
  NumberMetrics numbers;
  numbers.add(age.values, age.truths);
  EXPECT_NEAR(numbers.value("mae"), end_.metrics.at("age_mae"), 1e-3);

  // The truths are those of the table, photo by photo.
  for (std::size_t i = 0; i < label.size(); ++i) {
    const auto item = std::find_if(dataset.items.begin(), dataset.items.end(),
                                   [&](const Item& item) { return item.id == label.ids[i]; });
    const auto index = static_cast<std::size_t>(item - dataset.items.begin());
    EXPECT_EQ(static_cast<float>(variety.targets[i]), dataset.further_targets[0].values[index]);
    EXPECT_EQ(age.truths[i], dataset.further_targets[1].values[index]);
    const auto row = variety.row(i);
    EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1.0, 1e-5);
  }

  // The saved network says what its outputs mean.
  const WeightFile model = WeightFile::open(folderOf(outcome) / "model.safetensors");
  const Json outputs = Json::parse(model.metadata().at("targets"));
  EXPECT_EQ(outputs[1]["vocab"], Json(variety.vocab));
  EXPECT_EQ(outputs[2], (Json{{"name", "age"}, {"vocab", nullptr}}));

  const Predictions test = readPredictions(folderOf(outcome), "test.variety");
  EXPECT_EQ(test.size(), dataset.test.size());
  EXPECT_THAT(test.targets, Each(-1));
  EXPECT_THAT(readNumberPredictions(folderOf(outcome), "test.age").truths, Each(IsNan()));
}

TEST_F(RunTargets, WeightsAreOneATarget) {
  spec_.stages[0].loss.target_weights = {1, 1, 0.001};
  EXPECT_THAT(check(spec_), ::testing::IsEmpty());
  spec_.stages[0].loss.target_weights = {1, 1};
  EXPECT_THAT(check(spec_), ElementsAre(HasSubstr("stages.0.loss.target_weights holds 2 weights, but "
                                                  "data.label_columns names 3")));
}

TEST_F(RunTargets, APhotoWithoutAValueTrainsAndIsPredicted) {
  // The second field from the end of every third row is the variety.
  std::string table = readText(folder_ / "data" / "train.csv");
  std::size_t line = 0;
  for (std::size_t at = table.find('\n'); at + 1 < table.size(); at = table.find('\n', at + 1)) {
    if (++line % 3 != 0) continue;
    const std::size_t age = table.rfind(',', table.find('\n', at + 1));
    const std::size_t variety = table.rfind(',', age - 1);
    table.erase(variety + 1, age - variety - 1);
  }
  writeAtomically(folder_ / "data" / "train.csv", table);
  const RunOutcome outcome = run();
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  const Predictions variety = readPredictions(folderOf(outcome), "valid.variety");
  EXPECT_EQ(variety.size(), 8u);
  const auto unknown = std::count(variety.targets.begin(), variety.targets.end(), -1);
  EXPECT_GT(unknown, 0);
  EXPECT_LT(unknown, 8);
  EXPECT_TRUE(std::isfinite(end_.metrics.at("valid_loss")));
  EXPECT_THAT(store_.get(outcome.run).warnings, ::testing::Contains(HasSubstr("rows have no variety")));
}

// Without random transforms every pass sees the same pictures.
TEST_F(RunTargets, TtaWithoutRandomTransformsIsThePlainPrediction) {
  spec_.stages[0].augment.reset();
  spec_.tta = TtaOptions{.n = 2};
  const RunOutcome outcome = run();
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  const Predictions plain = readPredictions(folderOf(outcome), "valid");
  const Predictions tta = readPredictions(folderOf(outcome), "valid_tta");
  EXPECT_EQ(tta.ids, plain.ids);
  EXPECT_EQ(tta.targets, plain.targets);
  EXPECT_THAT(tta.probabilities, ::testing::Pointwise(::testing::FloatNear(1e-5f), plain.probabilities));
  EXPECT_THAT(tta.losses, ::testing::Pointwise(::testing::FloatNear(1e-4f), plain.losses));
  EXPECT_TRUE(hasPredictions(folderOf(outcome), "test_tta.age"));
  EXPECT_DOUBLE_EQ(store_.get(outcome.run).results.at("tta_error_rate"), tta.errorRate());
}

// Its draws are functions of the seed: not of the threads, and not those of the last epoch.
TEST_F(RunTargets, TtaLooksAtChangedPicturesAndIsRepeatable) {
  spec_.data.label_columns = {"label"};
  spec_.data.regression_columns = {};
  spec_.tta = TtaOptions{.n = 2, .beta = 0};
  spec_.loader_threads = 1;
  const RunOutcome first = run();
  spec_.loader_threads = 3;
  const RunOutcome second = run();
  ASSERT_EQ(second.status, RunStatus::Finished) << second.message;
  const Predictions tta = readPredictions(folderOf(first), "test_tta");
  EXPECT_EQ(tta.probabilities, readPredictions(folderOf(second), "test_tta").probabilities);
  EXPECT_NE(tta.probabilities, readPredictions(folderOf(first), "test").probabilities);
}

TEST_F(RunTargets, AStoppedRunDoesWithoutTta) {
  spec_.tta = TtaOptions{};
  TrainControl control;
  const RunOutcome outcome = execute(store_, spec_, control, [&](const TrainEvent& event) {
    if (std::holds_alternative<BatchEnded>(event)) control.stopNow();
  });
  ASSERT_EQ(outcome.status, RunStatus::Stopped) << outcome.message;
  EXPECT_TRUE(hasPredictions(folderOf(outcome), "test.variety"));
  EXPECT_FALSE(hasPredictions(folderOf(outcome), "valid_tta"));
}

}  // namespace
}  // namespace panicle
