// runs, queue and sweep.
#include <gmock/gmock.h>
#include <signal.h>

#include "core/base/file.h"
#include "core/eval/predictions.h"
#include "core/runs/run_store.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::Answer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

// Runs that were made without training.
class CliRuns : public ::testing::Test {
 protected:
  CliRuns() {
    RunStore store(folder_ / "w");
    for (int i = 0; i < 3; ++i) {
      RunSpec spec;
      spec.name = "run of " + std::to_string(i);
      spec.seed = i == 1 ? 43 : 42;
      if (i == 2) spec.model.arch = "vit_small_patch16_224";
      const std::string run = store.create(spec, Json::object());
      EpochEnded epoch;
      epoch.metrics = {{"error_rate", 0.25 * (i + 1)}};
      store.record(run, epoch);
      writePredictions(store.folder(run), "valid", predictions(i));
      RunEnded end;
      end.run = run;
      end.status = i == 2 ? RunStatus::Failed : RunStatus::Finished;
      store.record(run, end);
    }
  }

  // Four images, of which the first `wrong` are taken for another class.
  static Predictions predictions(int wrong) {
    Predictions made;
    made.vocab = {"blast", "normal"};
    for (int i = 0; i < 4; ++i) {
      made.ids.push_back(std::to_string(i) + ".jpg");
      made.paths.push_back("blast/" + made.ids.back());
      made.probabilities.insert(made.probabilities.end(), {i < wrong ? 0.25f : 0.75f, i < wrong ? 0.75f : 0.25f});
      made.targets.push_back(0);
      made.losses.push_back(0);
    }
    return made;
  }

  Answer run(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.end(), {"--workspace", (folder_ / "w").string()});
    return testing::run(folder_.path(), arguments, input);
  }
  std::vector<std::string> listed(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"runs", "list", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<std::string> ids;
    for (const Json& each : run(arguments).json()) ids.push_back(each["run"]);
    return ids;
  }

  TempFolder folder_;
};

using Ids = std::vector<std::string>;

