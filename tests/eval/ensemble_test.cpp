#include "core/eval/ensemble.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/base/json.h"
#include "core/eval/vocab_match.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;

Json cases() {
  return readJson(testing::reference("eval.json"));
}

// As numpy's member lies in the file: rows and columns in an order of its own.
EnsembleMember memberOf(const Json& all, const std::string& name, double weight = 1) {
  const Json& json = all["members"][name];
  EnsembleMember member{name, weight, {}};
  Predictions& own = member.predictions;
  own.vocab = json["columns"].get<Vocab>();
  own.ids = own.paths = json["ids"].get<std::vector<std::string>>();
  own.probabilities = json["probabilities"].get<std::vector<float>>();
  for (const Json& label : json["targets"]) {
    own.targets.push_back(static_cast<int>(std::find(own.vocab.begin(), own.vocab.end(), label.get<std::string>()) - own.vocab.begin()));
  }
  own.losses.assign(own.size(), 0.0f);
  return member;
}

// By id and by class name.
float probability(const Predictions& predictions, const std::string& id, const std::string& label) {
  const auto row = static_cast<std::size_t>(std::find(predictions.ids.begin(), predictions.ids.end(), id) - predictions.ids.begin());
  const auto column = static_cast<std::size_t>(std::find(predictions.vocab.begin(), predictions.vocab.end(), label) - predictions.vocab.begin());
  return predictions.row(row)[column];
}

void expectNumpysMean(const Json& all, const Predictions& made) {
  ASSERT_EQ(made.size(), 40u);
  std::size_t at = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    const std::string id = all["ids"][i];
    for (int c = 0; c < 5; ++c, ++at) EXPECT_NEAR(probability(made, id, "class " + std::to_string(c)), all["mean"][at].get<double>(), 1e-7) << id;
    const auto row = static_cast<std::size_t>(std::find(made.ids.begin(), made.ids.end(), id) - made.ids.begin());
    EXPECT_EQ(made.vocab[static_cast<std::size_t>(made.predicted(row))], "class " + std::to_string(all["argmax"][i].get<int>())) << id;
  }
  EXPECT_DOUBLE_EQ(made.errorRate(), all["error"].get<double>());
}

TEST(Ensemble, TheNotebooksWithADoubledVitEqualsNumpysStackAndMean) {
  const Json all = cases()["ensemble"];
  const Ensemble weighted = combine({memberOf(all, "swin"), memberOf(all, "convnext"), memberOf(all, "vit", 2)});
  expectNumpysMean(all, weighted.predictions);
  EXPECT_THAT(weighted.shares, ElementsAre(0.25, 0.25, 0.5));
  const Ensemble repeated = combine({memberOf(all, "swin"), memberOf(all, "vit"), memberOf(all, "convnext"), memberOf(all, "vit")});
  expectNumpysMean(all, repeated.predictions);
}

TEST(Ensemble, LossesAreThoseOfTheMean) {
  const Json all = cases()["ensemble"];
  const Predictions made = combine({memberOf(all, "swin"), memberOf(all, "vit", 3)}).predictions;
  for (std::size_t i = 0; i < made.size(); ++i) {
    EXPECT_NEAR(made.losses[i], -std::log(made.row(i)[static_cast<std::size_t>(made.targets[i])]), 1e-5);
  }
}

TEST(Ensemble, DisagreementAndWorthEqualNumpys) {
  const Json all = cases()["ensemble"];
  std::vector<EnsembleMember> members{memberOf(all, "swin"), memberOf(all, "convnext"), memberOf(all, "vit", 2)};
  alignClasses(members);
  const std::vector<double> matrix = disagreement(members);
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) EXPECT_DOUBLE_EQ(matrix[a * 3 + b], all["disagreement"][a][b].get<double>());
  }
  const std::vector<MemberWorth> worths = memberWorths(members);
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_DOUBLE_EQ(worths[m].error_without, all["without"][members[m].name].get<double>()) << members[m].name;
    EXPECT_DOUBLE_EQ(worths[m].worth, worths[m].error_without - all["error"].get<double>());
    EXPECT_DOUBLE_EQ(worths[m].error_alone, members[m].predictions.errorRate());
  }
}

