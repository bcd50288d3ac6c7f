// Further label columns: what else a network learns of each photo.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "tests/data/made_images.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::NanSensitiveFloatEq;
using testing::TempFolder;

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

class Targets : public ::testing::Test {
 protected:
  Targets() {
    for (const char* name : {"1.jpg", "2.jpg", "3.jpg", "4.jpg"}) {
      testing::writeBytes(folder_ / "train_images" / name, {});
    }
    options_.root = folder_.path().string();
    options_.label_columns = {"label", "variety", "age"};
    options_.regression_columns = {"age"};
  }

  // The rows are in another order than the files.
  void table(const std::string& rows =
                 "4.jpg,blast, IR20 ,\n"
                 "1.jpg,tungro,ADT45,45\n"
                 "3.jpg,blast,,60.5\n"
                 "2.jpg,normal,ADT45,NA\n") {
    writeAtomically(folder_ / "train.csv", "image_id,label,variety,age\n" + rows);
  }

  Dataset load() { return loadDataset(options_); }

  std::string message() {
    try {
      load();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  static auto values(std::initializer_list<float> wanted) {
    std::vector<::testing::Matcher<float>> matchers;
    for (const float value : wanted) matchers.push_back(NanSensitiveFloatEq(value));
    return ::testing::ElementsAreArray(matchers);
  }

  TempFolder folder_;
  DataOptions options_;
};

TEST_F(Targets, AreReadForEveryItemInTheOrderOfTheItems) {
  table();
  const Dataset dataset = load();
  ASSERT_EQ(dataset.items.size(), 4u);
  EXPECT_EQ(dataset.label_name, "label");
  ASSERT_EQ(dataset.further_targets.size(), 2u);
  const Target& variety = dataset.further_targets[0];
  EXPECT_EQ(variety.name, "variety");
  EXPECT_THAT(variety.vocab, ElementsAre("ADT45", "IR20"));
  EXPECT_EQ(variety.outputs(), 2u);
  EXPECT_THAT(variety.values, values({0, 0, kNone, 1}));
  const Target& age = dataset.further_targets[1];
  EXPECT_TRUE(age.isNumber());
  EXPECT_EQ(age.outputs(), 1u);
  EXPECT_THAT(age.values, values({45, kNone, 60.5f, kNone}));
  EXPECT_EQ(variety.text(0), "ADT45");
  EXPECT_EQ(variety.text(2), "");
  EXPECT_EQ(age.text(0), "45");
  EXPECT_EQ(age.text(2), "60.5");
  EXPECT_EQ(age.text(3), "");
}

TEST_F(Targets, TheLabelIsTheFirstOfAll) {
  table();
  const Dataset dataset = load();
  const std::vector<Target> all = dataset.targets();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "label");
  EXPECT_EQ(all[0].vocab, dataset.vocab);
  for (std::size_t i = 0; i < dataset.items.size(); ++i) {
    EXPECT_EQ(all[0].values[i], static_cast<float>(dataset.items[i].target));
  }
  EXPECT_EQ(all[1].name, "variety");
  EXPECT_EQ(all[2].name, "age");
}

TEST_F(Targets, RowsWithoutAValueAreKeptAndTold) {
  table();
  const Dataset dataset = load();
  EXPECT_THAT(
      dataset.warnings,
      ElementsAre(
          HasSubstr("train.csv: 1 rows have no variety and do not count where it is learnt: line 4"),
          HasSubstr("train.csv: 2 rows have no age and do not count where it is learnt: line 5, line 2")));
}

TEST_F(Targets, TheColumnsStayForFiltering) {
  table();
  const Dataset dataset = load();
  EXPECT_THAT(dataset.column_names, ElementsAre("variety", "age"));
  EXPECT_EQ(dataset.columns[1][0], "45");
}

TEST_F(Targets, NothingFurtherIsLearntUnlessItIsAskedFor) {
  table();
  options_.label_columns = {"label"};
  options_.regression_columns = {};
  EXPECT_THAT(load().further_targets, IsEmpty());
}

TEST_F(Targets, ASubsetKeepsTheClassesThatAreLeft) {
  table();
  options_.subset.classes = {"blast"};
  const Dataset dataset = load();
  EXPECT_THAT(dataset.further_targets[0].vocab, ElementsAre("IR20"));
  EXPECT_THAT(dataset.further_targets[0].values, values({kNone, 0}));
  EXPECT_THAT(dataset.further_targets[1].values, values({60.5f, kNone}));
  EXPECT_TRUE(dataset.further_targets[1].isNumber());
}

TEST_F(Targets, ATargetWithoutAnyValueIsRefused) {
  table();
  options_.subset.classes = {"normal"};
  EXPECT_THAT(message(), HasSubstr("no photo has a value in column 'age'"));
  options_.subset.classes = {};
  table("1.jpg,blast,,5\n2.jpg,blast,,6\n");
  EXPECT_THAT(message(), HasSubstr("no photo has a value in column 'variety'"));
}

TEST_F(Targets, WhatIsNoNumberIsNamedWithItsLine) {
  table("1.jpg,blast,ADT45,45\n2.jpg,blast,ADT45,6 weeks\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:3: age: '6 weeks' is not a number; mend it"));
  table("1.jpg,blast,ADT45,inf\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:2: age: 'inf' is not a number"));
  table("1.jpg,blast,ADT45,1e99\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:2: age: '1e99' is not a number"));
}

