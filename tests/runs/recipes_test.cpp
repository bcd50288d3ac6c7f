// The recipes that ship: each says what it is known for, is a run that Panicle can do, and trains.
#include "core/runs/recipes.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/eval/predictions.h"
#include "core/models/architecture.h"
#include "core/runs/execute.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

std::vector<std::string> recipeNames() {
  std::vector<std::string> names;
  for (const Recipe& each : recipes()) names.push_back(each.name);
  return names;
}

TEST(Recipes, AreListedInTheOrderOfTheirNumbers) {
  EXPECT_THAT(recipeNames(),
              ElementsAre("first-baseline", "longer-baseline", "convnext-small", "convnext-padded", "small-models", "large-ensemble",
                          "progressive-resizing", "progressive-mixup", "disease-and-variety"));
  EXPECT_EQ(recipe("convnext-small").title, "ConvNeXt small");
  EXPECT_THAT(message([] { recipe("first-base-line"); }), HasSubstr("did you mean 'first-baseline'?"));
  EXPECT_THAT(message([] { recipe("zzzzzzzz"); }), HasSubstr("panicle-cli recipes"));
}

TEST(Recipes, OnlyMissTheFolderOfPhotos) {
  for (const Recipe& each : recipes()) {
    std::set<std::string> names;
    for (RunSpec run : each.runs) {
      EXPECT_TRUE(names.insert(run.name).second) << run.name;
      EXPECT_FALSE(run.name.empty()) << each.name;
      EXPECT_EQ(toJson(specFromJson(specToJson(run), "the recipe")), toJson(run));
      run.data.root = "/";
      EXPECT_THAT(check(run), ElementsAre()) << each.name << ", " << run.name;
    }
  }
}

// What a notebook says of a run, in its words: arch, item transform, batch transform, batch, schedule.
std::string words(const RunSpec& run, const StageOptions& stage) {
  const ScheduleOptions& s = stage.schedule;
  std::string text = run.model.arch + "; " + enumName(stage.resize.method) + " " + toString(stage.resize.size) + "; " +
                     toString(stage.augment->size.value()) + "; bs " + std::to_string(run.batchOf(stage).size) + " x " +
                     std::to_string(run.batchOf(stage).accum) + "; " + enumName(s.kind) + " " + std::to_string(s.epochs) + " @ ";
  text += s.kind == ScheduleKind::FineTune ? std::to_string(s.base_lr) : s.lr_max.text();
  return text;
}

TEST(Recipes, SayWhatTheNotebooksSay) {
  const auto only = [](const char* name) -> const RunSpec& {
    EXPECT_EQ(recipe(name).runs.size(), 1u);
    return recipe(name).runs.front();
  };
  const auto said = [](const RunSpec& run, std::size_t stage = 0) { return words(run, run.stages.at(stage)); };
  EXPECT_EQ(said(only("first-baseline")), "resnet26d; squish 480; 128; bs 64 x 1; fine_tune 3 @ 0.010000");
  EXPECT_EQ(only("first-baseline").stages[0].schedule.freeze_epochs, 1);
  EXPECT_EQ(said(only("longer-baseline")), "resnet26d; squish 480; 128; bs 64 x 1; fine_tune 14 @ 0.010000");
  EXPECT_EQ(only("longer-baseline").stages[0].schedule.freeze_epochs, 3);
  EXPECT_EQ(said(only("convnext-small")), "convnext_small_in22k; squish 192; 128; bs 64 x 1; fine_tune 5 @ 0.010000");
  const RunSpec& padded = only("convnext-padded");
  EXPECT_EQ(said(padded), "convnext_small_in22k; pad 480,360; 256,192; bs 64 x 1; fine_tune 12 @ 0.010000");
  EXPECT_EQ(padded.stages[0].resize.pad_mode, PadMode::Zeros);
  EXPECT_EQ(padded.tta->n, 4);
  const RunSpec& both = only("disease-and-variety");
  EXPECT_EQ(said(both), "convnext_small_in22k; squish 192; 128; bs 64 x 1; fine_tune 5 @ 0.010000");
  EXPECT_THAT(both.data.label_columns, ElementsAre("label", "variety"));
  for (const Recipe& each : recipes()) {
    for (const RunSpec& run : each.runs) {
      for (const StageOptions& stage : run.stages) EXPECT_EQ(stage.augment->min_scale, 0.75) << run.name;
    }
  }
}