TEST_F(CliRuns, AreFilteredLabelledAndThrownAway) {
  EXPECT_EQ(listed({}), (Ids{"3", "2", "1"}));
  EXPECT_EQ(listed({"--query", "error<0.3"}), Ids{"1"});
  EXPECT_EQ(listed({"--query", "-arch:vit status:finished"}), (Ids{"2", "1"}));
  const Answer wrong = run({"runs", "list", "--query", "vit arhc:x"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("did you mean 'arch'"), HasSubstr("\n  vit arhc:x\n      ^^^^")));

  EXPECT_EQ(run({"runs", "star", "1", "2"}).status, 0);
  EXPECT_EQ(run({"runs", "star", "2", "--off"}).status, 0);
  EXPECT_EQ(run({"runs", "tag", "1", "3", "--add", "mine", "--add", "good one"}).status, 0);
  EXPECT_EQ(run({"runs", "tag", "3", "--remove", "mine"}).status, 0);
  EXPECT_EQ(run({"runs", "rename", "1", "another"}).status, 0);
  EXPECT_EQ(run({"runs", "note", "1", "to be done"}).status, 0);
  EXPECT_EQ(listed({"--query", "starred tag:mine another noted"}), Ids{"1"});
  EXPECT_EQ(listed({"--query", "tag:\"good one\""}), (Ids{"3", "1"}));
  EXPECT_THAT(run({"runs", "show", "1"}).out, AllOf(HasSubstr("'another'"), HasSubstr("note: to be done")));

  EXPECT_EQ(run({"runs", "trash", "1", "2"}).status, 0);
  EXPECT_EQ(listed({}), Ids{"3"});
  EXPECT_EQ(listed({"--trash"}), (Ids{"2", "1"}));
  EXPECT_EQ(run({"runs", "restore", "1"}).status, 0);
  EXPECT_EQ(listed({}), (Ids{"3", "1"}));
  EXPECT_THAT(run({"runs", "purge", "1"}).err, HasSubstr("not in the trash"));
  EXPECT_EQ(run({"runs", "purge", "--all"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "w/runs/2"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "w/runs/1"));
  EXPECT_THAT(run({"runs", "keep", "1"}).err, HasSubstr("not interrupted"));
}

TEST_F(CliRuns, AreCompared) {
  const Json json = run({"runs", "compare", "1", "2", "3", "--json"}).json();
  ASSERT_EQ(json["settings"].size(), 2u);
  EXPECT_EQ(json["settings"][0]["key"], "seed");
  EXPECT_EQ(json["settings"][1]["values"][2], "vit_small_patch16_224");
  EXPECT_EQ(json["repetitions"][0]["runs"], Json::array({"1", "2"}));
  EXPECT_EQ(json["repetitions"][0]["mean"], 0.375);
  ASSERT_EQ(json["paired"].size(), 2u);
  EXPECT_EQ(json["paired"][1]["right_to_wrong"].size(), 2u);
  EXPECT_EQ(json["paired"][1]["right_to_wrong"][0]["actual"], "blast");
  EXPECT_EQ(json["paired"][1]["mcnemar"]["exact"], 0.5);
  const std::string text = run({"runs", "compare", "1", "3"}).out;
  EXPECT_THAT(text, AllOf(HasSubstr("model.arch"), HasSubstr("no difference to be seen"), HasSubstr("2 went from right to wrong")));
  EXPECT_EQ(run({"runs", "compare", "1"}).status, 2);
  EXPECT_EQ(run({"runs", "compare", "1", "9"}).status, 1);
}

TEST_F(CliRuns, GoIntoAFileAndComeBack) {
  const std::string file = (folder_ / "one.zip").string();
  ASSERT_EQ(run({"runs", "export", "1", "--out", file}).status, 0);
  const Answer imported = run({"runs", "import", file, "--json"});
  ASSERT_EQ(imported.status, 0) << imported.err;
  EXPECT_EQ(imported.json()["run"], "4");
  EXPECT_EQ(run({"runs", "compare", "1", "4", "--json"}).json()["paired"][0]["both_right"], 4);
  EXPECT_THAT(run({"runs", "history", "4"}).out, HasSubstr("stage,epoch,phase,train_loss,valid_loss,error_rate"));
  writeAtomically(file, "nonsense");
  EXPECT_THAT(run({"runs", "import", file}).err, HasSubstr("zip"));
}

// Tiny photos, so that training takes no time.
class CliQueue : public CliRuns {
 protected:
  CliQueue() {
    testing::run(folder_.path(), {"sample", (folder_ / "sample").string(), "--per-class", "3", "--json"});
    spec_ = {{"name", "tiny"},
             {"data", {{"root", (folder_ / "sample").string()}}},
             {"device", "cpu"},
             {"batch", {{"size", 8}}},
             {"stages", {{{"resize", {{"size", {32, 32}}}}, {"schedule", {{"epochs", 1}}}}}}};
  }
  Json queue() const { return run({"queue", "list", "--json"}).json()["entries"]; }

  Json spec_;
};

TEST_F(CliQueue, RunsWhatItIsGiven) {
  const Answer added = run({"queue", "add", "-", "--repeat", "2", "--json"}, spec_.dump());
  ASSERT_EQ(added.status, 0) << added.err;
  EXPECT_EQ(added.json()["entries"], Json::array({1, 2}));
  ASSERT_EQ(run({"queue", "add", "-", "--held", "--set", "name=later"}, spec_.dump()).status, 0);
  ASSERT_EQ(run({"queue", "move", "2", "--before", "1"}).status, 0);
  EXPECT_EQ(queue()[0]["entry"], 2);
  EXPECT_EQ(queue()[0]["seed"], 43);
  const Answer worked = run({"queue", "run", "--device", "cpu"});
  EXPECT_EQ(worked.status, 0) << worked.err;
  EXPECT_THAT(worked.out, AllOf(HasSubstr("entry 2: tiny, seed 43"), HasSubstr("2 of 2 finished"), HasSubstr("train_loss")));
  const Json entries = queue();
  EXPECT_EQ(entries[0]["state"], "held");
  EXPECT_EQ(entries[1]["state"], "finished");
  EXPECT_EQ(entries[1]["run"], "5");
  EXPECT_EQ(listed({"--query", "tiny status:finished"}), (Ids{"5", "4"}));
  EXPECT_EQ(run({"queue", "cancel", "3"}).status, 0);
  EXPECT_EQ(run({"queue", "cancel", "3"}).status, 1);
  EXPECT_EQ(run({"queue", "retry", "3"}).status, 0);
  EXPECT_EQ(run({"queue", "remove", "3"}).status, 0);
  EXPECT_EQ(queue().size(), 2u);
}

TEST_F(CliQueue, GoesOnAfterAFailureAndEndsWithACommand) {
  std::filesystem::copy(folder_ / "sample", folder_ / "gone", std::filesystem::copy_options::recursive);
  ASSERT_EQ(run({"queue", "add", "-", "--set", "data.root=" + (folder_ / "gone").string()}, spec_.dump()).status, 0);
  ASSERT_EQ(run({"queue", "add", "-"}, spec_.dump()).status, 0);
  ASSERT_EQ(run({"queue", "add", "-", "--set", "name=patient"}, spec_.dump()).status, 0);
  ASSERT_EQ(run({"queue", "hold", "3"}).status, 0);
  std::filesystem::rename(folder_ / "gone", folder_ / "away");
  const std::string told = (folder_ / "told by the \"command\"").string();
  const std::string command = "echo \"$PANICLE_FINISHED well, $PANICLE_FAILED not\" > '" + told + "'; echo said";
  const Answer worked = run({"queue", "run", "--device", "cpu", "--json", "--when-done", command});
  EXPECT_EQ(worked.status, 1);
  EXPECT_EQ(readText(told), "1 well, 1 not\n");
  EXPECT_THAT(worked.err, HasSubstr("said"));
  EXPECT_EQ(worked.jsonLines().back()["event"], "entry_ended");
  Json entries = queue();
  EXPECT_EQ(entries[0]["state"], "held");
  EXPECT_EQ(entries[1]["state"], "finished");
  EXPECT_EQ(entries[2]["state"], "failed");
  std::filesystem::rename(folder_ / "away", folder_ / "gone");
  ASSERT_EQ(run({"queue", "retry", "1"}).status, 0);
  ASSERT_EQ(run({"queue", "release", "3"}).status, 0);
  EXPECT_EQ(run({"queue", "run", "--device", "cpu"}).status, 0);
  for (const Json& entry : queue()) EXPECT_EQ(entry["state"], "finished");
  const Answer failing = run({"queue", "run", "--device", "cpu", "--when-done", "exit 3"});
  EXPECT_EQ(failing.status, 1);
  EXPECT_THAT(failing.err, HasSubstr("exit 3"));
}

TEST_F(CliQueue, IsWorkedOnByOneProgramAtATime) {
  spec_["stages"][0]["schedule"]["epochs"] = 10000;
  ASSERT_EQ(run({"queue", "add", "-", "--repeat", "2"}, spec_.dump()).status, 0);
  testing::Program program(folder_.path(), {"queue", "run", "--device", "cpu", "--json", "--when-done", "echo done", "--workspace", (folder_ / "w").string()});
  ASSERT_TRUE(program.waitForOutput("\"event\":\"epoch\"")) << program.wait().err;
  std::filesystem::create_directories(folder_ / "beside");
  const Answer second = testing::run(folder_ / "beside", {"queue", "run", "--device", "cpu", "--workspace", (folder_ / "w").string()});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("another program works on the queue of cpu"));
  program.signal(SIGINT);
  const Answer first = program.wait();
  EXPECT_EQ(first.status, 1);
  EXPECT_THAT(first.err, Not(HasSubstr("done")));
  EXPECT_EQ(queue()[0]["state"], "waiting");
  EXPECT_EQ(queue()[1]["state"], "stopped");
}

