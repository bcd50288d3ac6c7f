// Runs from their files to their predictions, where more than one part has a say.
#include "core/runs/execute.h"

#include <gmock/gmock.h>

#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/eval/predictions.h"
#include "core/weights/safetensors.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using testing::TempFolder;

// A small run on sample photos: resnet18, batches of 8, one epoch.
class Execute : public ::testing::Test {
 protected:
  Execute() {
    spec_.data.root = (folder_ / "data").string();
    spec_.model.arch = "resnet18";
    spec_.model.weights = "none";
    spec_.batch.size = 8;
    spec_.stages[0].resize.size = {64, 64};
    spec_.stages[0].schedule.epochs = 1;
    makePhotos(2);
  }

  // Of each of the ten classes, in place of those there are; four in five train.
  void makePhotos(int perClass) {
    std::filesystem::remove_all(folder_ / "data");
    writeSampleData(folder_ / "data", {.per_class = perClass, .size = {96, 96}});
  }

  // What `run` ends with is in ended_.
  RunOutcome run(const TrainObserver& observer = {}) { return run(control_, observer); }
  RunOutcome run(TrainControl& control, const TrainObserver& observer) {
    return execute(store_, spec_, control, [&](const TrainEvent& event) {
      if (const auto* ended = std::get_if<RunEnded>(&event)) ended_ = *ended;
      if (observer) observer(event);
    });
  }

  // A rate that makes the loss infinite with the first step.
  static void diverge(StageOptions& stage) {
    stage.schedule.lr_max.high = 1e30;
    stage.schedule.div = 1;
  }

  // One good epoch by itself, and the same followed by a stage that diverges.
  void runThenDiverge() {
    good_ = run();
    ASSERT_EQ(good_.status, RunStatus::Finished) << good_.message;
    spec_.stages.push_back(spec_.stages[0]);
    diverge(spec_.stages[1]);
    bad_ = run();
    EXPECT_EQ(bad_.status, RunStatus::Failed);
  }

  std::filesystem::path folderOf(const RunOutcome& outcome) const { return store_.folder(outcome.run); }
  Predictions predictionsOf(const RunOutcome& outcome, const std::string& split = "valid") const {
    return readPredictions(folderOf(outcome), split);
  }
  std::string modelOf(const RunOutcome& outcome) const { return readText(folderOf(outcome) / "model.safetensors"); }

  TempFolder folder_;
  RunSpec spec_;
  RunStore store_{folder_ / "workspace"};
  TrainControl control_;
  RunEnded ended_;
  RunOutcome good_, bad_;
};

// Swin's masks are made for one image size: a run that ends between two must predict at the size that it has
// trained at.
TEST_F(Execute, AStopBeforeTheSecondSizePredictsAtTheFirst) {
  spec_.model.arch = "swinv2_tiny_window8_256";
  spec_.stages.push_back(spec_.stages[0]);
  spec_.stages[1].resize.size = {128, 128};
  const RunOutcome outcome = run([&](const TrainEvent& event) {
    if (std::holds_alternative<BatchEnded>(event)) control_.stopNow();
  });
  EXPECT_EQ(outcome.status, RunStatus::Stopped) << outcome.message;
  EXPECT_GT(predictionsOf(outcome).size(), 0u);
  EXPECT_GT(predictionsOf(outcome, "test").size(), 0u);
}

TEST_F(Execute, SaysWhatTheRunStartsFromBeforeItTrains) {
  std::string start;
  const auto listen = [&](const TrainEvent& event) {
    if (const auto* started = std::get_if<RunStarted>(&event)) start = started->start;
  };
  const RunOutcome first = run(listen);
  ASSERT_EQ(first.status, RunStatus::Finished) << first.message;
  EXPECT_EQ(start, "scratch: model.weights is none");
  EXPECT_EQ(store_.get(first.run).environment["start"], start);

  spec_.model.weights = (folderOf(first) / "model.safetensors").string();
  const RunOutcome second = run(listen);
  ASSERT_EQ(second.status, RunStatus::Finished) << second.message;
  EXPECT_EQ(start, spec_.model.weights);
}

TEST_F(Execute, NormalisesWhereFastaiDoes) {
  const auto normalizes = [&](const RunOutcome& outcome) { return store_.get(outcome.run).spec.model.normalize; };
  const RunOutcome scratch = run();
  EXPECT_EQ(normalizes(scratch), NormalizeInput::Off);
  // What goes on with these weights sees photos as they did.
  spec_.model.weights = (folderOf(scratch) / "model.safetensors").string();
  EXPECT_EQ(normalizes(run()), NormalizeInput::Off);
  spec_.model.normalize = NormalizeInput::On;
  EXPECT_EQ(normalizes(run()), NormalizeInput::On);
  // Weights of others have all been trained with it. These lack every tensor, so the run ends at once.
  spec_.model.normalize = NormalizeInput::Auto;
  spec_.model.weights = (folder_ / "other.safetensors").string();
  writeSafetensors(spec_.model.weights, {});
  EXPECT_EQ(normalizes(run()), NormalizeInput::On);
}

