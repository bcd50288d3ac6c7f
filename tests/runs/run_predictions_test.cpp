// Predictions of a run that are made after it, and the check of a run against itself.
#include "core/runs/run_predictions.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/eval/tta_views.h"
#include "core/loader/loader.h"
#include "core/runs/execute.h"
#include "core/runs/run_looks.h"
#include "core/runs/self_check.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message;
using testing::TempFolder;

class RunPredictions : public ::testing::Test {
 protected:
  RunPredictions() {
    writeSampleData(folder_ / "data", {.per_class = 5, .size = {64, 64}});
    spec_.data.root = (folder_ / "data").string();
    spec_.model.weights = "none";
    spec_.batch.size = 8;
    spec_.stages[0].resize.size = {64, 64};
    spec_.stages[0].schedule.epochs = 1;
    run_ = trained();
  }

  std::string trained() {
    TrainControl control;
    const RunOutcome outcome = execute(store_, spec_, control, {});
    EXPECT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
    return outcome.run;
  }

  Predictions ensured(const WhichPredictions& which, bool again = false) {
    const PredictionPlace place = ensurePredictions(store_, which, observer_, std::nullopt, again);
    return readPredictions(place.folder, place.stem);
  }

  TempFolder folder_;
  RunSpec spec_;
  RunStore store_{folder_ / "w"};
  std::string run_;
  std::vector<std::string> phases_, warnings_;
  PredictionObserver observer_{.phase = [this](const std::string& what) { phases_.push_back(what); },
                               .warning = [this](const std::string& what) { warnings_.push_back(what); },
                               .progress = {}};
};

TEST_F(RunPredictions, TestTimeAugmentationAfterwardsIsThatOfTheRunItself) {
  spec_.tta = TtaOptions{.n = 2};
  const std::string with = trained();
  EXPECT_FALSE(findPredictions(store_, {.run = run_, .tta = true}));
  const PredictionPlace place = ensurePredictions(store_, {.run = run_, .tta = true}, observer_, TtaOptions{.n = 2});
  EXPECT_EQ(readPredictions(place.folder, place.stem).probabilities, readPredictions(store_.folder(with), "valid_tta").probabilities);
  EXPECT_EQ(readViews(place.folder, place.stem).probabilities, readViews(store_.folder(with), "valid_tta").probabilities);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(RunPredictions, AreMadeOnceAndAnewWhenTheModelIsAnother) {
  const WhichPredictions train{.run = run_, .set = PhotoSet::Train};
  const Predictions first = ensured(train);
  phases_.clear();
  ensured(train);
  ensured({.run = run_});
  EXPECT_THAT(phases_, IsEmpty()) << "nothing is computed for a look at what is there";
  const auto model = store_.folder(run_) / "model.safetensors";
  std::filesystem::last_write_time(model, std::filesystem::last_write_time(model) + std::chrono::seconds(5));
  EXPECT_FALSE(findPredictions(store_, train));
  EXPECT_EQ(ensured(train).probabilities, first.probabilities);
  EXPECT_THAT(phases_, Contains(HasSubstr("training images")));
}

TEST_F(RunPredictions, TheSetsShareNoPhoto) {
  const Predictions train = ensured({.run = run_, .set = PhotoSet::Train}), valid = ensured({.run = run_});
  std::set<std::string> ids(train.ids.begin(), train.ids.end());
  EXPECT_EQ(ids.size(), 40u);
  ids.insert(valid.ids.begin(), valid.ids.end());
  EXPECT_EQ(ids.size(), 50u);
}

TEST_F(RunPredictions, TheRunChecksItselfAndSoDoItsWeights) {
  const auto kept = readSelfCheck(store_.folder(run_));
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->agrees()) << kept->words();
  EXPECT_EQ(kept->images, 10u);
  EXPECT_THAT(kept->words(), AllOf(HasSubstr("10 validation photos"), HasSubstr("error_rate"), HasSubstr("valid_loss")));
  const SelfCheck weights = selfCheckOfWeights(store_, run_, observer_);
  EXPECT_TRUE(weights.agrees()) << weights.words();
  EXPECT_EQ(weights.changed_classes, 0u);
  EXPECT_LT(weights.largest_change, 1e-5);
  writeSelfCheck(store_.folder(run_), weights);
  EXPECT_EQ(readSelfCheck(store_.folder(run_))->words(), weights.words());
}

