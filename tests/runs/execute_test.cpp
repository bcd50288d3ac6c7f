// Runs from their files to their predictions, where more than one part has a say.
#include "core/runs/execute.h"

#include "core/data/sample_data.h"
#include "core/eval/predictions.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::TempFolder;

RunSpec smallSpec(const std::filesystem::path& root, const std::string& arch) {
  RunSpec spec;
  spec.data.root = root.string();
  spec.model.arch = arch;
  spec.model.weights = "none";
  spec.batch.size = 8;
  spec.stages[0].resize.size = {64, 64};
  spec.stages[0].schedule.epochs = 1;
  return spec;
}

// Swin's masks are made for one image size: a run that ends between two must predict at the size that it has
// trained at.
TEST(Execute, AStopBeforeTheSecondSizePredictsAtTheFirst) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 2, .size = {96, 96}});
  RunSpec spec = smallSpec(folder / "data", "swinv2_tiny_window8_256");
  spec.stages.push_back(spec.stages[0]);
  spec.stages[1].resize.size = {128, 128};
  RunStore store(folder / "workspace");
  TrainControl control;
  const RunOutcome outcome = execute(store, spec, control, [&](const TrainEvent& event) {
    if (std::holds_alternative<BatchEnded>(event)) control.stopNow();
  });
  EXPECT_EQ(outcome.status, RunStatus::Stopped) << outcome.message;
  EXPECT_GT(readPredictions(store.folder(outcome.run), "valid").size(), 0u);
  EXPECT_GT(readPredictions(store.folder(outcome.run), "test").size(), 0u);
}

TEST(Execute, SaysWhatTheRunStartsFromBeforeItTrains) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 2, .size = {96, 96}});
  RunSpec spec = smallSpec(folder / "data", "resnet18");
  RunStore store(folder / "workspace");
  TrainControl control;
  std::string start;
  const auto listen = [&](const TrainEvent& event) {
    if (const auto* started = std::get_if<RunStarted>(&event)) start = started->start;
  };
  const RunOutcome first = execute(store, spec, control, listen);
  ASSERT_EQ(first.status, RunStatus::Finished) << first.message;
  EXPECT_EQ(start, "scratch: model.weights is none");
  EXPECT_EQ(store.get(first.run).environment["start"], start);

  spec.model.weights = (store.folder(first.run) / "model.safetensors").string();
  const RunOutcome second = execute(store, spec, control, listen);
  ASSERT_EQ(second.status, RunStatus::Finished) << second.message;
  EXPECT_EQ(start, spec.model.weights);
}

// The second stage's rate makes the loss infinite: what the first has learnt must stay.
TEST(Execute, ALossThatIsNotFiniteKeepsTheLastGoodModelAndItsPredictions) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 2, .size = {96, 96}});
  RunSpec spec = smallSpec(folder / "data", "resnet18");
  RunStore store(folder / "workspace");
  TrainControl control;
  const RunOutcome good = execute(store, spec, control, {});
  ASSERT_EQ(good.status, RunStatus::Finished) << good.message;

  spec.stages.push_back(spec.stages[0]);
  spec.stages[1].schedule.lr_max.high = 1e30;
  spec.stages[1].schedule.div = 1;
  const RunOutcome bad = execute(store, spec, control, {});
  EXPECT_EQ(bad.status, RunStatus::Failed);
  EXPECT_NE(bad.message.find("the loss is not a finite number in epoch 2"), std::string::npos) << bad.message;
  EXPECT_NE(bad.message.find(".jpg"), std::string::npos) << bad.message;
  EXPECT_NE(bad.message.find("The model of the first epoch and its predictions were kept."), std::string::npos) << bad.message;
  for (const char* split : {"valid", "test"}) {
    const Predictions kept = readPredictions(store.folder(bad.run), split), expected = readPredictions(store.folder(good.run), split);
    EXPECT_EQ(kept.ids, expected.ids);
    EXPECT_EQ(kept.probabilities, expected.probabilities);
  }
  ASSERT_EQ(store.get(bad.run).epochs.size(), 1u);
}

// The loss of an epoch's only batch is still finite, and its step spoils the weights: validation finds out, before the good model is replaced.
TEST(Execute, WeightsThatTheLastStepOfAnEpochSpoiltAreNotKept) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 2, .size = {96, 96}});
  RunSpec spec = smallSpec(folder / "data", "resnet18");
  spec.batch.size = 16;
  RunStore store(folder / "workspace");
  TrainControl control;
  const RunOutcome good = execute(store, spec, control, {});
  ASSERT_EQ(good.status, RunStatus::Finished) << good.message;

  spec.stages.push_back(spec.stages[0]);
  spec.stages[1].schedule.lr_max.high = 1e30;
  spec.stages[1].schedule.div = 1;
  const RunOutcome bad = execute(store, spec, control, {});
  EXPECT_EQ(bad.status, RunStatus::Failed);
  EXPECT_NE(bad.message.find("in the validation of epoch 2"), std::string::npos) << bad.message;
  EXPECT_EQ(readPredictions(store.folder(bad.run), "valid").probabilities,
            readPredictions(store.folder(good.run), "valid").probabilities);
}