EnsembleMember small(const std::string& name, std::vector<std::string> ids, Vocab vocab, std::vector<float> probabilities, std::vector<int> targets) {
  std::vector<float> losses(ids.size());
  return {name, 1, {.vocab = std::move(vocab), .ids = ids, .paths = ids, .probabilities = std::move(probabilities), .targets = std::move(targets), .losses = losses}};
}

TEST(Ensemble, OtherClassesAreRefusedAndTheDifferenceShown) {
  const std::string said = message([] {
    combine({small("run 1", {"a"}, {"blast", "hispa"}, {1, 0}, {-1}), small("vit.csv", {"a"}, {"blast", "hispa ", "tungro"}, {1, 0, 0}, {-1})});
  });
  EXPECT_THAT(said, AllOf(HasSubstr("run 1 and vit.csv have different classes"), HasSubstr("only run 1 has 'hispa'"), HasSubstr("only vit.csv has 'hispa ', 'tungro'")));
  EXPECT_THAT(vocabDifference("a", {"x", "x"}, "b", {"x"}), HasSubstr("a has a class more than once: 'x'"));
  EXPECT_EQ(vocabDifference("a", {"x", "y"}, "b", {"y", "x"}), "");
}

TEST(Ensemble, DifferentImagesMeetInWhatAllHave) {
  const Ensemble made = combine({small("a", {"1", "2", "3"}, {"x", "y"}, {1, 0, 0.5f, 0.5f, 0, 1}, {0, -1, 1}), small("b", {"3", "4", "2"}, {"y", "x"}, {0, 1, 1, 0, 1, 0}, {0, 0, 1})});
  EXPECT_THAT(made.predictions.ids, ElementsAre("2", "3"));
  EXPECT_THAT(made.left_out, ElementsAre(1u, 1u));
  EXPECT_THAT(made.predictions.probabilities, ElementsAre(0.25f, 0.75f, 0.5f, 0.5f));
  EXPECT_THAT(made.predictions.targets, ElementsAre(0, 1)) << "the second knows image 2 as x, and both say y of 3";
  EXPECT_EQ(made.contradicted, 0u);
  EXPECT_THAT(message([] { combine({small("a", {"1"}, {"x"}, {1}, {0}), small("b", {"2"}, {"x"}, {1}, {0})}); }), HasSubstr("no image that all of a, b have predicted"));
}

TEST(Ensemble, ContradictingLabelsCountAsNone) {
  const Ensemble made = combine({small("a", {"1"}, {"x", "y"}, {1, 0}, {0}), small("b", {"1"}, {"x", "y"}, {1, 0}, {1})});
  EXPECT_EQ(made.contradicted, 1u);
  EXPECT_THAT(made.predictions.targets, ElementsAre(-1));
}

TEST(Ensemble, WrongMembersAreNamed) {
  EnsembleMember negative = small("a", {"1"}, {"x"}, {1}, {0});
  negative.weight = -1;
  EXPECT_THAT(message([&] { combine({negative}); }), HasSubstr("the weight of a must be 0 or more"));
  negative.weight = 0;
  EXPECT_THAT(message([&] { combine({negative}); }), HasSubstr("add up to 0"));
  EXPECT_THAT(message([] { combine({small("twice.csv", {"1", "1"}, {"x"}, {1, 1}, {0, 0})}); }), HasSubstr("twice.csv has '1' more than once"));
  EXPECT_THAT(message([] { combine({}); }), HasSubstr("at least one member"));
}