TEST(Recipes, ProgressiveResizingIsTwoStages) {
  for (const char* name : {"progressive-resizing", "progressive-mixup"}) {
    const RunSpec& run = recipe(name).runs.front();
    const bool mixes = std::string(name) == "progressive-mixup";
    ASSERT_EQ(run.stages.size(), 2u);
    EXPECT_EQ(words(run, run.stages[0]), "resnet50; crop 460; 224; bs 64 x 1; fit_one_cycle 15 @ 0.002");
    EXPECT_EQ(run.stages[0].schedule.freeze_to, -1);
    EXPECT_EQ(words(run, run.stages[1]), std::string("resnet50; crop 560; 448; bs 32 x 1; fit_one_cycle ") + (mixes ? "50" : "5") +
                                             " @ " + run.stages[1].schedule.lr_max.text());
    EXPECT_EQ(run.stages[1].schedule.lr_max.low, 1e-6);
    EXPECT_EQ(run.stages[1].schedule.lr_max.high, 1e-4);
    EXPECT_EQ(run.stages[1].schedule.freeze_to, 0);
    EXPECT_EQ(run.data.split.kind, SplitKind::Column);
    EXPECT_EQ(run.data.split.column, "is_val");
    for (const StageOptions& stage : run.stages) EXPECT_EQ(stage.mix && stage.mix->alpha == 0.2, mixes);
    EXPECT_EQ(run.callbacks.keep_best && run.callbacks.keep_best->monitor == "accuracy", mixes);
    EXPECT_EQ(run.tta->use_max, mixes);
  }
}

TEST(Recipes, TheSweepAndTheEnsembleHaveTheirMembers) {
  const Recipe& sweep = recipe("small-models");
  std::vector<std::string> said;
  for (const RunSpec& run : sweep.runs) said.push_back(words(run, run.stages.at(0)));
  EXPECT_EQ(said.size(), 13u);
  EXPECT_EQ(said.front(), "convnext_small_in22k; crop 640,480; 288,224; bs 64 x 1; fine_tune 12 @ 0.010000");
  EXPECT_THAT(said, ::testing::Contains("swinv2_base_window12_192_22k; pad 640; 192; bs 16 x 4; fine_tune 12 @ 0.010000"));
  EXPECT_THAT(said, ::testing::Contains("swinv2_base_window12_192_22k; squish 480; 192; bs 64 x 1; fine_tune 12 @ 0.010000"));
  EXPECT_THAT(said, ::testing::Contains("vit_small_patch16_224; pad 640; 224; bs 64 x 1; fine_tune 12 @ 0.010000"));
  EXPECT_TRUE(sweep.weights.empty());

  const Recipe& ensemble = recipe("large-ensemble");
  ASSERT_EQ(ensemble.runs.size(), 8u);
  std::set<std::uint64_t> splits;
  std::map<std::string, double> weights;
  for (std::size_t i = 0; i < 8; ++i) {
    const RunSpec& run = ensemble.runs[i];
    splits.insert(run.data.split.seed);
    weights[architecture(run.model.arch).family] += ensemble.weights.at(i);
    EXPECT_EQ(run.batch.size * run.batch.accum, 64) << run.name;
    EXPECT_EQ(run.batch.accum, 2) << run.name;
    EXPECT_TRUE(run.tta) << run.name;
  }
  EXPECT_EQ(splits.size(), 8u) << "each on a split of its own";
  EXPECT_EQ(weights, (std::map<std::string, double>{{"ConvNeXt", 2}, {"ViT", 4}, {"Swin", 2}, {"SwinV2", 2}}));
}

TEST(Recipes, AreDocumentedWithTheirNetworksAndTransforms) {
  const std::string document = readText(std::filesystem::path(PANICLE_DOCS) / "recipes.md");
  for (const Recipe& each : recipes()) {
    const std::string heading = "## `" + each.name + "`: " + each.title + "\n";
    ASSERT_THAT(document, HasSubstr(heading));
  }
  for (const RunSpec& run : recipe("small-models").runs) {
    const StageOptions& stage = run.stages[0];
    const std::string row = "| " + run.model.arch + " | " + enumName(stage.resize.method) + " " + toString(stage.resize.size) +
                            (stage.resize.method == ResizeMethod::Pad ? ", zeros | " : " | ") + toString(*stage.augment->size) + " |";
    EXPECT_THAT(document, HasSubstr(row));
  }
}

