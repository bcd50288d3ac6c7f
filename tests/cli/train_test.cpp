// From the sample data to a submission, through the program alone.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "core/base/file.h"
#include "core/eval/interpretation.h"
#include "core/runs/run_store.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::Answer;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::Program;
using testing::TempFolder;

// One sample data set for all tests here.
class CliTrain : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::filesystem::temp_directory_path() / ("panicle-cli-sample-" + std::to_string(::getpid()));
    std::filesystem::create_directories(shared_);
    const Answer answer =
        testing::run(shared_, {"sample", sample(), "--per-class", "6", "--seed", "3", "--json"});
    ASSERT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(answer.json()["images"], 60);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(shared_); }

  static std::string sample() { return (shared_ / "sample").string(); }
  Answer run(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return testing::run(folder_.path(), arguments, input);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  // While another program runs, whose output is in folder_.
  Answer runBeside(const std::vector<std::string>& arguments, const std::string& input = "") const {
    std::filesystem::create_directories(folder_ / "beside");
    return testing::run(folder_ / "beside", arguments, input);
  }

  // A quick run: tiny images, few epochs.
  Json quickSpec(int epochs) const {
    return {{"data", {{"root", sample()}}},
            {"batch", {{"size", 8}}},
            {"stages", {{{"resize", {{"size", {32, 32}}}}, {"schedule", {{"epochs", epochs}}}}}}};
  }

  static std::filesystem::path shared_;
  TempFolder folder_;
};

std::filesystem::path CliTrain::shared_;

TEST_F(CliTrain, CensusCountsTheSample) {
  const Answer answer = run({"census", sample(), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json census = answer.json();
  EXPECT_EQ(census["images"], 60);
  EXPECT_EQ(census["classes"].size(), 10u);
  EXPECT_EQ(census["classes"]["normal"], 6);
  EXPECT_EQ(census["sizes"]["640x480"], census["images"].get<int>() + census["test_images"].get<int>());
  EXPECT_TRUE(census["bad"].empty());
  EXPECT_THAT(run({"census", sample()}).out,
              AllOf(HasSubstr("normal"), HasSubstr("640x480"), HasSubstr("0 bad files")));
}

TEST_F(CliTrain, SplitIsAPartitionThatDependsOnTheSeed) {
  const auto split = [&](const std::string& seed) {
    const Answer answer = run({"split", sample(), "--valid-pct", "0.25", "--seed", seed, "--json"});
    EXPECT_EQ(answer.status, 0) << answer.err;
    return answer.json();
  };
  const Json first = split("42");
  EXPECT_EQ(first["valid"].size(), 15u);
  EXPECT_EQ(first["vocab"].size(), 10u);
  std::set<std::string> all;
  for (const char* part : {"train", "valid"}) {
    for (const Json& file : first[part]) {
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(sample()) / file.get<std::string>())) << file;
      all.insert(file.get<std::string>());
    }
  }
  EXPECT_EQ(all.size(), 60u);
  EXPECT_EQ(first, split("42"));
  EXPECT_NE(first["valid"], split("43")["valid"]);
}

TEST_F(CliTrain, ThePresizeCacheChangesNoResultAndCanBeCleared) {
  const auto train = [&](const std::string& mode, const std::string& method) {
    Json spec = quickSpec(2);
    spec["cache"] = {{"mode", mode}};
    spec["stages"][0]["resize"]["method"] = method;
    const Answer answer = run({"train", "-", "--workspace", path("w"), "--json"}, spec.dump());
    EXPECT_EQ(answer.status, 0) << answer.err;
    Json epochs = Json::array();
    for (Json line : answer.jsonLines()) {
      line.erase("seconds");
      if (line["event"] == "epoch") epochs.push_back(line);
    }
    return epochs;
  };
  const auto cached = [&] { return run({"cache", "--workspace", path("w"), "--json"}).json(); };
  for (const std::string method : {"squish", "crop"}) {
    const Json decoded = train("off", method);
    ASSERT_EQ(decoded.size(), 2u);
    EXPECT_EQ(cached()["bytes"], 0);
    EXPECT_EQ(train("on", method), decoded) << method;
    EXPECT_EQ(train("on", method), decoded) << method << ", all of it from the cache";
    const Json full = cached();
    std::uint64_t photos = 0;
    for (const Json& pack : full["packs"]) photos += pack["photos"].get<std::uint64_t>();
    // Photos of 640 x 480 are too large to be kept whole for 32 x 32: those of crop that train are decoded.
    EXPECT_EQ(photos, method == "squish" ? 60u : 12u);
    const Answer cleared = run({"cache", "--clear", "--workspace", path("w"), "--json"});
    EXPECT_EQ(cleared.json()["cleared_bytes"], full["bytes"]);
  }
  EXPECT_EQ(cached()["packs"], Json::array());
}