TEST(Ensemble, TwoRunsOnSharedImagesForADifferenceOfMatrices) {
  const auto pair = onSharedImages(small("", {"1", "2"}, {"x", "y"}, {1, 0, 0, 1}, {0, 1}).predictions, small("", {"2", "9"}, {"y", "x"}, {0.25f, 0.75f, 1, 0}, {0, 0}).predictions,
                                   "a", "b");
  EXPECT_THAT(pair.a.ids, ElementsAre("2"));
  EXPECT_THAT(pair.a.probabilities, ElementsAre(0.0f, 1.0f));
  EXPECT_THAT(pair.b.probabilities, ElementsAre(0.75f, 0.25f));
  EXPECT_THAT(pair.b.targets, ElementsAre(1));
}

std::vector<EnsembleMember> libraryOf(const Json& json) {
  std::vector<EnsembleMember> members;
  const auto targets = json["targets"].get<std::vector<int>>();
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < targets.size(); ++i) ids.push_back(std::to_string(i));
  for (const Json& rows : json["members"]) {
    members.push_back(small("m" + std::to_string(members.size()), ids, {"a", "b", "c", "d"}, rows.get<std::vector<float>>(), targets));
  }
  return members;
}

TEST(GreedySelection, TakesWhatNumpyTakes) {
  const Json json = cases()["greedy"];
  const std::vector<EnsembleMember> members = libraryOf(json);
  GreedyOptions options;
  options.rounds = static_cast<int>(json["taken"].size());
  const GreedySelection selection = selectGreedily(members, options);
  ASSERT_EQ(selection.steps.size(), json["taken"].size());
  for (std::size_t k = 0; k < selection.steps.size(); ++k) {
    EXPECT_EQ(selection.steps[k].member, json["taken"][k].get<std::size_t>()) << "round " << k;
    EXPECT_DOUBLE_EQ(selection.steps[k].error, json["errors"][k].get<double>()) << "round " << k;
    EXPECT_NEAR(selection.steps[k].loss, json["losses"][k].get<double>(), 1e-6) << "round " << k;
  }
  EXPECT_EQ(selection.counts, json["counts"].get<std::vector<int>>());
  std::vector<EnsembleMember> weighted = members;
  for (std::size_t m = 0; m < members.size(); ++m) weighted[m].weight = selection.counts[m];
  EXPECT_NEAR(combine(weighted).predictions.errorRate(), selection.error, 1e-12);
}

TEST(GreedySelection, WarnsInFiguresAndIsRepeatable) {
  const std::vector<EnsembleMember> members = libraryOf(cases()["greedy"]);
  const GreedySelection selection = selectGreedily(members), again = selectGreedily(members);
  EXPECT_LE(selection.error_range.low, selection.error);
  EXPECT_GE(selection.error_range.high, selection.error);
  EXPECT_LE(selection.gain_range.low, selection.best_member_error - selection.error);
  EXPECT_GE(selection.gain_range.high, selection.best_member_error - selection.error);
  EXPECT_GE(selection.held_out_error, selection.error) << "weights of one half do worse on the other than on their own";
  EXPECT_THAT(selection.warning, AllOf(HasSubstr("fitted to the 120 validation images"), HasSubstr("on the other"), HasSubstr("Equal weights err")));
  EXPECT_EQ(selection.error_range.low, again.error_range.low);
  EXPECT_EQ(selection.held_out_error, again.held_out_error);
  EXPECT_EQ(selection.counts, again.counts);
}

TEST(GreedySelection, NeedsLabels) {
  const std::vector<EnsembleMember> members{small("a", {"1"}, {"x"}, {1}, {-1})};
  EXPECT_THAT(message([&] { selectGreedily(members); }), HasSubstr("there are none"));
  std::stop_source stopped;
  stopped.request_stop();
  const std::vector<EnsembleMember> labelled{small("a", {"1"}, {"x"}, {1}, {0})};
  EXPECT_THROW(selectGreedily(labelled, {}, stopped.get_token()), Cancelled);
}

}  // namespace
}  // namespace panicle
