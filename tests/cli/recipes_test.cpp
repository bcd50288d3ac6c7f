// recipes, and spec --recipe.
#include <gmock/gmock.h>

#include "core/runs/recipes.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Answer;
using testing::TempFolder;

class CliRecipes : public ::testing::Test {
 protected:
  Answer run(const std::vector<std::string>& arguments) const { return testing::run(folder_.path(), arguments); }

  TempFolder folder_;
};

TEST_F(CliRecipes, AreListedWithWhatTheyAreFor) {
  const Answer text = run({"recipes"});
  EXPECT_EQ(text.status, 0) << text.err;
  const Json list = run({"recipes", "--json"}).json();
  ASSERT_EQ(list.size(), recipes().size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Recipe& each = recipes()[i];
    EXPECT_THAT(text.out, AllOf(HasSubstr(each.name), HasSubstr(each.title), HasSubstr(each.purpose)));
    EXPECT_EQ(list[i]["name"], each.name);
    EXPECT_EQ(list[i]["purpose"], each.purpose);
    EXPECT_EQ(list[i]["runs"].size(), each.runs.size());
  }
  const Answer one = run({"recipes", "large-ensemble"});
  EXPECT_THAT(one.out, AllOf(HasSubstr("member"), HasSubstr("weight"), HasSubstr("vit_large_patch16_224, squish 480 → 224")));
  EXPECT_EQ(run({"recipes", "large-ensemble", "--json"}).json()["weights"][2], 2);
  const Answer wrong = run({"recipes", "large-ensembles"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'large-ensemble'?"));
}

TEST_F(CliRecipes, SpecBeginsWithOneAndSetChangesIt) {
  const Answer answer = run({"spec", "--recipe", "first-baseline", "--set", "data.root=/photos", "--set", "stages.0.schedule.epochs=1"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.err, IsEmpty());
  const Json spec = answer.json();
  EXPECT_EQ(spec["model"]["arch"], "resnet26d");
  EXPECT_EQ(spec["data"]["root"], "/photos");
  EXPECT_EQ(spec["stages"][0]["schedule"]["epochs"], 1);
  EXPECT_EQ(spec["stages"][0]["schedule"]["kind"], "fine_tune");
}

TEST_F(CliRecipes, AMemberIsChosenByItsNumber) {
  const std::vector<RunSpec>& runs = recipe("small-models").runs;
  const Answer first = run({"spec", "--recipe", "small-models"});
  EXPECT_EQ(first.json()["name"], runs[0].name);
  EXPECT_THAT(first.err, HasSubstr("13 runs"));
  for (std::size_t i : {std::size_t{0}, runs.size() - 1}) {
    const Answer answer = run({"spec", "--recipe", "small-models", "--member", std::to_string(i + 1)});
    EXPECT_EQ(answer.json(), specToJson(runs[i]));
    EXPECT_THAT(answer.err, IsEmpty());
  }
  for (const char* member : {"0", "14"}) {
    const Answer answer = run({"spec", "--recipe", "small-models", "--member", member});
    EXPECT_EQ(answer.status, 1);
    EXPECT_THAT(answer.err, HasSubstr("13 runs"));
  }
  EXPECT_EQ(run({"spec", "--member", "1"}).status, 2);
  EXPECT_EQ(run({"spec", "--recipe", "nonsense"}).status, 1);
}

}  // namespace
}  // namespace panicle