TEST_F(CliTrain, FromSpecToSubmission) {
  const Answer trained = run({"train", "-", "--workspace", path("w"), "--json"}, quickSpec(2).dump());
  ASSERT_EQ(trained.status, 0) << trained.err;
  const auto lines = trained.jsonLines();
  ASSERT_EQ(lines.size(), 4u) << trained.out;
  EXPECT_EQ(lines[0]["event"], "started");
  EXPECT_EQ(lines[0]["run"], "1");
  EXPECT_EQ(lines[1]["event"], "epoch");
  EXPECT_EQ(lines[2]["epoch"], 1);
  EXPECT_TRUE(lines[2]["metrics"]["error_rate"].is_number());
  EXPECT_EQ(lines[3]["event"], "finished");
  EXPECT_EQ(lines[3]["status"], "finished");

  const Json listed = run({"runs", "list", "--workspace", path("w"), "--json"}).json();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0]["status"], "finished");

  const Json shown = run({"runs", "show", "1", "--workspace", path("w"), "--json"}).json();
  EXPECT_EQ(shown["run"], "1");
  EXPECT_EQ(shown["spec"]["data"]["root"], sample());
  ASSERT_EQ(shown["epochs"].size(), 2u);
  EXPECT_EQ(shown["epochs"][1]["valid_loss"], lines[2]["valid_loss"]);
  EXPECT_GT(shown["peak_bytes"]["measured"].get<std::uint64_t>(), 11'000'000u * 4)
      << "less than resnet18's weights";
  EXPECT_TRUE(shown["peak_bytes"].contains("predicted"));
  EXPECT_TRUE(shown["environment"].contains("torch"));

  // The stored predictions say what the epoch table said.
  const Predictions valid = readPredictions(folder_ / "w/runs/1", "valid");
  const ConfusionMatrix matrix = confusionMatrix(valid);
  const Json interpreted = run({"interpret", "1", "--workspace", path("w"), "--json"}).json();
  std::uint32_t right = 0;
  for (std::size_t c = 0; c < 10; ++c) right += interpreted["confusion"][c][c].get<std::uint32_t>();
  EXPECT_EQ(valid.size(), 12u);
  EXPECT_NEAR(1.0 - right / 12.0, lines[2]["metrics"]["error_rate"].get<double>(), 1e-6);
  EXPECT_EQ(interpreted["top_losses"].size(), 12u);
  EXPECT_GE(interpreted["top_losses"][0]["loss"], interpreted["top_losses"][1]["loss"]);
  EXPECT_EQ(interpreted["per_class"].size(), 10u);
  EXPECT_THAT(run({"interpret", "1", "--workspace", path("w")}).out, HasSubstr("precision"));

  const std::string sampleSubmission = sample() + "/sample_submission.csv";
  const Answer submitted = run({"submit", "--run", "1", "--workspace", path("w"), "--sample",
                                sampleSubmission, "--out", path("subm.csv")});
  ASSERT_EQ(submitted.status, 0) << submitted.err;
  const std::string submission = readText(path("subm.csv"));
  const std::string asked = readText(sampleSubmission);
  EXPECT_EQ(std::count(submission.begin(), submission.end(), '\n'),
            std::count(asked.begin(), asked.end(), '\n'));
}

TEST_F(CliTrain, FineTunePrintsATableForEachPhase) {
  writeAtomically(path("spec.json"), quickSpec(1).dump());
  const Answer answer = run(
      {"train", path("spec.json"), "--workspace", path("w"), "--set", "stages.0.schedule.kind=fine_tune"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const std::string number = "-?[0-9]+\\.[0-9][0-9][0-9][0-9][0-9][0-9] +";
  const std::string header = "epoch     train_loss  valid_loss  error_rate  accuracy  time\n";
  const std::string row = "         " + number + number + number + number + "[0-9]+:[0-9][0-9]\n";
  const std::string tables = header + "1" + row + header + "2" + row;
  EXPECT_THAT(answer.out, MatchesRegex(tables + "\nrun 1 finished(.|\n)*"));
  EXPECT_THAT(answer.out, HasSubstr(path("w/runs/1")));
  EXPECT_THAT(run({"runs", "show", "1", "--workspace", path("w")}).out,
              ::testing::ContainsRegex(tables));
}

TEST_F(CliTrain, CtrlCKeepsTheRunAsStopped) {
  Program program(folder_.path(), {"train", "-", "--workspace", path("w"), "--json"},
                  quickSpec(10000).dump());
  ASSERT_TRUE(program.waitForOutput("\"epoch\"")) << program.wait().err;
  program.signal(SIGINT);
  const Answer answer = program.wait();
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("stopping after this batch"), HasSubstr("run 1 was stopped"), HasSubstr("panicle-cli resume 1")));
  const RunStore store(folder_ / "w");
  const RunRecord record = store.get("1");
  EXPECT_EQ(record.status, RunStatus::Stopped);
  EXPECT_FALSE(record.epochs.empty());
  EXPECT_TRUE(std::filesystem::exists(store.folder("1") / "model.safetensors"));
  EXPECT_EQ(record.results.at("error_rate"), readPredictions(store.folder("1"), "valid").errorRate());
  EXPECT_GT(readPredictions(store.folder("1"), "test").size(), 0u);
}