TEST_F(Targets, NumbersMayBeLearntAsClasses) {
  table();
  options_.regression_columns = {};
  EXPECT_THAT(load().further_targets[1].vocab, ElementsAre("45", "60.5", "NA"));
}

TEST_F(Targets, AMissingColumnIsNamedWithThoseThatThereAre) {
  table();
  options_.label_columns = {"label", "weight"};
  options_.regression_columns = {};
  EXPECT_THAT(
      message(),
      HasSubstr("train.csv:1: has no column 'weight'; its columns are image_id, label, variety, age"));
}

TEST(ReadNumber, TakesWhatTablesWrite) {
  EXPECT_EQ(readNumber("45"), 45.0f);
  EXPECT_EQ(readNumber("+1.5"), 1.5f);
  EXPECT_EQ(readNumber("-2e3"), -2000.0f);
  for (const char* missing : {"", "nan", "NaN", "NA", "n/a", "NULL"})
    EXPECT_TRUE(std::isnan(readNumber(missing))) << missing;
  for (const char* wrong : {"4 5", "x", "+", "1,5", "-", "0x10"})
    EXPECT_THROW(readNumber(wrong), Error) << wrong;
}

TEST(LabelColumns, EveryProblemIsSaid) {
  const auto problems = [](std::vector<std::string> labels, std::vector<std::string> numbers) {
    DataOptions options;
    options.label_columns = std::move(labels);
    options.regression_columns = std::move(numbers);
    return check(options);
  };
  EXPECT_THAT(problems({"label"}, {}), IsEmpty());
  EXPECT_THAT(problems({"label", "variety", "age"}, {"age"}), IsEmpty());
  EXPECT_THAT(problems({}, {}), ElementsAre(HasSubstr("label_columns is empty")));
  EXPECT_THAT(problems({"label", "label"}, {}), ElementsAre(HasSubstr("names 'label' twice")));
  EXPECT_THAT(problems({"label", ""}, {}), ElementsAre(HasSubstr("an empty name")));
  EXPECT_THAT(problems({"label", "image_id"}, {}),
              ElementsAre(HasSubstr("names the image column 'image_id'")));
  EXPECT_THAT(problems({"age"}, {"age"}), ElementsAre(HasSubstr("the first label column must be a class")));
  EXPECT_THAT(problems({"label", "age"}, {"agee"}), ElementsAre(HasSubstr("did you mean 'age'?")));
  EXPECT_THAT(problems({"label"}, {"weight"}),
              ElementsAre(HasSubstr("not among label_columns; add it there")));
}

}  // namespace
}  // namespace panicle
