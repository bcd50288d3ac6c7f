// predict, ensemble, interpret --self-check and --report: what is done with predictions.
#include <gmock/gmock.h>

#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/eval/predictions.h"
#include "core/runs/execute.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Answer;
using testing::TempFolder;

// Two runs that were never trained, with predictions of three validation and two test photos.
class CliEnsemble : public ::testing::Test {
 protected:
  CliEnsemble() {
    RunStore store(folder_ / "w");
    keep(store, {"v1", "v2", "v3"}, {0.75f, 0.25f, 0.75f, 0.25f, 0.25f, 0.75f}, {0.5f, 0.5f, 1, 0});
    keep(store, {"v1", "v3", "v9"}, {0.25f, 0.75f, 0, 1, 0, 1}, {0, 1, 0.25f, 0.75f});
    // Of another program: other rows, other columns.
    writeAtomically(folder_ / "vit.csv", "image_id,tungro,blast\nt2,0.5,0.5\nt1,0,1\nv3,0.5,0.5\nv1,0,1\n");
  }

  void keep(RunStore& store, const std::vector<std::string>& ids, std::vector<float> valid, std::vector<float> test) {
    const std::string run = store.create(RunSpec{}, Json::object());
    store.record(run, RunEnded{.run = run});
    const Vocab vocab{"blast", "tungro"};
    writePredictions(store.folder(run), "valid",
                     {.vocab = vocab, .ids = ids, .paths = ids, .probabilities = std::move(valid), .targets = {0, 1, 1}, .losses = {0, 0, 0}});
    writePredictions(store.folder(run), "test",
                     {.vocab = vocab, .ids = {"t1", "t2"}, .paths = {"t1", "t2"}, .probabilities = std::move(test), .targets = {-1, -1}, .losses = {0, 0}});
  }

  Answer run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", (folder_ / "w").string()});
    return testing::run(folder_.path(), arguments);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TempFolder folder_;
};

TEST_F(CliEnsemble, MeansOfRunsAndFilesByIdAndClass) {
  const Answer answer = run({"ensemble", "1", "2", path("vit.csv") + ":2", "--out", path("e.csv"), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  // t1: (0.5 + 0 + 2 * 1) / 4, t2: (1 + 0.25 + 2 * 0.5) / 4
  EXPECT_EQ(readText(folder_ / "e.csv"), "image_id,blast,tungro\nt1,0.625,0.375\nt2,0.5625,0.4375\n");
  const Json json = answer.json();
  EXPECT_EQ(json["split"], "test");
  EXPECT_EQ(json["members"][2]["name"], "vit.csv");
  EXPECT_EQ(json["members"][2]["share"], 0.5);
  EXPECT_EQ(json["validation_images"], 2) << "v1 and v3; the runs tell their labels";
  EXPECT_EQ(json["error_rate"], 0.0);
  EXPECT_EQ(json["disagreement"][0][1], 0.5);
  const Json provenance = readJson(folder_ / "e.provenance.json");
  EXPECT_EQ(provenance["made_from"]["kind"], "ensemble");
  EXPECT_EQ(provenance["made_from"]["members"][1]["run"], "2");
  EXPECT_EQ(provenance["made_from"]["members"][2]["weight"], 2.0);
}

TEST_F(CliEnsemble, GreedySelectionWarns) {
  const Answer answer = run({"ensemble", "1", "2", "--greedy", "--rounds", "4"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("warning: The weights were fitted to the 2 validation images"), HasSubstr("run 1"), HasSubstr("worth")));
  const Json json = run({"ensemble", "1", "2", "--greedy", "--json"}).json();
  EXPECT_EQ(json["greedy"]["best_member"], "run 1");
  EXPECT_EQ(json["greedy"]["error_rate"], 0.0);
}

TEST_F(CliEnsemble, WithoutSharedValidationItStillCombinesTheTestPhotos) {
  writeAtomically(folder_ / "test.csv", "image_id,blast,tungro\nt1,1,0\nt2,0,1\n");
  const Answer answer = run({"ensemble", "1", path("test.csv"), "--out", path("e.csv")});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("not judged: test.csv have no predictions of validation photos"));
  EXPECT_EQ(readText(folder_ / "e.csv"), "image_id,blast,tungro\nt1,0.75,0.25\nt2,0.5,0.5\n");
  EXPECT_THAT(run({"ensemble", "1", path("test.csv"), "--greedy"}).err, HasSubstr("members cannot be selected"));
}

TEST_F(CliEnsemble, OtherClassesAreRefused) {
  writeAtomically(folder_ / "other.csv", "image_id,blast,hispa\nt1,1,0\n");
  const Answer answer = run({"ensemble", "1", path("other.csv"), "--out", path("e.csv")});
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("only run 1 has 'tungro'"), HasSubstr("only other.csv has 'hispa'")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "e.csv"));
  EXPECT_THAT(run({"ensemble", "1", "77"}).err, HasSubstr("77"));
}

TEST_F(CliEnsemble, InterpretTellsCalibrationAndDoubt) {
  const Json json = run({"interpret", "1", "--json"}).json();
  EXPECT_EQ(json["images"], 3);
  EXPECT_EQ(json["confident_mistakes"][0]["image_id"], "v2");
  EXPECT_NEAR(json["calibration"]["confidence"].get<double>(), 0.75, 1e-6);
  EXPECT_EQ(json["per_class"][0]["average_precision"], 0.5) << "v1 and v2 are equally blast, and one of them is";
  EXPECT_EQ(json["self_check"], nullptr);
  EXPECT_THAT(run({"interpret", "1", "--split", "train"}).err, HasSubstr("panicle-cli predict --run 1 --split train"));
}

