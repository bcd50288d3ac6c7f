// Duplicates, grouped splits, leaks, label review and corrections, as a script would use them.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

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

class CliDuplicates : public ::testing::Test {
 protected:
  // Drawn photos, each once more as a copy under another name.
  CliDuplicates() {
    const Answer made = run({"sample", path("leaves"), "--per-class", "4"});
    EXPECT_EQ(made.status, 0) << made.err;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "leaves" / "train_images")) {
      if (entry.is_regular_file()) photos_.push_back(entry.path());
    }
    for (const auto& photo : photos_) std::filesystem::copy_file(photo, photo.parent_path() / ("copy_" + photo.filename().string()));
    std::filesystem::remove(folder_ / "leaves" / "train.csv");
  }

  Answer run(const std::vector<std::string>& arguments) const { return testing::run(folder_.path(), arguments); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TempFolder folder_;
  std::vector<std::filesystem::path> photos_;
};

// The photo that a path is a copy of.
std::string original(std::string path) {
  if (const auto at = path.find("copy_"); at != std::string::npos) path.erase(at, 5);
  return path;
}

TEST_F(CliDuplicates, CensusNamesThem) {
  EXPECT_FALSE(run({"census", path("leaves"), "--json"}).json().contains("duplicates"));
  const Answer answer = run({"census", path("leaves"), "--duplicates", "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json duplicates = answer.json()["duplicates"];
  ASSERT_EQ(duplicates["exact"].size(), photos_.size());
  for (const Json& group : duplicates["exact"]) {
    ASSERT_EQ(group.size(), 2u);
    EXPECT_EQ(original(group[0]), original(group[1]));
  }
  EXPECT_FALSE(duplicates["leaked"].empty());
  EXPECT_THAT(run({"census", path("leaves"), "--duplicates"}).out, HasSubstr("panicle-cli split --grouped"));
}

TEST_F(CliDuplicates, AGroupedSplitKeepsCopiesTogetherAndReadsItsTableAgain) {
  const Answer answer = run({"split", path("leaves"), "--grouped", "--write", path("groups.csv"), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json split = answer.json();
  std::set<std::string> train, valid;
  for (const std::string each : split["train"]) train.insert(original(each));
  for (const std::string each : split["valid"]) valid.insert(original(each));
  EXPECT_FALSE(valid.empty());
  for (const std::string& each : valid) EXPECT_FALSE(train.contains(each)) << each;
  EXPECT_EQ(run({"split", path("leaves"), "--grouped", "--groups", path("groups.csv"), "--json"}).out, answer.out);
  EXPECT_EQ(run({"split", path("leaves"), "--set", "data.split.kind=grouped", "--set", "data.split.groups=../groups.csv", "--json"}).out, answer.out);
  EXPECT_NE(run({"split", path("leaves"), "--grouped", "--seed", "7", "--json"}).out, answer.out);
  EXPECT_EQ(run({"split", path("leaves"), "--groups", path("groups.csv")}).status, 2) << "a table of groups without --grouped";
  EXPECT_THAT(run({"split", path("leaves"), "--set", "data.split.kind=grouped"}).err, HasSubstr("no column 'group' to group by"));
}

TEST_F(CliDuplicates, CorrectionsAreListedTakenBackAndUsed) {
  const std::string file = path("leaves/fixes.csv");
  const std::string id = photos_[0].parent_path().filename().string() + "/" + photos_[0].filename().string();
  ASSERT_EQ(run({"corrections", "add", file, id, "--verdict", "exclude", "--note", "blurred"}).status, 0);
  ASSERT_EQ(run({"corrections", "add", file, "copy_" + photos_[0].filename().string(), "--verdict", "valid", "--json"}).status, 0);
  const Json listed = run({"corrections", "list", file, "--json"}).json()["corrections"];
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0]["verdict"], "exclude");
  EXPECT_EQ(listed[0]["note"], "blurred");
  const auto census = [&] { return run({"census", path("leaves"), "--set", "data.corrections=fixes.csv", "--json"}).json()["images"].get<std::size_t>(); };
  EXPECT_EQ(census(), 2 * photos_.size() - 1);
  EXPECT_EQ(run({"corrections", "undo", file, "--json"}).json()["corrections"][0]["verdict"], "valid");
  EXPECT_EQ(run({"corrections", "undo", file}).status, 0);
  EXPECT_EQ(census(), 2 * photos_.size());
  EXPECT_THAT(run({"corrections", "undo", file}).err, HasSubstr("no correction to take back"));
  EXPECT_THAT(run({"corrections", "add", file, id, "--verdict", "relabel"}).err, HasSubstr("new_label is empty"));
  EXPECT_EQ(run({"corrections", "add", file, id, "--verdict", "maybe"}).status, 2);
}

TEST_F(CliDuplicates, ARunRecordsItsCorrectionsAndKeepsACopy) {
  ASSERT_EQ(run({"corrections", "add", path("leaves/fixes.csv"), photos_[0].filename().string(), "--verdict", "exclude"}).status, 0);
  const Answer spec = run({"spec", "--set", "data.root=" + path("leaves"), "--set", "data.corrections=fixes.csv", "--set", "model.weights=none", "--set",
                           "stages.0.resize.size=32", "--set", "stages.0.augment=null", "--set", "stages.0.schedule.epochs=1"});
  const Answer train = testing::run(folder_.path(), {"train", "-", "--workspace", path("w"), "--json"}, spec.out);
  ASSERT_EQ(train.status, 0) << train.err;
  const Json environment = run({"runs", "show", "1", "--workspace", path("w"), "--json"}).json()["environment"];
  EXPECT_EQ(environment["corrections"]["excluded"], 1);
  EXPECT_EQ(environment["corrections"]["rows"], 1);
  EXPECT_EQ(readText(folder_ / "w/runs/1/corrections.csv"), readText(folder_ / "leaves/fixes.csv"));
  const Json before = environment["data"]["list"];
  ASSERT_EQ(run({"corrections", "add", path("leaves/fixes.csv"), photos_[1].filename().string(), "--verdict", "valid"}).status, 0);
  ASSERT_EQ(testing::run(folder_.path(), {"train", "-", "--workspace", path("w"), "--json"}, spec.out).status, 0);
  EXPECT_NE(run({"runs", "show", "2", "--workspace", path("w"), "--json"}).json()["environment"]["data"]["list"], before)
      << "a photo on another side is another data set";
}

TEST_F(CliDuplicates, LeaksAndReviewOfARun) {
  RunSpec spec;
  spec.data.root = path("leaves");
  const Json split = run({"split", path("leaves"), "--json"}).json();
  std::string run_id;
  std::size_t leaked = 0;
  {
    RunStore store(folder_ / "w");
    run_id = store.create(spec, Json::object());
    store.record(run_id, RunEnded{.run = run_id, .metrics = {}});
    Predictions predictions{.vocab = {"a", "b"}};
    std::set<std::string> train;
    for (const std::string each : split["train"]) train.insert(original(each));
    const std::string below = "train_images/";
    for (const std::string each : split["valid"]) {
      // Right where a copy was trained on, wrong else; the label is the first class.
      const bool seen = train.contains(original(each));
      leaked += seen ? 1 : 0;
      predictions.ids.push_back(each.starts_with(below) ? each.substr(below.size()) : each);
      predictions.paths.push_back(each);
      predictions.targets.push_back(0);
      predictions.probabilities.insert(predictions.probabilities.end(), {seen ? 0.75f : 0.25f, seen ? 0.25f : 0.75f});
      predictions.losses.push_back(seen ? 0.25f : 1.5f);
    }
    writePredictions(store.folder(run_id), "valid", predictions);
  }
  ASSERT_GT(leaked, 0u);
  const Answer answer = run({"leaks", run_id, "--workspace", path("w"), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.json()["leaked"]["images"], leaked);
  EXPECT_EQ(answer.json()["leaked"]["wrong"], 0);
  EXPECT_EQ(answer.json()["all"]["images"], split["valid"].size());
  EXPECT_EQ(answer.json()["without"]["images"], split["valid"].size() - leaked);
  const Answer review = run({"review", run_id, "--workspace", path("w"), "--by", "margin", "--top", "3", "--json"});
  ASSERT_EQ(review.status, 0) << review.err;
  ASSERT_EQ(review.json()["issues"].size(), 3u);
  EXPECT_EQ(review.json()["issues"][0]["label"], "a");
  EXPECT_EQ(review.json()["issues"][0]["suggested"], "b");
  EXPECT_THAT(run({"review", "99", "--workspace", path("w")}).err, HasSubstr("99"));
}

}  // namespace
}  // namespace panicle
