// interpret and submit on runs of several targets, made without training.
#include <gmock/gmock.h>

#include <limits>

#include "core/base/file.h"
#include "core/eval/predictions.h"
#include "core/runs/run_store.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::Answer;
using ::testing::HasSubstr;
using testing::TempFolder;

class CliTargets : public ::testing::Test {
 protected:
  CliTargets() {
    RunStore store(folder_ / "w");
    RunSpec spec;
    spec.data.label_columns = {"label", "variety", "age"};
    spec.data.regression_columns = {"age"};
    spec.callbacks.keep_best = KeepBestOptions{.monitor = "f1_macro"};
    const std::string run = store.create(spec, Json::object());
    store.record(run, EpochEnded{.epoch = 0, .metrics = {{"f1_macro", 0.75}}});
    store.record(run, EpochEnded{.epoch = 1, .metrics = {{"f1_macro", 0.5}}});
    store.record(run, RunEnded{.run = run, .metrics = {{"error_rate", 0.25}, {"tta_error_rate", 0.125}}});
    const auto folder = store.folder(run);
    const Predictions label{.vocab = {"blast", "tungro"},
                            .ids = {"1.jpg", "2.jpg"},
                            .paths = {"t/1.jpg", "t/2.jpg"},
                            .probabilities = {0.75f, 0.25f, 0.5f, 0.5f},
                            .targets = {0, 1},
                            .losses = {0.25f, 0.5f}};
    Predictions variety = label;
    variety.vocab = {"ADT45", "IR20"};
    variety.targets = {1, -1};
    Predictions tta = label;
    tta.probabilities = {0.25f, 0.75f, 0.25f, 0.75f};
    const NumberPredictions age{.name = "age",
                                .ids = label.ids,
                                .paths = label.paths,
                                .values = {50, 40},
                                .truths = {std::numeric_limits<float>::quiet_NaN(), 44}};
    for (const std::string split : {"valid", "test"}) {
      writePredictions(folder, split, label);
      writePredictions(folder, ttaStem(split), tta);
      writePredictions(folder, targetStem(split, "variety"), variety);
      writeNumberPredictions(folder, targetStem(split, "age"), age);
    }
    writeAtomically(folder_ / "sample.csv", "image_id,label\n2.jpg,\n1.jpg,\n");
  }

  Answer run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", (folder_ / "w").string()});
    return testing::run(folder_.path(), arguments);
  }

  std::string submitted(std::vector<std::string> arguments) const {
    const std::string out = (folder_ / "out.csv").string();
    arguments.insert(arguments.begin(),
                     {"submit", "--run", "1", "--sample", (folder_ / "sample.csv").string(), "--out", out});
    const Answer answer = run(std::move(arguments));
    return answer.status == 0 ? readText(out) : answer.err;
  }

  TempFolder folder_;
};

TEST_F(CliTargets, InterpretNamesATarget) {
  const Json label = run({"interpret", "1", "--json"}).json();
  EXPECT_EQ(label["vocab"], (Json{"blast", "tungro"}));
  EXPECT_EQ(label["confusion"], (Json{{1, 0}, {1, 0}}));
  EXPECT_EQ(run({"interpret", "1", "--target", "label", "--json"}).json(), label);
  const Json variety = run({"interpret", "1", "--target", "variety", "--json"}).json();
  EXPECT_EQ(variety["vocab"], (Json{"ADT45", "IR20"}));
  EXPECT_EQ(variety["confusion"], (Json{{0, 0}, {1, 0}}));
  EXPECT_EQ(run({"interpret", "1", "--tta", "--json"}).json()["confusion"], (Json{{0, 1}, {0, 1}}));
}

TEST_F(CliTargets, InterpretTellsHowFarNumbersAreOff) {
  const Json age = run({"interpret", "1", "--target", "age", "--json"}).json();
  EXPECT_EQ(age["target"], "age");
  EXPECT_EQ(age["images"], 1);
  EXPECT_EQ(age["mae"], 4.0);
  EXPECT_EQ(age["rmse"], 4.0);
  ASSERT_EQ(age["farthest_off"].size(), 1u);
  EXPECT_EQ(age["farthest_off"][0]["image_id"], "2.jpg");
  EXPECT_EQ(age["farthest_off"][0]["actual"], 44);
  EXPECT_EQ(age["farthest_off"][0]["predicted"], 40);
  EXPECT_THAT(run({"interpret", "1", "--target", "age"}).out, HasSubstr("t/2.jpg"));
}

TEST_F(CliTargets, SubmissionsTakeTtaWhereItIs) {
  EXPECT_EQ(submitted({}), "image_id,label\n2.jpg,tungro\n1.jpg,tungro\n");
  EXPECT_EQ(submitted({"--no-tta"}), "image_id,label\n2.jpg,blast\n1.jpg,blast\n");
  EXPECT_EQ(submitted({"--no-tta", "--target", "variety"}), "image_id,label\n2.jpg,ADT45\n1.jpg,ADT45\n");
}

TEST_F(CliTargets, ATableOfPredictionsHasNoTargetsToChooseFrom) {
  const std::string table = (folder_ / "w" / "runs" / "1" / "test_preds.csv").string();
  const auto submit = [&](std::vector<std::string> further) {
    further.insert(further.begin(), {"submit", "--preds", table, "--sample", (folder_ / "sample.csv").string(), "--out",
                                     (folder_ / "out.csv").string()});
    return run(std::move(further));
  };
  EXPECT_EQ(submit({}).status, 0);
  EXPECT_THAT(submit({"--target", "variety"}).err, HasSubstr("--target requires --run"));
  EXPECT_THAT(submit({"--no-tta"}).err, HasSubstr("--no-tta requires --run"));
}

TEST_F(CliTargets, RunsTellWhatTheKeptModelReaches) {
  const Json results = {{"error_rate", 0.25}, {"tta_error_rate", 0.125}};
  EXPECT_EQ(run({"runs", "show", "1", "--json"}).json()["results"], results);
  EXPECT_EQ(run({"runs", "list", "--json"}).json()[0]["results"], results);
  EXPECT_EQ(run({"runs", "list", "--json"}).json()[0]["best"]["monitor"], "f1_macro");
  EXPECT_THAT(run({"runs", "show", "1"}).out, HasSubstr("kept model: error_rate 0.2500, tta_error_rate 0.1250"));
  EXPECT_THAT(run({"runs", "list"}).out, HasSubstr("f1_macro 0.7500"));
}

TEST_F(CliTargets, WhatARunHasNotLearntIsSaid) {
  const Answer wrong = run({"interpret", "1", "--target", "varieti"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("has not learnt 'varieti'; did you mean 'variety'?"));
  EXPECT_THAT(run({"interpret", "1", "--target", "variety", "--tta"}).err,
              HasSubstr("has no predictions on its valid images with test-time augmentation"));
  EXPECT_THAT(submitted({"--no-tta", "--target", "age"}),
              HasSubstr("'age' is a number; a submission holds classes"));
}

}  // namespace
}  // namespace panicle