TEST_F(CliQueue, AFailureIsToldAndHoldsTheOthersWhenAsked) {
  ASSERT_EQ(run({"queue", "on-failure", "hold"}).status, 0);
  ASSERT_EQ(run({"queue", "add", "-", "--repeat", "2"}, spec_.dump()).status, 0);
  std::filesystem::remove_all(folder_ / "sample");
  const Answer worked = run({"queue", "run", "--device", "cpu"});
  EXPECT_EQ(worked.status, 1);
  EXPECT_THAT(worked.err, HasSubstr("1 of 1 runs did not finish"));
  EXPECT_EQ(queue()[0]["state"], "held");
  EXPECT_EQ(queue()[1]["state"], "failed");
  EXPECT_THAT(queue()[1]["message"].get<std::string>(), HasSubstr("sample"));
}

TEST_F(CliQueue, ASweepIsSeenBeforeItWaits) {
  const std::vector<std::string> sweep{"sweep", "-", "--vary", "batch.size=4,8", "--vary", "stages.0.schedule.lr_max=log:1e-4..1e-2:3", "--queue", "--json"};
  std::vector<std::string> dry = sweep;
  dry.push_back("--dry-run");
  const Answer seen = run(dry, spec_.dump());
  ASSERT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.json()["members"].size(), 6u);
  EXPECT_EQ(seen.json()["members"][1]["settings"]["stages.0.schedule.lr_max"], 0.001);
  EXPECT_TRUE(seen.json()["queued"].empty());
  EXPECT_TRUE(queue().empty());
  EXPECT_EQ(run(sweep, spec_.dump()).json()["queued"].size(), 6u);
  EXPECT_EQ(queue()[5]["group"], "sweep of tiny");
  const Answer text = run({"sweep", "-", "--vary", "model.arch=resnet18,resnet26d"}, spec_.dump());
  EXPECT_THAT(text.out, AllOf(HasSubstr("tiny, arch resnet18"), Not(HasSubstr("wait in the queue"))));
  EXPECT_THAT(run({"sweep", "-", "--vary", "arhc=a"}, spec_.dump()).err, HasSubstr("unknown key"));
}

}  // namespace
}  // namespace panicle