TEST(Recipes, OnMyDataKeepsWhatIsMine) {
  RunSpec mine;
  mine.seed = 7;
  mine.device = "cpu";
  mine.threads = 2;
  mine.data.root = "/photos";
  mine.data.label_columns = {"species"};
  mine.data.split.valid_pct = 0.1;
  mine.data.subset.fraction = 0.5;
  const Json split = toJson(SplitOptions{});
  mine.data.exif = ExifPolicy::Apply;
  mine.model.arch = "resnet34";
  mine.stages.resize(3);
  mine.callbacks.grad_clip = 1;
  const RunSpec first = onMyData(recipe("first-baseline").runs.front(), mine);
  EXPECT_EQ(toJson(first.data.split), split);
  mine.data.split = {};
  EXPECT_EQ(toJson(first.data), toJson(mine.data));
  EXPECT_EQ(first.seed, 7u);
  EXPECT_EQ(first.device, "cpu");
  EXPECT_EQ(first.threads, 2);
  EXPECT_EQ(first.model.arch, "resnet26d");
  EXPECT_EQ(first.stages.size(), 1u);
  EXPECT_FALSE(first.callbacks.grad_clip);

  const RunSpec resized = onMyData(recipe("progressive-resizing").runs.front(), mine);
  EXPECT_EQ(resized.data.split.kind, SplitKind::Column);
  EXPECT_THAT(resized.data.label_columns, ElementsAre("species"));
  EXPECT_EQ(resized.data.root, "/photos");
  const RunSpec both = onMyData(recipe("disease-and-variety").runs.front(), mine);
  EXPECT_THAT(both.data.label_columns, ElementsAre("species", "variety"));
  EXPECT_EQ(toJson(both.data.split), split);
}

// As those of an ensemble, each of which has a seed of its own.
TEST(Recipes, OnMyDataForgetsTheSplitOfTheRecipeBeforeButNotMyColumn) {
  const RunSpec member = onMyData(recipe("large-ensemble").runs[2], RunSpec{});
  EXPECT_EQ(member.data.split.seed, 3u);
  EXPECT_EQ(onMyData(recipe("first-baseline").runs.front(), member).data.split.seed, SplitOptions{}.seed);
  RunSpec mine;
  mine.data.split.kind = SplitKind::Column;
  mine.data.split.column = "fold0";
  const SplitOptions kept = onMyData(recipe("first-baseline").runs.front(), mine).data.split;
  EXPECT_EQ(kept.kind, SplitKind::Column);
  EXPECT_EQ(kept.column, "fold0");
  EXPECT_EQ(onMyData(recipe("large-ensemble").runs[2], mine).data.split.kind, SplitKind::Random);
}

TEST(Recipes, OnMyDataForgetsTheFurtherLabelsOfTheRecipeBefore) {
  RunSpec mine;
  mine.data.label_columns = {"species", "variety", "age"};
  mine.data.regression_columns = {"age"};
  const RunSpec first = onMyData(recipe("first-baseline").runs.front(), mine);
  EXPECT_THAT(first.data.label_columns, ElementsAre("species"));
  EXPECT_TRUE(first.data.regression_columns.empty());
  const RunSpec both = onMyData(recipe("disease-and-variety").runs.front(), mine);
  EXPECT_THAT(both.data.label_columns, ElementsAre("species", "variety"));
  EXPECT_TRUE(both.data.regression_columns.empty());
}

TEST(Recipes, WhatIsNoRecipeIsRefusedWithAllReasons) {
  const auto read = [](const std::string& text) {
    return message([&] { recipeFromText("mine", text, "mine.json"); });
  };
  EXPECT_EQ(read(R"({"title": "T", "purpose": "P.", "run": {"name": "n"}})"), "no error");
  const std::string many = read(R"({"titel": "T", "run": {}, "weights": [1, 2]})");
  for (const char* reason : {"unknown key 'titel'", "title is empty", "purpose is empty", "no name", "weights must hold", "mine.json"}) {
    EXPECT_THAT(many, HasSubstr(reason));
  }
  EXPECT_THAT(read(R"({"title": "T", "purpose": "P.", "run": {}, "members": [{"name": "a"}, {"name": "a"}]})"), HasSubstr("two runs"));
  EXPECT_THAT(read(R"({"title": "T", "purpose": "P.", "run": {}, "members": [{"name": "a", "model.arc": "resnet18"}]})"),
              HasSubstr("model.arch"));
  EXPECT_THAT(read(R"({"title": "T", "purpose": "P.", "run": {"model": {"arch": "resnet81"}}})"), HasSubstr("resnet18"));
  EXPECT_THAT(read(R"({"title": 1})"), HasSubstr("wrong kind"));
  EXPECT_THAT(read("{"), HasSubstr("mine.json"));
}