TEST_F(RunPredictions, AWrongMetricIsFound) {
  const auto logged = store_.get(run_).results;
  Predictions valid = readPredictions(store_.folder(run_), "valid");
  const auto predicted = static_cast<std::size_t>(valid.predicted(0)), other = (predicted + 1) % valid.vocab.size();
  valid.targets[0] = valid.targets[0] == static_cast<int>(predicted) ? static_cast<int>(other) : static_cast<int>(predicted);
  writePredictions(store_.folder(run_), "valid", valid);
  const auto check = selfCheckOfKept(store_.folder(run_), spec_, logged);
  ASSERT_TRUE(check);
  EXPECT_FALSE(check->agrees());
  EXPECT_THAT(check->words(), AllOf(HasSubstr("error_rate"), HasSubstr("where training logged")));
}

TEST_F(RunPredictions, AFolderIsPredictedAsTheTestPhotosWere) {
  const Predictions test = readPredictions(store_.folder(run_), "test");
  ASSERT_GT(test.size(), 0u);
  std::map<std::string, std::vector<float>> rows;
  for (std::size_t i = 0; i < test.size(); ++i) rows[std::filesystem::path(test.paths[i]).filename()] = {test.row(i).begin(), test.row(i).end()};
  const auto expectThose = [&](const SavedNetwork& network) {
    const Predictions made = predictFolder(network, folder_ / "data/test_images", std::nullopt, observer_).ofClasses(0);
    EXPECT_EQ(made.vocab, test.vocab);
    ASSERT_EQ(made.size(), test.size());
    for (std::size_t i = 0; i < made.size(); ++i) EXPECT_EQ(std::vector<float>(made.row(i).begin(), made.row(i).end()), rows.at(made.ids[i])) << made.ids[i];
  };
  expectThose(networkOf(store_, run_));
  SavedNetwork file = networkOf({.arch = "", .weights = store_.folder(run_) / "model.safetensors", .vocab = {}, .head = {}, .stage = spec_.stages[0]});
  EXPECT_EQ(file.architecture(), "resnet18");
  EXPECT_EQ(file.spec.model.normalize, NormalizeInput::Off) << "the file says how it was trained";
  file.spec.batch = spec_.batch;
  expectThose(file);
  const FolderPredictions tta = predictFolder(file, folder_ / "data/test_images", TtaOptions{.n = 1}, observer_);
  EXPECT_NE(tta.ofClasses(0).probabilities, test.probabilities);
}

TEST_F(RunPredictions, WeightFilesThatDoNotFitAreRefused) {
  const auto file = store_.folder(run_) / "model.safetensors";
  EXPECT_THAT(message([&] { networkOf({.arch = "", .weights = file, .vocab = {"a", "b"}, .head = {}, .stage = {}}); }), AllOf(HasSubstr("10 classes"), HasSubstr("vocab has 2")));
  const SavedNetwork other = networkOf({.arch = "", .weights = file, .vocab = {}, .head = HeadKind::Timm, .stage = spec_.stages[0]});
  EXPECT_THAT(message([&] { predictFolder(other, folder_ / "data/test_images", std::nullopt, observer_); }), HasSubstr("timm head"));
  EXPECT_THAT(message([&] { networkOf(store_, run_, RunModel::Last); }), HasSubstr("has no checkpoint beside the model that it kept"));
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THAT(message([&] { predictFolder(networkOf(store_, run_), folder_ / "empty", std::nullopt, observer_); }), HasSubstr("holds no image"));
}

// The loader deals batches to the network; a single look at a photo must be that one of its batch.
TEST_F(RunPredictions, ALookIsWhatTheLoaderGaveTheNetwork) {
  const RunLooks looks(store_, run_, PhotoSet::Test);
  const Dataset dataset = loadDataset(spec_.data);
  auto samples = std::make_shared<std::vector<Sample>>();
  FilePaths paths;
  std::vector<std::uint32_t> items;
  for (std::uint32_t i = 0; i < dataset.test.size(); ++i) {
    samples->push_back({paths(dataset.file(dataset.test[i])), -1});
    items.push_back(i);
  }
  const RunSpec spec = store_.get(run_).spec;
  Loader loader(samples, makePipeline(spec, spec.stages[0]));
  for (const int view : {0, 1, 2}) {
    loader.begin({items, spec.batch.size, false, view == 0 ? Mode::Valid : Mode::Train, view == 0 ? 0 : ttaEpoch(view - 1)});
    Batch batch;
    while (loader.next(batch)) {
      for (int k = 0; k < batch.count; ++k) {
        const Image image = looks.look(dataset.test[batch.items[static_cast<std::size_t>(k)]].id, view);
        ASSERT_EQ(image.pixels.size(), 64u * 64 * 3);
        const float* pixels = batch.pixels.data() + static_cast<std::size_t>(k) * image.pixels.size();
        for (std::size_t p = 0; p < image.pixels.size(); ++p) ASSERT_NEAR(image.pixels[p] / 255.0f, pixels[p], 0.51f / 255) << "view " << view;
      }
    }
  }
  EXPECT_NE(looks.look(dataset.test[0].id, 0).pixels, looks.look(dataset.test[0].id, 1).pixels);
  EXPECT_THAT(message([&] { looks.look("nobody.jpg", 0); }), HasSubstr("'nobody.jpg' is not among the run's test images"));
}

