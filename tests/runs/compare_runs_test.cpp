#include "core/runs/compare_runs.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "core/base/error.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempFolder;

std::vector<std::string> pathsOf(const std::vector<SettingDifference>& differences) {
  std::vector<std::string> paths;
  for (const auto& difference : differences) paths.push_back(difference.path);
  return paths;
}

TEST(DifferingSettings, TellsWhatDiffersAndNothingElse) {
  RunSpec a;
  RunSpec b;
  b.name = "another name";
  EXPECT_TRUE(differingSettings(std::vector{a, b}).empty());
  b.seed = 7;
  b.model.arch = "vit_small_patch16_224";
  b.stages[0].schedule.epochs = 9;
  b.stages[0].mix = MixOptions{};
  const auto differences = differingSettings(std::vector{a, b, a});
  EXPECT_THAT(pathsOf(differences), ElementsAre("seed", "model.arch", "stages.0.mix", "stages.0.schedule.epochs"));
  EXPECT_EQ(differences[0].label, "Seed");
  EXPECT_EQ(differences[0].values[1], 7);
  EXPECT_EQ(settingText(differences[2].values[0]), "off");
  EXPECT_THAT(settingText(differences[2].values[1]), HasSubstr("kind mixup"));
  EXPECT_EQ(settingText(differences[3].values[2]), "5");
}

TEST(DifferingSettings, AStageThatOnlyOneHasIsOneDifference) {
  RunSpec a;
  RunSpec b;
  b.stages.push_back(b.stages[0]);
  const auto differences = differingSettings(std::vector{a, b});
  ASSERT_THAT(pathsOf(differences), ElementsAre("stages.1"));
  EXPECT_EQ(settingText(differences[0].values[0]), "-");
}

// Every leaf that was changed is found, whichever it is.
TEST(DifferingSettings, FindsEveryField) {
  const RunSpec base;
  int changed = 0;
  for (const FieldDescription& field : describe(base)) {
    if (field.kind != FieldKind::Integer && field.kind != FieldKind::Boolean) continue;
    RunSpec other = base;
    try {
      const Json value = field.kind == FieldKind::Boolean ? Json(!field.value.get<bool>()) : Json(field.value.get<std::int64_t>() + 1);
      setByPath(other, field.path, value);
    } catch (const std::exception&) {
      continue;  // at the end of its range
    }
    EXPECT_THAT(pathsOf(differingSettings(std::vector{base, other})), ElementsAre(field.path));
    ++changed;
  }
  EXPECT_GT(changed, 10);
}

TEST(Repetitions, DifferInTheSeedAlone) {
  RunSpec a;
  RunSpec b = a;
  RunSpec c = a;
  b.seed = 43;
  b.name = "again";
  b.loader_threads = 3;
  c.batch.size = 32;
  EXPECT_EQ(groupRepetitions(std::vector{a, c, b}), (std::vector<std::vector<std::size_t>>{{0, 2}, {1}}));
}

TEST(SpreadOf, IsMeanAndDeviationOfASample) {
  const Spread spread = spreadOf(std::vector<double>{0.02, 0.03, NAN, 0.04});
  EXPECT_EQ(spread.count, 3u);
  EXPECT_NEAR(spread.mean, 0.03, 1e-12);
  EXPECT_NEAR(spread.deviation, 0.01, 1e-12);
  EXPECT_EQ(spread.low, 0.02);
  EXPECT_EQ(spread.high, 0.04);
  EXPECT_TRUE(std::isnan(spreadOf(std::vector{1.0}).deviation));
  EXPECT_TRUE(std::isnan(spreadOf({}).mean));
}

// `right` of each image; class 0 is what all of them are, and 1 what is said otherwise.
Predictions made(const std::vector<std::string>& ids, const std::vector<bool>& right, const Vocab& vocab = {"blast", "normal"}) {
  Predictions predictions;
  predictions.vocab = vocab;
  const auto blast = static_cast<std::size_t>(std::find(vocab.begin(), vocab.end(), "blast") - vocab.begin());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    predictions.ids.push_back(ids[i]);
    predictions.paths.push_back("train/" + ids[i]);
    const float sure = 0.6f + 0.01f * static_cast<float>(i);
    for (std::size_t c = 0; c < 2; ++c) predictions.probabilities.push_back((c == blast) == right[i] ? sure : 1 - sure);
    predictions.targets.push_back(static_cast<int>(blast));
    predictions.losses.push_back(0);
  }
  return predictions;
}

