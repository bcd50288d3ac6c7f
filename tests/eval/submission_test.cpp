#include "core/eval/submission.h"

#include <gmock/gmock.h>

#include <limits>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

// Of two classes; the id's turn decides: blast, rust, blast ...
Predictions predictionsFor(const std::vector<std::string>& ids) {
  Predictions predictions{
      .vocab = {"blast", "rust"}, .ids = ids, .paths = ids, .probabilities = {}, .targets = {}, .losses = {}};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const float rust = i % 2 == 0 ? 0.25f : 0.75f;
    predictions.probabilities.insert(predictions.probabilities.end(), {1 - rust, rust});
    predictions.targets.push_back(-1);
    predictions.losses.push_back(0);
  }
  return predictions;
}

class SubmissionTest : public ::testing::Test {
 protected:
  Submission make(const std::vector<std::string>& ids, const std::string& sample) {
    writeAtomically(folder_ / "sample.csv", sample);
    return makeSubmission(predictionsFor(ids), folder_ / "sample.csv");
  }

  TempFolder folder_;
};

TEST_F(SubmissionTest, KeepsTheSamplesHeaderAndOrder) {
  const Submission submission =
      make({"1.jpg", "2.jpg", "3.jpg"}, "image_id,label\n3.jpg,\n2.jpg,x\n1.jpg,\n");
  EXPECT_THAT(submission.problems, IsEmpty());
  writeSubmission(submission, folder_ / "out.csv");
  EXPECT_EQ(readText(folder_ / "out.csv"), "image_id,label\n3.jpg,blast\n2.jpg,rust\n1.jpg,blast\n");
}

TEST_F(SubmissionTest, FurtherColumnsStayAndTheLastIsTheLabel) {
  const Submission submission = make({"1.jpg"}, "id,usage,label\r\n1.jpg,\"a,b\",\r\n");
  EXPECT_THAT(submission.rows, ElementsAre(ElementsAre("1.jpg", "a,b", "blast")));
}

TEST_F(SubmissionTest, IdsMatchByFileNameOrWithoutExtension) {
  EXPECT_THAT(make({"test/1.jpg", "test/2.jpg"}, "id,label\n1.jpg,\n2.jpg,\n").problems, IsEmpty());
  EXPECT_THAT(make({"test/1.jpg", "test/2.jpg"}, "id,label\n2,\n1,\n").problems, IsEmpty());
  EXPECT_THAT(make({"1", "2"}, "id,label\ntest_images/2.png,\ntest_images/1.png,\n").problems, IsEmpty());
}

TEST_F(SubmissionTest, AnExactIdIsPreferredToAFileName) {
  const Submission submission = make({"1.jpg", "more/1.jpg"}, "id,label\nmore/1.jpg,\n1.jpg,\n");
  EXPECT_THAT(submission.problems, IsEmpty());
  EXPECT_THAT(submission.rows, ElementsAre(ElementsAre("more/1.jpg", "rust"), ElementsAre("1.jpg", "blast")));
}

TEST_F(SubmissionTest, AFileNameThatFitsTwoPredictionsFitsNone) {
  const Submission submission = make({"a/1.jpg", "b/1.jpg"}, "id,label\n1.jpg,\n");
  EXPECT_THAT(submission.problems,
              ElementsAre(HasSubstr("no prediction: '1.jpg'"), HasSubstr("'a/1.jpg', 'b/1.jpg'")));
}

TEST_F(SubmissionTest, EveryProblemIsToldWithExamples) {
  EXPECT_THAT(make({"1.jpg"}, "id,label\n1.jpg,\n2.jpg,\n3.jpg,\n4.jpg,\n5.jpg,\n").problems,
              ElementsAre(AllOf(HasSubstr("4 ids of the sample have no prediction"),
                                HasSubstr("'2.jpg', '3.jpg', '4.jpg' and 1 more"))));
  EXPECT_THAT(make({"1.jpg", "2.jpg"}, "id,label\n1.jpg,\n").problems,
              ElementsAre(AllOf(HasSubstr("1 prediction is not asked for"), HasSubstr("'2.jpg'"))));
  EXPECT_THAT(make({"1.jpg"}, "id,label\n1.jpg,\n1.jpg,\n").problems,
              ElementsAre(HasSubstr("more than once for 1 image: '1.jpg'")));
  EXPECT_THAT(make({"1.jpg"}, "id,label\n1.jpg,\n1,\n").problems, ElementsAre(HasSubstr("more than once")));
  EXPECT_THAT(make({"1.jpg", "1.jpg"}, "id,label\n1.jpg,\n").problems,
              ::testing::Contains(HasSubstr("the predictions hold 1 id more than once")));
  EXPECT_THAT(make({"1.jpg"}, "id,label\n").problems, ElementsAre(HasSubstr("asks for no image")));
  EXPECT_THAT(make({"1.jpg"}, "id\n1.jpg\n").problems, ElementsAre(HasSubstr("no label column")));
}

TEST_F(SubmissionTest, ADivergedRunIsRefused) {
  writeAtomically(folder_ / "sample.csv", "id,label\n1.jpg,\n");
  Predictions predictions = predictionsFor({"1.jpg"});
  predictions.probabilities[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(makeSubmission(predictions, folder_ / "sample.csv").problems,
              ElementsAre(HasSubstr("not a number: '1.jpg'")));
}

TEST_F(SubmissionTest, WithAProblemNothingIsWritten) {
  const Submission submission = make({"1.jpg"}, "id,label\n2.jpg,\n");
  try {
    writeSubmission(submission, folder_ / "out.csv");
    FAIL() << "was written";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("out.csv"), HasSubstr("'2.jpg'"), HasSubstr("'1.jpg'")));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.csv"));
}

}  // namespace
}  // namespace panicle