// The bad run predicts with the model's file, the good one with what it has in memory: the same average.
TEST_F(Execute, ALossThatIsNotFiniteKeepsTheLastGoodModelAndItsPredictions) {
  spec_.callbacks.ema_decay = 0.9;
  runThenDiverge();
  EXPECT_NE(bad_.message.find("the loss is not a finite number in epoch 2"), std::string::npos) << bad_.message;
  EXPECT_NE(bad_.message.find(".jpg"), std::string::npos) << bad_.message;
  EXPECT_NE(bad_.message.find("The model of the first epoch and its predictions were kept."), std::string::npos) << bad_.message;
  for (const char* split : {"valid", "test"}) {
    const Predictions kept = predictionsOf(bad_, split), expected = predictionsOf(good_, split);
    EXPECT_EQ(kept.ids, expected.ids);
    EXPECT_EQ(kept.probabilities, expected.probabilities);
  }
  ASSERT_EQ(store_.get(bad_.run).epochs.size(), 1u);
  EXPECT_EQ(store_.get(bad_.run).results, store_.get(good_.run).results);
}

// The loss of an epoch's only batch is still finite, and its step spoils the weights: validation finds out, before the good model is replaced.
TEST_F(Execute, WeightsThatTheLastStepOfAnEpochSpoiltAreNotKept) {
  spec_.batch.size = 16;
  runThenDiverge();
  EXPECT_NE(bad_.message.find("in the validation of epoch 2"), std::string::npos) << bad_.message;
  EXPECT_EQ(predictionsOf(bad_).probabilities, predictionsOf(good_).probabilities);
}

TEST_F(Execute, ARunThatFailsBeforeItsFirstEpochKeepsNothingAndSaysSo) {
  diverge(spec_.stages[0]);
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.status, RunStatus::Failed);
  EXPECT_EQ(outcome.message.find("kept"), std::string::npos) << outcome.message;
  EXPECT_FALSE(hasPredictions(folderOf(outcome), "valid"));
}

// Stopped in the third epoch, of which the first was the best: its weights are predicted with, and its metrics told.
TEST_F(Execute, AStoppedRunKeepsTheBestEpoch) {
  spec_.stages[0].schedule = {.kind = ScheduleKind::Fit, .epochs = 3, .lr_max = {1e-4}};
  spec_.callbacks.keep_best = KeepBestOptions{.min_delta = 1e6};  // no later epoch is better by so much
  TrainControl first;
  const RunOutcome once = run(first, [&](const TrainEvent& event) {
    if (std::holds_alternative<EpochEnded>(event)) first.stopAfterEpoch();
  });
  TrainControl third;
  const RunOutcome later = run(third, [&](const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->epoch == 2) third.stopNow();
  });
  ASSERT_EQ(once.status, RunStatus::Stopped) << once.message;
  ASSERT_EQ(later.status, RunStatus::Stopped) << later.message;
  EXPECT_EQ(predictionsOf(later).probabilities, predictionsOf(once).probabilities);
  EXPECT_EQ(ended_.metrics.at("valid_loss"), store_.get(once.run).epochs[0].valid_loss);
}

// The model is not the one that the last epoch was measured with.
TEST_F(Execute, AStopInAnEpochTellsTheMetricsOfTheModelThatIsKept) {
  spec_.metrics = {"error_rate", "f1_macro"};
  spec_.stages[0].schedule.epochs = 3;
  for (const int epoch : {0, 1}) {
    TrainControl control;
    const RunOutcome outcome = run(control, [&](const TrainEvent& event) {
      if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->epoch == epoch) control.stopNow();
    });
    ASSERT_EQ(outcome.status, RunStatus::Stopped) << outcome.message;
    const Predictions kept = predictionsOf(outcome);
    EXPECT_GT(kept.size(), 0u);
    EXPECT_EQ(ended_.metrics.at("error_rate"), kept.errorRate());
    EXPECT_TRUE(ended_.metrics.contains("f1_macro"));
    EXPECT_FALSE(ended_.metrics.contains("valid_loss"));
    EXPECT_EQ(store_.get(outcome.run).results, ended_.metrics);
    EXPECT_TRUE(std::filesystem::exists(folderOf(outcome) / "model.safetensors"));
    EXPECT_GT(predictionsOf(outcome, "test").size(), 0u);
  }
}