// --- Training ---------------------------------------------------------------------------------------------------------

const std::map<std::string, std::string> kSmallest{{"ResNet", "resnet18"},
                                                   {"ConvNeXt", "convnext_tiny_in22k"},
                                                   {"ViT", "vit_tiny_patch16_224"},
                                                   {"Swin", "swin_tiny_patch4_window7_224"},
                                                   {"SwinV2", "swinv2_tiny_window8_256"}};

// A quarter of the side, or the next size that the architecture takes.
Size quarter(const Architecture& arch, Size size) {
  const auto side = [&](int full) {
    int small = full / 4;
    while (!arch.takes_side(small)) ++small;
    return small;
  };
  return {side(size.height), side(size.width)};
}

// The same run with the smallest network of the family, photos a quarter as large, few of them in a batch, and one epoch a phase.
RunSpec shortened(RunSpec run) {
  const Architecture& tiny = architecture(kSmallest.at(architecture(run.model.arch).family));
  run.name.clear();
  run.model.arch = tiny.name;
  run.model.weights = "none";
  run.precision = Precision::Fp32;
  run.batch.size = 8;
  run.data.split.seed = 1;
  if (run.tta) run.tta->n = 1;
  for (StageOptions& stage : run.stages) {
    stage.augment->size = quarter(tiny, *stage.augment->size);
    stage.resize.size = {std::max(stage.resize.size.height / 4, stage.augment->size->height),
                         std::max(stage.resize.size.width / 4, stage.augment->size->width)};
    if (stage.batch) stage.batch->size = 4;
    stage.schedule.epochs = 1;
    stage.schedule.freeze_epochs = 1;
  }
  return run;
}

// The sample data, with a column is_val as Cassava's table has it.
void writeData(const std::filesystem::path& folder) {
  writeSampleData(folder, {.per_class = 1, .size = {96, 72}});
  std::istringstream table(readText(folder / "train.csv"));
  std::string line, marked;
  for (int row = 0; std::getline(table, line); ++row) {
    marked += line + (row == 0 ? ",is_val" : row % 4 == 0 ? ",True" : ",False") + "\n";
  }
  writeAtomically(folder / "train.csv", marked);
}

class RecipeTrains : public ::testing::TestWithParam<std::string> {};

TEST_P(RecipeTrains, OneShortenedEpoch) {
  const TempFolder folder;
  writeData(folder / "data");
  RunSpec mine;
  mine.data.root = (folder / "data").string();
  RunStore store(folder / "workspace");
  std::set<std::string> done;
  for (const RunSpec& member : recipe(GetParam()).runs) {
    const RunSpec spec = onMyData(shortened(member), mine);
    if (!done.insert(spec.model.arch).second) continue;  // one of each family
    TrainControl control;
    const RunOutcome outcome = execute(store, spec, control, [](const TrainEvent&) {});
    ASSERT_EQ(outcome.status, RunStatus::Finished) << member.name << ": " << outcome.message;
    const RunRecord record = store.get(outcome.run);
    const std::size_t phases = spec.stages[0].schedule.kind == ScheduleKind::FineTune ? 2 : 1;
    EXPECT_EQ(record.epochs.size(), spec.stages.size() * phases) << member.name;
    for (const EpochRow& epoch : record.epochs) {
      EXPECT_TRUE(std::isfinite(epoch.train_loss) && std::isfinite(epoch.valid_loss)) << member.name;
      EXPECT_TRUE(epoch.metrics.contains("error_rate")) << member.name;
      EXPECT_EQ(epoch.metrics.contains("variety_error_rate"), spec.data.label_columns.size() > 1) << member.name;
    }
    EXPECT_GT(readPredictions(store.folder(outcome.run), "valid").size(), 0u) << member.name;
    EXPECT_EQ(hasPredictions(store.folder(outcome.run), "test_tta"), spec.tta.has_value()) << member.name;
  }
  EXPECT_FALSE(done.empty());
}

INSTANTIATE_TEST_SUITE_P(Each, RecipeTrains, ::testing::ValuesIn(recipeNames()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace panicle