TEST_F(CliEnsemble, SubmissionsAreCheckedAgainstTheLabelsThereAre) {
  writeAtomically(folder_ / "sample.csv", "image_id,label\r\nt2,\r\nt1,\r\n");
  writeAtomically(folder_ / "train.csv", "image_id,label\n1,blast\n2,tungro_\n");
  const Answer refused = run({"submit", "--run", "2", "--sample", path("sample.csv"), "--out", path("s.csv")});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("'tungro', the label of"), HasSubstr("did you mean 'tungro_'?")));
  writeAtomically(folder_ / "train.csv", "image_id,label\n1,blast\n2,tungro\n");
  ASSERT_EQ(run({"submit", "--run", "2", "--sample", path("sample.csv"), "--out", path("s.csv")}).status, 0);
  EXPECT_EQ(readText(folder_ / "s.csv"), "image_id,label\r\nt2,tungro\r\nt1,tungro\r\n");
  EXPECT_EQ(readJson(folder_ / "s.provenance.json")["made_from"]["run"], "2");
  EXPECT_EQ(run({"submit", "--check", path("s.csv"), "--sample", path("sample.csv")}).status, 0);
  writeAtomically(folder_ / "s.csv", "image_id,label\nt2,tungro\nt1,nan\n");
  EXPECT_THAT(run({"submit", "--check", path("s.csv"), "--sample", path("sample.csv")}).err, HasSubstr("'t1'"));
}

// A run of an epoch on sample photos.
class CliPredict : public ::testing::Test {
 protected:
  CliPredict() {
    writeSampleData(folder_ / "data", {.per_class = 5, .size = {64, 64}});
    RunSpec spec;
    spec.data.root = path("data");
    spec.model.weights = "none";
    spec.batch.size = 8;
    spec.stages[0].resize.size = {64, 64};
    spec.stages[0].schedule.epochs = 1;
    RunStore store(folder_ / "w");
    TrainControl control;
    execute(store, spec, control, {});
  }

  Answer run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", (folder_ / "w").string()});
    return testing::run(folder_.path(), arguments);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TempFolder folder_;
};

TEST_F(CliPredict, AFolderByARunAndByItsWeightFile) {
  const Answer byRun = run({"predict", "--run", "1", path("data/test_images"), "--out", path("run.csv"), "--json"});
  ASSERT_EQ(byRun.status, 0) << byRun.err;
  EXPECT_EQ(byRun.json()["images"], 10);
  const Answer byFile = run({"predict", "--weights", path("w/runs/1/model.safetensors"), "--resize", "squish:64", path("data/test_images"), "--out", path("file.csv")});
  ASSERT_EQ(byFile.status, 0) << byFile.err;
  const Predictions a = readPredictionTable(folder_ / "run.csv"), b = readPredictionTable(folder_ / "file.csv");
  EXPECT_EQ(a.ids, b.ids);
  for (std::size_t i = 0; i < a.probabilities.size(); ++i) EXPECT_NEAR(a.probabilities[i], b.probabilities[i], 1e-4);
  EXPECT_EQ(readJson(folder_ / "file.provenance.json")["made_from"]["arch"], "resnet18");
  EXPECT_EQ(run({"predict", "--run", "1", path("data/test_images"), "--tta", "2", "--out", path("tta.csv")}).status, 0);
  EXPECT_NE(readPredictionTable(folder_ / "tta.csv").probabilities, a.probabilities);
}

TEST_F(CliPredict, ASplitIsKeptWithTheRun) {
  EXPECT_EQ(run({"interpret", "1", "--split", "train", "--json"}).status, 1);
  const Answer made = run({"predict", "--run", "1", "--split", "train", "--json"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.json()["images"], 40);
  EXPECT_EQ(run({"interpret", "1", "--split", "train", "--json"}).json()["images"], 40);
  EXPECT_EQ(run({"predict", "--run", "1"}).status, 2) << "photos of what?";
  EXPECT_EQ(run({"predict", "--run", "1", path("data"), "--split", "test"}).status, 2);
  EXPECT_EQ(run({"predict", "--weights", path("w/runs/1/model.safetensors"), "--split", "test"}).status, 2);
}

TEST_F(CliPredict, TheRunIsCheckedAgainstItsLog) {
  EXPECT_THAT(run({"runs", "show", "1"}).out, HasSubstr("self-check passed: the kept predictions of 10 validation photos"));
  EXPECT_TRUE(run({"runs", "show", "1", "--json"}).json()["self_check"]["agrees"].get<bool>());
  const Answer answer = run({"interpret", "1", "--self-check"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("self-check passed"), HasSubstr("with the weights from their file"), HasSubstr("0 of 10 photos are now of another class")));
  EXPECT_EQ(run({"interpret", "1", "--json"}).json()["self_check"]["of"], "weights");
}

TEST_F(CliPredict, AReportStandsAlone) {
  ASSERT_EQ(run({"interpret", "1", "--report", path("r.html")}).status, 0);
  const std::string html = readText(folder_ / "r.html");
  EXPECT_THAT(html, AllOf(HasSubstr("Run 1"), HasSubstr("data:image/jpeg;base64,"), HasSubstr("Confusion matrix"), HasSubstr("Self-check"), HasSubstr("&quot;seed&quot;: 42")));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("http://")), Not(HasSubstr("https://"))));
}

}  // namespace
}  // namespace panicle