TEST_F(CliTrain, ASignalGivesTheDeviceBackAndAnotherGoesOn) {
  const std::string spec = quickSpec(6).dump();
  ASSERT_EQ(run({"train", "-", "--workspace", path("w")}, spec).status, 0);
  Program program(folder_.path(), {"train", "-", "--workspace", path("w"), "--json"}, spec);
  ASSERT_TRUE(program.waitForOutput("\"started\"")) << program.wait().err;
  program.signal(SIGUSR1);
  ASSERT_TRUE(program.waitForError("paused; the device is free")) << program.wait().err;
  EXPECT_EQ(runBeside({"runs", "show", "2", "--workspace", path("w"), "--json"}).json()["status"], "running");
  program.signal(SIGUSR2);
  const Answer answer = program.wait();
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(readText(path("w/runs/1/model.safetensors")) == readText(path("w/runs/2/model.safetensors")));
  EXPECT_EQ(RunStore(folder_ / "w").get("2").epochs.size(), 6u);
}

// On one workspace: each has runs of its own, and leaves alone what the other one runs.
TEST_F(CliTrain, TwoProgramsOnAWorkspaceDoNotHarmEachOther) {
  Program program(folder_.path(), {"train", "-", "--workspace", path("w"), "--json"}, quickSpec(10000).dump());
  ASSERT_TRUE(program.waitForOutput("\"epoch\"")) << program.wait().err;
  for (const std::vector<std::string>& act : {std::vector<std::string>{"resume", "1"}, {"runs", "trash", "1"}, {"runs", "export", "1", "--out", path("1.zip")}}) {
    std::vector<std::string> arguments = act;
    arguments.insert(arguments.end(), {"--workspace", path("w")});
    const Answer refused = runBeside(arguments);
    EXPECT_EQ(refused.status, 1) << act[0];
    EXPECT_THAT(refused.err, HasSubstr("run 1 is running")) << act[0];
  }
  const Answer second = runBeside({"train", "-", "--workspace", path("w"), "--json"}, quickSpec(1).dump());
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.jsonLines().front()["run"], "2");
  program.signal(SIGINT);
  program.wait();
  const RunStore store(folder_ / "w");
  EXPECT_EQ(store.get("1").status, RunStatus::Stopped);
  EXPECT_EQ(store.get("2").status, RunStatus::Finished);
  const RunRecord first = store.get("1");
  const auto steps = store.steps("1");
  EXPECT_GE(steps.size(), first.epochs.size());
  for (std::size_t i = 0; i < steps.size(); ++i) ASSERT_EQ(steps[i].step, i + 1);
}

// The shapes that scripts rely on, and where the run was carried out.
TEST_F(CliTrain, ARunSaysWhereItWasCarriedOut) {
  Json spec = quickSpec(1);
  spec["threads"] = 1;
  spec["device"] = "cpu";
  ASSERT_EQ(run({"train", "-", "--workspace", path("w")}, spec.dump()).status, 0);
  const Json shown = run({"runs", "show", "1", "--workspace", path("w"), "--json"}).json();
  for (const char* key : {"run", "status", "spec", "epochs", "best", "peak_bytes", "environment"}) EXPECT_TRUE(shown.contains(key)) << key;
  const Json& environment = shown["environment"];
  for (const char* key : {"panicle", "torch", "opencv", "processor", "blas", "device", "precision", "start"}) {
    EXPECT_FALSE(environment.value(key, "").empty()) << key;
  }
  EXPECT_EQ(environment["threads"], 1);
  EXPECT_GE(environment["cores"].get<int>(), 1);
  EXPECT_EQ(environment["data"]["images"], 70);
  const Json listed = run({"runs", "list", "--workspace", path("w"), "--json"}).json();
  for (const char* key : {"run", "name", "status", "best", "arch", "seed", "epochs", "peak_bytes"}) EXPECT_TRUE(listed[0].contains(key)) << key;
}

