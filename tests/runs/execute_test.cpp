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

}  // namespace
}  // namespace panicle
