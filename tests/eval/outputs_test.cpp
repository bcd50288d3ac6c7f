// Predictions of several targets, from the network's rows to the files and back.
#include "core/eval/outputs.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;
using testing::TempFolder;

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

const std::vector<Item> kItems{
    {"a.jpg", "train/a.jpg", 1}, {"b.jpg", "train/b.jpg", 0}, {"c.jpg", "train/c.jpg", 1}};

std::vector<Target> threeTargets() {
  return {{.name = "label", .vocab = {"blast", "tungro"}, .values = {1, 0, 1}},
          {.name = "age", .vocab = {}, .values = {45, kNone, 50}},
          {.name = "variety", .vocab = {"ADT45", "IR20", "Surya"}, .values = {kNone, 2, 0}}};
}

// b.jpg could not be read, and the order is another.
Outputs someOutputs() {
  return {.items = {2, 0},
          .values = {0.25f, 0.75f, 51.5f, 0.5f, 0.25f, 0.25f, 0.625f, 0.375f, 40, 0.125f, 0.75f, 0.125f},
          .losses = {0.5f, 0, 0.75f, 1.5f, 0, 0}};
}

TEST(Outputs, EachTargetHasItsColumns) {
  const auto targets = threeTargets();
  EXPECT_EQ(outputCount(targets), 6u);
  const Predictions label = classPredictions(someOutputs(), targets, 0, kItems);
  EXPECT_THAT(label.ids, ElementsAre("c.jpg", "a.jpg"));
  EXPECT_THAT(label.paths, ElementsAre("train/c.jpg", "train/a.jpg"));
  EXPECT_THAT(label.probabilities, ElementsAre(0.25f, 0.75f, 0.625f, 0.375f));
  EXPECT_THAT(label.targets, ElementsAre(1, 1));
  EXPECT_THAT(label.losses, ElementsAre(0.5f, 1.5f));
  const Predictions variety = classPredictions(someOutputs(), targets, 2, kItems);
  EXPECT_EQ(variety.vocab, targets[2].vocab);
  EXPECT_THAT(variety.probabilities, ElementsAre(0.5f, 0.25f, 0.25f, 0.125f, 0.75f, 0.125f));
  EXPECT_THAT(variety.targets, ElementsAre(0, -1));
  EXPECT_THAT(variety.losses, ElementsAre(0.75f, 0));
  const NumberPredictions age = numberPredictions(someOutputs(), targets, 1, kItems);
  EXPECT_EQ(age.name, "age");
  EXPECT_THAT(age.values, ElementsAre(51.5f, 40));
  EXPECT_THAT(age.truths, ElementsAre(50, 45));
}

TEST(Outputs, OfImagesOfWhichNothingIsKnown) {
  const auto targets = withoutValues(threeTargets());
  EXPECT_THAT(classPredictions(someOutputs(), targets, 0, kItems).targets, ElementsAre(-1, -1));
  EXPECT_THAT(classPredictions(someOutputs(), targets, 2, kItems).targets, ElementsAre(-1, -1));
  EXPECT_THAT(numberPredictions(someOutputs(), targets, 1, kItems).truths, ElementsAre(IsNan(), IsNan()));
}

TEST(Outputs, EveryTargetIsWrittenUnderItsOwnName) {
  const TempFolder folder;
  writeOutputs(folder.path(), "valid", someOutputs(), threeTargets(), kItems);
  EXPECT_EQ(readText(folder / "valid_preds.csv"),
            "image_id,blast,tungro\nc.jpg,0.25,0.75\na.jpg,0.625,0.375\n");
  EXPECT_EQ(readText(folder / "valid.age_preds.csv"), "image_id,age\nc.jpg,51.5\na.jpg,40\n");
  EXPECT_EQ(readText(folder / "valid.variety_items.csv"),
            "image_id,path,label,loss\nc.jpg,train/c.jpg,ADT45,0.75\na.jpg,train/a.jpg,,\n");
  EXPECT_EQ(readPredictions(folder.path(), "valid.variety").targets, (std::vector<int>{0, -1}));
  const NumberPredictions age = readNumberPredictions(folder.path(), "valid.age");
  EXPECT_EQ(age.name, "age");
  EXPECT_THAT(age.ids, ElementsAre("c.jpg", "a.jpg"));
  EXPECT_THAT(age.paths, ElementsAre("train/c.jpg", "train/a.jpg"));
  EXPECT_THAT(age.values, ElementsAre(51.5f, 40));
  EXPECT_THAT(age.truths, ElementsAre(50, 45));
}

TEST(Outputs, NumbersWithoutATruthAndThoseThatAreNone) {
  const TempFolder folder;
  writeNumberPredictions(folder.path(), "test.age",
                         {.name = "age",
                          .ids = {"a", "b"},
                          .paths = {"t/a", "t/b"},
                          .values = {kNone, -0.5f},
                          .truths = {kNone, 0}});
  const NumberPredictions read = readNumberPredictions(folder.path(), "test.age");
  EXPECT_THAT(read.values, ElementsAre(IsNan(), -0.5f));
  EXPECT_THAT(read.truths, ElementsAre(IsNan(), 0));
}

TEST(Outputs, NumbersThatDoNotFitTheirItemsAreNamed) {
  const TempFolder folder;
  writeNumberPredictions(
      folder.path(), "valid.age",
      {.name = "age", .ids = {"a", "b"}, .paths = {"t/a", "t/b"}, .values = {1, 2}, .truths = {1, 2}});
  const auto message = [&] {
    try {
      readNumberPredictions(folder.path(), "valid.age");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  writeAtomically(folder / "valid.age_items.csv", "image_id,path,value\na,t/a,1\nc,t/c,2\n");
  EXPECT_THAT(message(), HasSubstr("valid.age_items.csv:3: image_id 'c' stands where"));
  writeAtomically(folder / "valid.age_items.csv", "image_id,path,value\na,t/a,1\nb,t/b,old\n");
  EXPECT_THAT(message(), HasSubstr("valid.age_items.csv:3: 'old' is not a number"));
  writeAtomically(folder / "valid.age_preds.csv", "image_id,age,weight\na,1,1\nb,2,2\n");
  EXPECT_THAT(message(), HasSubstr("valid.age_preds.csv:1: holds 2 columns beside image_id"));
}

TEST(Outputs, NamesThatNoFileMayHave) {
  EXPECT_EQ(targetStem("valid", "variety"), "valid.variety");
  EXPECT_EQ(targetStem(ttaStem("test"), "kg/ha"), "test_tta.kg%2Fha");
  EXPECT_EQ(targetStem("valid", "50%"), "valid.50%25");
}

TEST(Predictions, ErrorRateOfTheLabelled) {
  const Predictions predictions{.vocab = {"a", "b"},
                                .ids = {"1", "2", "3", "4"},
                                .paths = {"1", "2", "3", "4"},
                                .probabilities = {1, 0, 1, 0, 0, 1, 0, 1},
                                .targets = {0, 1, 1, -1},
                                .losses = {0, 9, 0, 0}};
  EXPECT_DOUBLE_EQ(predictions.errorRate(), 1.0 / 3);
  EXPECT_THAT(Predictions{}.errorRate(), IsNan());
}

}  // namespace
}  // namespace panicle