// The split of another list would put photos that the network has learnt among those that judge it.
TEST_F(RunPredictions, AChangedDataSetIsNotSplitAnew) {
  const Predictions before = readPredictions(store_.folder(run_), "valid");
  std::filesystem::path photo;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "data/train_images")) {
    if (entry.is_regular_file()) photo = entry.path();
  }
  std::filesystem::copy_file(photo, photo.parent_path() / "000000.jpg");
  const std::string table = readText(folder_ / "data/train.csv");
  const std::size_t columns = static_cast<std::size_t>(std::count(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(table.find('\n')), ',')) - 1;
  writeAtomically(folder_ / "data/train.csv", table + "000000.jpg," + photo.parent_path().filename().string() + std::string(columns, ',') + "\n");
  EXPECT_THAT(message([&] { ensured({.run = run_, .set = PhotoSet::Train}); }), HasSubstr("has changed since run"));
  const Predictions after = ensured({.run = run_}, true);
  EXPECT_EQ(std::set<std::string>(before.paths.begin(), before.paths.end()).size(), 10u);
  EXPECT_THAT(warnings_, Contains(HasSubstr("has changed since run " + run_)));
  for (const std::string& path : after.paths) EXPECT_THAT(before.paths, Contains(path));
}

TEST_F(RunPredictions, TheLastCheckpointOfARunThatWasStopped) {
  spec_.stages[0].schedule.epochs = 3;
  TrainControl control;
  const RunOutcome outcome = execute(store_, spec_, control, [&](const TrainEvent& event) {
    if (std::holds_alternative<EpochEnded>(event)) control.stopAfterEpoch();
  });
  ASSERT_EQ(outcome.status, RunStatus::Stopped);
  const Predictions last = ensured({.run = outcome.run, .model = RunModel::Last});
  const Predictions kept = readPredictions(store_.folder(outcome.run), "valid");
  ASSERT_EQ(last.ids, kept.ids);
  for (std::size_t i = 0; i < last.probabilities.size(); ++i) EXPECT_NEAR(last.probabilities[i], kept.probabilities[i], 1e-5);
  EXPECT_TRUE(hasPredictions(store_.folder(outcome.run) / "predictions/last", "valid"));
}

TEST_F(RunPredictions, WhatWasMadeOnDemandIsForgottenWhenTheRunGoesOn) {
  spec_.stages[0].schedule.epochs = 2;
  TrainControl control;
  const RunOutcome stopped = execute(store_, spec_, control, [&](const TrainEvent& event) {
    if (std::holds_alternative<EpochEnded>(event)) control.stopAfterEpoch();
  });
  ensured({.run = stopped.run, .set = PhotoSet::Train, .tta = true});
  ensured({.run = stopped.run, .model = RunModel::Last});
  const auto folder = store_.folder(stopped.run);
  ASSERT_TRUE(hasPredictions(folder, "train") && hasPredictions(folder, "train_tta"));
  TrainControl again;
  ASSERT_EQ(resume(store_, stopped.run, again, {}).status, RunStatus::Finished);
  for (const char* stem : {"train", "train_tta"}) EXPECT_FALSE(hasPredictions(folder, stem)) << stem;
  EXPECT_FALSE(std::filesystem::exists(folder / "predictions"));
  EXPECT_TRUE(hasPredictions(folder, "valid"));
}

TEST(Vocabularies, AreReadFromListsLinesAndTables) {
  const TempFolder folder;
  writeAtomically(folder / "v.json", "[\"b\", \"a\"]");
  writeAtomically(folder / "v.txt", "b\r\na\n\n");
  writeAtomically(folder / "v.csv", "image_id,label\n1,b\n2,a\n3,b\n");
  EXPECT_EQ(readVocab(folder / "v.json"), (Vocab{"b", "a"}));
  EXPECT_EQ(readVocab(folder / "v.txt"), (Vocab{"b", "a"}));
  EXPECT_EQ(readVocab(folder / "v.csv"), (Vocab{"a", "b"}));
  writeAtomically(folder / "v.txt", "a\na\n");
  EXPECT_THAT(message([&] { readVocab(folder / "v.txt"); }), HasSubstr("more than once"));
  writeAtomically(folder / "v.json", "{}");
  EXPECT_THAT(message([&] { readVocab(folder / "v.json"); }), HasSubstr("v.json"));
}

}  // namespace
}  // namespace panicle
