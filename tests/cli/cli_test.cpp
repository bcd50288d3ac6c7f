// Usage, specs, errors: what needs no training.
#include <gmock/gmock.h>

#include "core/base/file.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::Answer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::TempFolder;

class Cli : public ::testing::Test {
 protected:
  Answer run(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return testing::run(folder_.path(), arguments, input);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TempFolder folder_;
};

const std::vector<std::vector<std::string>> kCommands{
    {"sample"}, {"review"}, {"leaks"}, {"corrections", "list"}, {"corrections", "add"}, {"corrections", "undo"}, {"census"},       {"split"},        {"models"},    {"weights"}, {"download"}, {"spec"},
    {"train"},  {"runs", "list"}, {"runs", "show"}, {"interpret"}, {"submit"},  {"preview"},  {"cache"}, {"lr-find"},   {"recipes"},
    {"runs", "compare"}, {"runs", "export"}, {"runs", "import"}, {"runs", "history"}, {"runs", "star"}, {"runs", "rename"}, {"runs", "tag"},
    {"runs", "note"}, {"runs", "keep"}, {"runs", "trash"}, {"runs", "restore"}, {"runs", "purge"}, {"sweep"}, {"queue", "add"}, {"queue", "list"},
    {"queue", "run"}, {"queue", "hold"}, {"queue", "release"}, {"queue", "cancel"}, {"queue", "move"}, {"queue", "retry"}, {"queue", "remove"},
    {"queue", "on-failure"}};

TEST_F(Cli, EveryCommandHasHelpAndJson) {
  const Answer overview = run({"--help"});
  EXPECT_EQ(overview.status, 0);
  EXPECT_THAT(run({"--version"}).out, StartsWith("panicle-cli "));
  for (auto command : kCommands) {
    EXPECT_THAT(overview.out, HasSubstr(command[0]));
    command.emplace_back("--help");
    const Answer answer = run(command);
    EXPECT_EQ(answer.status, 0) << command[0];
    EXPECT_THAT(answer.out, HasSubstr("--json")) << command[0];
    EXPECT_THAT(answer.err, IsEmpty()) << command[0];
  }
}

TEST_F(Cli, WrongUsageIsStatusTwoAndSaysWhereHelpIs) {
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"trian"},
      {"train"},
      {"runs"},
      {"runs", "show"},
      {"census"},
      {"census", ".", "--nonsense"},
      {"spec", "--set", "seed"},
      {"split", ".", "--valid-pct", "2"},
      {"sample", path("x"), "--per-class", "no"},
      {"preview", "a.jpg"},
      {"preview", "--resize", "squish:32", "--out", "b.png"},
      {"submit", "--sample", "a", "--out", "b"},
      {"submit", "--run", "1", "--preds", "p.csv", "--sample", "a", "--out", "b"}};
  for (const auto& arguments : wrong) {
    const Answer answer = run(arguments);
    const std::string line = ::testing::PrintToString(arguments);
    EXPECT_EQ(answer.status, 2) << line;
    EXPECT_THAT(answer.err, AllOf(StartsWith("error: "), HasSubstr("--help"))) << line;
    EXPECT_THAT(answer.out, IsEmpty()) << line;
  }
  EXPECT_THAT(run({"runs", "show"}).err, HasSubstr("panicle-cli runs show --help"));
}

TEST_F(Cli, SpecPrintsADocumentThatItReadsAgain) {
  const Answer answer = run({"spec", "--set", "stages.0.schedule.epochs=3", "--set", "data.root=/a=b c",
                             "--set", "name=try 1", "--set", "stages.0.resize.size=160,120"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json spec = answer.json();
  EXPECT_EQ(spec["stages"][0]["schedule"]["epochs"], 3);
  EXPECT_EQ(spec["data"]["root"], "/a=b c");
  EXPECT_EQ(spec["name"], "try 1");
  EXPECT_EQ(spec["stages"][0]["resize"]["size"], Json({160, 120}));
  EXPECT_EQ(spec["version"], 1);
  EXPECT_EQ(run({"spec", "--json"}).json()["model"]["arch"], "resnet18");
}

TEST_F(Cli, WrongSettingsAreOneClearMessage) {
  Answer answer = run({"spec", "--set", "stages.0.schedule.epoch=3"});
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("did you mean 'stages.0.schedule.epochs'?"));
  answer = run({"spec", "--set", "model.arch=resnet81"});
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("did you mean 'resnet18'?"));
  EXPECT_THAT(answer.out, IsEmpty());
}

TEST_F(Cli, SpecHelpListsEveryKey) {
  EXPECT_THAT(run({"spec", "--help"}).out,
              AllOf(HasSubstr("stages.0.schedule.lr_max = 0.003"), HasSubstr("data.split.valid_pct = 0.2")));
}

TEST_F(Cli, TrainRefusesASpecThatCannotRun) {
  EXPECT_THAT(run({"train", path("absent.json"), "--workspace", path("w")}).err, HasSubstr("absent.json"));
  Answer answer = run({"train", "-", "--workspace", path("w")}, "{\"batch\": {\"sise\": 3}}");
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("standard input"), HasSubstr("did you mean 'batch.size'?")));
  answer = run({"train", "-", "--workspace", path("w")}, "{\"batch\":\n {]}");
  EXPECT_THAT(answer.err, HasSubstr("standard input:2"));
  answer = run({"train", "-", "--workspace", path("w")}, "{}");
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("data.root is empty"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "w")) << "a spec that cannot run makes no workspace";
}

TEST_F(Cli, LookingAtRunsMakesNoWorkspace) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"runs", "list"},
                                                  {"runs", "show", "1"},
                                                  {"interpret", "1"},
                                                  {"submit", "--run", "1", "--sample", "s", "--out", "o"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--workspace", path("nowhere")});
    const Answer answer = run(arguments);
    EXPECT_EQ(answer.status, 1) << command[0];
    EXPECT_THAT(answer.err, HasSubstr("holds no runs")) << command[0];
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "nowhere"));
}

TEST_F(Cli, SubmitFromAnyPredictions) {
  writeAtomically(folder_ / "preds.csv", "image_id,blast,rust\n1.jpg,0.1,0.9\n2.jpg,0.8,0.2\n");
  writeAtomically(folder_ / "sample.csv", "image_id,label\n2.jpg,\n1.jpg,\n");
  Answer answer = run({"submit", "--preds", path("preds.csv"), "--sample", path("sample.csv"), "--out",
                       path("subm.csv"), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.json()["rows"], 2);
  EXPECT_EQ(readText(folder_ / "subm.csv"), "image_id,label\n2.jpg,blast\n1.jpg,rust\n");
  writeAtomically(folder_ / "sample.csv", "image_id,label\n3.jpg,\n");
  answer = run(
      {"submit", "--preds", path("preds.csv"), "--sample", path("sample.csv"), "--out", path("other.csv")});
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("'3.jpg'"), HasSubstr("'1.jpg', '2.jpg'")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other.csv"));
}

TEST_F(Cli, CensusAndSplitOfAFolderThatIsNotThere) {
  for (const char* command : {"census", "split"}) {
    const Answer answer = run({command, path("absent")});
    EXPECT_EQ(answer.status, 1);
    EXPECT_THAT(answer.err, HasSubstr("absent"));
  }
}

}  // namespace
}  // namespace panicle