TEST(ComparePredictions, MatchesImagesByIdAndClassesByName) {
  const Predictions a = made({"1", "2", "3", "4", "5"}, {true, true, false, false, true});
  Predictions b = made({"5", "4", "3", "2", "9"}, {false, true, false, true, true}, {"normal", "blast"});
  const PairedComparison result = comparePredictions(a, b);
  EXPECT_EQ(result.counts.images(), 4u);
  EXPECT_EQ(result.counts.both_right, 1u);   // 2
  EXPECT_EQ(result.counts.both_wrong, 1u);   // 3
  EXPECT_EQ(result.only_in_a, 1u);           // 1
  EXPECT_EQ(result.only_in_b, 1u);           // 9
  ASSERT_EQ(result.right_to_wrong.size(), 1u);
  EXPECT_EQ(result.right_to_wrong[0].id, "5");
  EXPECT_EQ(result.right_to_wrong[0].path, "train/5");
  EXPECT_EQ(result.right_to_wrong[0].actual, "blast");
  EXPECT_EQ(result.right_to_wrong[0].predicted_a, "blast");
  EXPECT_EQ(result.right_to_wrong[0].predicted_b, "normal");
  ASSERT_EQ(result.wrong_to_right.size(), 1u);
  EXPECT_EQ(result.wrong_to_right[0].id, "4");
  EXPECT_EQ(result.error_a, 0.5);
  EXPECT_EQ(result.error_b, 0.5);

  b.targets[2] = 0;  // image 3 is said to be normal there
  EXPECT_EQ(comparePredictions(a, b).relabelled, 1u);
  b.targets[2] = -1;  // and is not labelled at all
  EXPECT_EQ(comparePredictions(a, b).only_in_a, 2u);
}

// Counted the slow way.
TEST(ComparePredictions, AgreesWithCountingOneByOne) {
  std::mt19937 random(3);
  std::vector<std::string> ids;
  std::vector<bool> rightA;
  std::vector<bool> rightB;
  std::map<std::pair<bool, bool>, std::uint64_t> counted;
  for (int i = 0; i < 30; ++i) {
    ids.push_back(std::to_string(i));
    rightA.push_back(random() % 4 != 0);
    rightB.push_back(random() % 3 != 0);
    ++counted[{rightA.back(), rightB.back()}];
  }
  const PairedComparison result = comparePredictions(made(ids, rightA), made(ids, rightB));
  EXPECT_EQ(result.counts.both_right, (counted[{true, true}]));
  EXPECT_EQ(result.counts.both_wrong, (counted[{false, false}]));
  EXPECT_EQ(result.counts.only_a_right, (counted[{true, false}]));
  EXPECT_EQ(result.counts.only_b_right, (counted[{false, true}]));
  EXPECT_EQ(result.right_to_wrong.size(), result.counts.only_a_right);
  for (std::size_t i = 1; i < result.right_to_wrong.size(); ++i) {
    EXPECT_GE(result.right_to_wrong[i - 1].probability_b, result.right_to_wrong[i].probability_b);
  }
  EXPECT_LE(result.difference.low, result.error_b - result.error_a);
  EXPECT_GE(result.difference.high, result.error_b - result.error_a);
}

TEST(ComparePredictions, InWordsNothingIsClaimedThatIsNotThere) {
  const std::vector<std::string> ids{"1", "2", "3", "4", "5", "6", "7", "8"};
  const Predictions good = made(ids, std::vector<bool>(8, true));
  const Predictions bad = made(ids, std::vector<bool>(8, false));
  EXPECT_THAT(comparisonInWords(comparePredictions(bad, good), "run 1", "run 2"), HasSubstr("run 2 errs less"));
  EXPECT_THAT(comparisonInWords(comparePredictions(good, bad), "run 1", "run 2"), HasSubstr("run 1 errs less"));
  EXPECT_THAT(comparisonInWords(comparePredictions(good, good), "run 1", "run 2"), HasSubstr("no difference to be seen"));
  EXPECT_THAT(comparisonInWords(comparePredictions(good, made({"x"}, {true})), "run 1", "run 2"), HasSubstr("share no labelled image"));
}

TEST(CompareRuns, ComparesEachWithTheFirstAndSaysWhyNot) {
  const TempFolder folder;
  RunStore store(folder.path());
  for (int i = 0; i < 3; ++i) {
    RunSpec spec;
    spec.seed += static_cast<std::uint64_t>(i);
    const std::string run = store.create(spec, {});
    if (i < 2) writePredictions(store.folder(run), "valid", made({"1", "2"}, {true, i == 0}));
    store.record(run, RunEnded{.run = run, .status = RunStatus::Finished, .message = "", .metrics = {}, .seconds = 1, .remedies = {}});
  }
  const RunComparison comparison = compareRuns(store, {"1", "2", "3"});
  EXPECT_EQ(comparison.repetitions.size(), 1u);
  EXPECT_THAT(pathsOf(comparison.settings), ElementsAre("seed"));
  ASSERT_EQ(comparison.paired.size(), 2u);
  EXPECT_EQ(comparison.paired[0].run, 1u);
  EXPECT_EQ(comparison.paired[0].result.right_to_wrong.at(0).id, "2");
  EXPECT_THAT(comparison.paired[1].problem, HasSubstr("run 3 has no predictions"));
  EXPECT_THROW(compareRuns(store, {"1"}), Error);
  EXPECT_THROW(compareRuns(store, {"1", "1"}), Error);
  EXPECT_THROW(compareRuns(store, {"1", "9"}), Error);
}

}  // namespace
}  // namespace panicle