// Stopped in the third epoch, of which the first was the best: its weights are predicted with, and its metrics told.
TEST(Execute, AStoppedRunKeepsTheBestEpoch) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 2, .size = {96, 96}});
  RunSpec spec = smallSpec(folder / "data", "resnet18");
  spec.stages[0].schedule = {.kind = ScheduleKind::Fit, .epochs = 3, .lr_max = {1e-4}};
  spec.callbacks.keep_best = KeepBestOptions{.min_delta = 1e6};  // no later epoch is better by so much
  RunStore store(folder / "workspace");
  TrainControl first;
  const RunOutcome once = execute(store, spec, first, [&](const TrainEvent& event) {
    if (std::holds_alternative<EpochEnded>(event)) first.stopAfterEpoch();
  });
  TrainControl third;
  std::map<std::string, double> told;
  const RunOutcome later = execute(store, spec, third, [&](const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->epoch == 2) third.stopNow();
    if (const auto* ended = std::get_if<RunEnded>(&event)) told = ended->metrics;
  });
  ASSERT_EQ(once.status, RunStatus::Stopped) << once.message;
  ASSERT_EQ(later.status, RunStatus::Stopped) << later.message;
  EXPECT_EQ(readPredictions(store.folder(later.run), "valid").probabilities,
            readPredictions(store.folder(once.run), "valid").probabilities);
  EXPECT_EQ(told.at("valid_loss"), store.get(once.run).epochs[0].valid_loss);
}

TEST(Execute, ARunThatFailsBeforeItsFirstEpochKeepsNothingAndSaysSo) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 2, .size = {96, 96}});
  RunSpec spec = smallSpec(folder / "data", "resnet18");
  spec.stages[0].schedule.lr_max.high = 1e30;
  spec.stages[0].schedule.div = 1;
  RunStore store(folder / "workspace");
  TrainControl control;
  const RunOutcome bad = execute(store, spec, control, {});
  EXPECT_EQ(bad.status, RunStatus::Failed);
  EXPECT_EQ(bad.message.find("kept"), std::string::npos) << bad.message;
  EXPECT_FALSE(hasPredictions(store.folder(bad.run), "valid"));
}

TEST(Execute, EachStageHasItsOwnSizeBatchFreezingMixAndLoss) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 4, .size = {96, 96}});  // 32 photos train, 8 validate
  RunSpec spec = smallSpec(folder / "data", "resnet18");
  spec.stages[0].schedule.freeze_to = -1;
  spec.stages.push_back(spec.stages[0]);
  StageOptions& second = spec.stages[1];
  second.resize.size = {96, 96};
  second.batch = BatchOptions{.size = 4, .accum = 2};
  second.schedule = {.kind = ScheduleKind::FlatCos, .epochs = 2};
  second.mix = MixOptions{.kind = MixKind::CutMix};
  second.loss.label_smoothing = 0.1;
  spec.metrics = {"accuracy", "f1_macro", "top_3_accuracy"};
  spec.callbacks.ema_decay = 0.9;
  spec.callbacks.grad_clip = 1;
  spec.callbacks.keep_best = KeepBestOptions{.monitor = "f1_macro"};
  RunStore store(folder / "workspace");
  TrainControl control;
  std::vector<std::size_t> batches;
  std::vector<std::string> phases, metrics;
  const RunOutcome outcome = execute(store, spec, control, [&](const TrainEvent& event) {
    if (const auto* started = std::get_if<RunStarted>(&event)) metrics = started->metrics;
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->batch == 1) batches.push_back(batch->batches);
    if (const auto* epoch = std::get_if<EpochEnded>(&event)) phases.push_back(std::to_string(epoch->stage) + " " + epoch->phase);
  });
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  EXPECT_EQ(metrics, spec.metrics);
  EXPECT_EQ(batches, (std::vector<std::size_t>{4, 8, 8}));
  EXPECT_EQ(phases, (std::vector<std::string>{"0 one cycle", "1 flat cosine", "1 flat cosine"}));
  for (const EpochRow& row : store.get(outcome.run).epochs) {
    EXPECT_EQ(row.metrics.size(), 3u);
    EXPECT_GE(row.metrics.at("top_3_accuracy"), row.metrics.at("accuracy"));
  }
}

TEST(Execute, ChangedRatesAreKeptWithTheRun) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 2, .size = {96, 96}});
  RunStore store(folder / "workspace");
  TrainControl control;
  const RunOutcome outcome = execute(store, smallSpec(folder / "data", "resnet18"), control, [&](const TrainEvent& event) {
    const auto* batch = std::get_if<BatchEnded>(&event);
    if (batch && batch->step == 1) control.change({.lr_scale = 0.1});
  });
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  const auto changes = store.get(outcome.run).changes;
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].step, 2u);
  EXPECT_EQ(changes[0].lr_scale, 0.1);
  EXPECT_EQ(changes[0].wd, 0.01);
}

// Of a run with a frozen and an unfrozen fit. Times are the machine's: an estimate is there once two batches were timed, and stays. How good it
// is, TimeLeft's own tests say.
TEST(Execute, TellsTheTimeLeft) {
  const TempFolder folder;
  writeSampleData(folder / "data", {.per_class = 4, .size = {96, 96}});
  RunSpec spec = smallSpec(folder / "data", "resnet18");
  spec.stages[0].schedule = {.kind = ScheduleKind::FineTune, .epochs = 2};
  RunStore store(folder / "workspace");
  TrainControl control;
  std::vector<double> left;
  const RunOutcome outcome = execute(store, spec, control, [&](const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event)) left.push_back(batch->eta_seconds);
  });
  ASSERT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
  ASSERT_EQ(left.size(), 12u);
  EXPECT_LT(left.front(), 0);
  for (std::size_t i = 3; i < left.size(); ++i) EXPECT_GT(left[i], 0) << i;
}

}  // namespace
}  // namespace panicle