// After each epoch that is kept, and once more only where the weights are not those of the file any more. A model that comes while the one before
// waits for the disk takes its place.
TEST_F(Execute, AModelIsWrittenAtMostAsOftenAsItChanges) {
  const auto written = [this](const CallbackOptions& callbacks, int stopIn) {
    spec_.stages[0].schedule = {.kind = ScheduleKind::Fit, .epochs = 3, .lr_max = {1e-4}};
    spec_.callbacks = callbacks;
    int times = 0;
    TrainControl control;
    good_ = run(control, [&](const TrainEvent& event) {
      const auto* file = std::get_if<CheckpointWritten>(&event);
      times += file && file->path.ends_with("model.safetensors");
      if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->epoch == stopIn) control.stopNow();
    });
    return times;
  };
  constexpr int kNever = -1;
  const auto upTo = [](int most) { return AllOf(Ge(1), Le(most)); };
  EXPECT_THAT(written({}, kNever), upTo(3));
  EXPECT_THAT(written({}, 1), upTo(2));
  EXPECT_THAT(written({.ema_decay = 0.9}, kNever), upTo(3));
  EXPECT_THAT(written({.keep_best = KeepBestOptions{.min_delta = 1e6}}, 1), upTo(2));
  const std::string stopped = modelOf(good_);
  EXPECT_THAT(written({.keep_best = KeepBestOptions{.min_delta = 1e6}}, kNever), upTo(2));
  EXPECT_EQ(modelOf(good_), stopped) << "not the first epoch's";
}

TEST_F(Execute, EachStageHasItsOwnSizeBatchFreezingMixAndLoss) {
  makePhotos(4);  // 32 train, 8 validate
  spec_.stages[0].schedule.freeze_to = -1;
  spec_.stages.push_back(spec_.stages[0]);
  StageOptions& second = spec_.stages[1];
  second.resize.size = {96, 96};
  second.batch = BatchOptions{.size = 4, .accum = 2};
  second.schedule = {.kind = ScheduleKind::FlatCos, .epochs = 2};
  second.mix = MixOptions{.kind = MixKind::CutMix};
  second.loss.label_smoothing = 0.1;
  spec_.metrics = {"accuracy", "f1_macro", "top_3_accuracy"};
  spec_.callbacks.ema_decay = 0.9;
  spec_.callbacks.grad_clip = 1;
  spec_.callbacks.keep_best = KeepBestOptions{.monitor = "f1_macro"};
  std::vector<std::size_t> batches;
  std::vector<std::string> phases, metrics;
  const RunOutcome outcome = run([&](const TrainEvent& event) {
    if (const auto* started = std::get_if<RunStarted>(&event)) metrics = started->metrics;
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->batch == 1) batches.push_back(batch->batches);
    if (const auto* epoch = std::get_if<EpochEnded>(&event)) phases.push_back(std::to_string(epoch->stage) + " " + epoch->phase);
  });
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  EXPECT_EQ(metrics, spec_.metrics);
  EXPECT_EQ(batches, (std::vector<std::size_t>{4, 8, 8}));
  EXPECT_EQ(phases, (std::vector<std::string>{"0 one cycle", "1 flat cosine", "1 flat cosine"}));
  for (const EpochRow& row : store_.get(outcome.run).epochs) {
    EXPECT_EQ(row.metrics.size(), 3u);
    EXPECT_GE(row.metrics.at("top_3_accuracy"), row.metrics.at("accuracy"));
  }
}

TEST_F(Execute, ChangedRatesAreKeptWithTheRun) {
  const RunOutcome outcome = run([&](const TrainEvent& event) {
    const auto* batch = std::get_if<BatchEnded>(&event);
    if (batch && batch->step == 1) control_.change({.lr_scale = 0.1});
  });
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  const auto changes = store_.get(outcome.run).changes;
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].step, 2u);
  EXPECT_EQ(changes[0].lr_scale, 0.1);
  EXPECT_EQ(changes[0].wd, 0.01);
}

// Of a run with a frozen and an unfrozen fit. Times are the machine's: an estimate is there once two batches were timed, and stays. How good it
// is, TimeLeft's own tests say.
TEST_F(Execute, TellsTheTimeLeft) {
  makePhotos(4);
  spec_.stages[0].schedule = {.kind = ScheduleKind::FineTune, .epochs = 2};
  std::vector<double> left;
  const RunOutcome outcome = run([&](const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event)) left.push_back(batch->eta_seconds);
  });
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  ASSERT_EQ(left.size(), 12u);
  EXPECT_LT(left.front(), 0);
  for (std::size_t i = 3; i < left.size(); ++i) EXPECT_GT(left[i], 0) << i;
}

}  // namespace
}  // namespace panicle