TEST_F(CliTrain, EventFilesForTensorBoardWhileItRunsAndLater) {
  const std::vector<std::string> train{"train", "-", "--workspace", path("w")};
  ASSERT_EQ(run(train, quickSpec(1).dump()).status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "w/runs/1/tensorboard")) << "nobody asked for it";
  Json spec = quickSpec(1);
  spec["tensorboard"] = true;
  spec["name"] = "a/b";
  ASSERT_EQ(run(train, spec.dump()).status, 0);
  EXPECT_FALSE(std::filesystem::is_empty(folder_ / "w/runs/2/tensorboard"));
  const Answer written = run({"runs", "tensorboard", "1", "2", "--out", path("tb"), "--workspace", path("w"), "--json"});
  ASSERT_EQ(written.status, 0) << written.err;
  ASSERT_EQ(written.json().size(), 2u);
  EXPECT_THAT(written.json()[1]["file"].get<std::string>(), HasSubstr("/tb/2-a_b/events.out.tfevents."));
  for (const Json& each : written.json()) EXPECT_THAT(readText(each["file"].get<std::string>()), HasSubstr("epoch/error_rate"));
}

TEST_F(CliTrain, DataThatChangedSinceIsTold) {
  std::filesystem::copy(sample(), folder_ / "photos", std::filesystem::copy_options::recursive);
  Json spec = quickSpec(1);
  spec["data"]["root"] = path("photos");
  ASSERT_EQ(run({"train", "-", "--workspace", path("w")}, spec.dump()).status, 0);
  const std::vector<std::string> check{"runs", "check-data", "1", "--workspace", path("w"), "--json"};
  std::vector<std::string> thorough = check;
  thorough.emplace_back("--content");
  EXPECT_EQ(run(check).status, 0);
  EXPECT_EQ(run(thorough).json()["recorded"], true);
  const auto photo = std::filesystem::directory_iterator(folder_ / "photos" / "train_images" / "normal")->path();
  writeAtomically(photo, "another");
  const Answer changed = run(check);
  EXPECT_EQ(changed.status, 1);
  EXPECT_EQ(changed.json()["changed"], true);
  EXPECT_THAT(changed.err, HasSubstr("run 1: photos of the data set have been written"));
  EXPECT_EQ(run(thorough).json()["same_list"], true);
  EXPECT_EQ(run(thorough).status, 1);
}

TEST_F(CliTrain, KilledItShowsAsInterrupted) {
  Program program(folder_.path(), {"train", "-", "--workspace", path("w"), "--json"},
                  quickSpec(10000).dump());
  ASSERT_TRUE(program.waitForOutput("\"epoch\"")) << program.wait().err;
  program.signal(SIGKILL);
  program.wait();
  const Answer answer = run({"runs", "show", "1", "--workspace", path("w"), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.json()["status"], "interrupted");
  EXPECT_FALSE(answer.json()["epochs"].empty());
}

TEST_F(CliTrain, AKilledRunIsResumedToTheSameModel) {
  const std::string spec = quickSpec(4).dump();
  const std::vector<std::string> train{"train", "-", "--workspace", path("w"), "--json"}, resume{"resume", "1", "--workspace", path("w")};
  Program program(folder_.path(), train, spec);
  ASSERT_TRUE(program.waitForOutput("\"epoch\":0")) << program.wait().err;
  program.signal(SIGKILL);
  program.wait();
  const Answer resumed = run({"resume", "1", "--workspace", path("w"), "--json"});
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(resumed.jsonLines().back()["status"], "finished");
  EXPECT_EQ(resumed.jsonLines().back()["run"], "1");
  ASSERT_EQ(run(train, spec).status, 0);
  const RunStore store(folder_ / "w");
  EXPECT_TRUE(readText(store.folder("1") / "model.safetensors") == readText(store.folder("2") / "model.safetensors"));
  EXPECT_EQ(store.get("1").epochs.size(), 4u);
  const Answer again = run(resume);
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("has finished"));
}

TEST_F(CliTrain, AFailedRunKeepsItsReason) {
  std::filesystem::create_directories(folder_ / "empty");
  Json spec = quickSpec(1);
  spec["data"]["root"] = path("empty");
  const Answer answer = run({"train", "-", "--workspace", path("w")}, spec.dump());
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("run 1 failed"));
  EXPECT_EQ(RunStore(folder_ / "w").get("1").status, RunStatus::Failed);
}

}  // namespace
}  // namespace panicle
