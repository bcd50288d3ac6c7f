#include "core/eval/submission.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <random>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/eval/provenance.h"
#include "core/weights/sha256.h"
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

// Line ends, quotes, blank lines, a byte order mark and further columns are none of our business.
TEST_F(SubmissionTest, AllButTheLabelsStaysByteForByte) {
  const std::string sample = "\xEF\xBB\xBFimage_id,\"usage\",label\r\n1.jpg,\"a,\"\"b\"\"\",\r\n\r\n2.jpg, x ,\"old\"\r\n3.jpg,,normal";
  const Submission submission = make({"1.jpg", "2.jpg", "3.jpg"}, sample);
  ASSERT_THAT(submission.problems, IsEmpty());
  writeSubmission(submission, folder_ / "out.csv");
  EXPECT_EQ(readText(folder_ / "out.csv"),
            "\xEF\xBB\xBFimage_id,\"usage\",label\r\n1.jpg,\"a,\"\"b\"\"\",blast\r\n\r\n2.jpg, x ,\"rust\"\r\n3.jpg,,blast");
}

TEST_F(SubmissionTest, LabelsThatNeedQuotesGetThem) {
  Predictions predictions = predictionsFor({"1.jpg"});
  predictions.vocab = {"blast, \"late\"", "rust"};
  writeAtomically(folder_ / "sample.csv", "id,label\n1.jpg,\n");
  writeSubmission(makeSubmission(predictions, folder_ / "sample.csv"), folder_ / "out.csv");
  EXPECT_EQ(readText(folder_ / "out.csv"), "id,label\n1.jpg,\"blast, \"\"late\"\"\"\n");
}

TEST_F(SubmissionTest, AWrongHeaderIsNamed) {
  EXPECT_THAT(make({"1.jpg"}, "1.jpg,\n1.jpg,\n").problems, ::testing::Contains(HasSubstr("'1.jpg' is an image; its first line must name the columns")));
  EXPECT_THAT(make({"1.jpg"}, "id,\n1.jpg,\n").problems, ElementsAre(HasSubstr("no name for column 2")));
  EXPECT_THAT(make({"1.jpg"}, "id,label,label\n1.jpg,,\n").problems, ElementsAre(HasSubstr("names the column 'label' twice")));
  EXPECT_THAT(make({"1.jpg"}, "label,image_id\n,1.jpg\n").problems, ::testing::Contains(HasSubstr("has the ids in column 'image_id'")));
}

TEST_F(SubmissionTest, AnUnknownLabelIsNamed) {
  writeAtomically(folder_ / "sample.csv", "id,label\n1.jpg,\n2.jpg,\n");
  const auto problems = [&](const Vocab& labels) { return makeSubmission(predictionsFor({"1.jpg", "2.jpg"}), folder_ / "sample.csv", labels).problems; };
  EXPECT_THAT(problems({"blast", "rust"}), IsEmpty());
  EXPECT_THAT(problems({"blast", "rusty"}), ElementsAre(AllOf(HasSubstr("'rust', the label of '2.jpg'"), HasSubstr("did you mean 'rusty'?"))));
}

TEST_F(SubmissionTest, LabelsComeFromTheTableBesideTheSample) {
  writeAtomically(folder_ / "sample.csv", "id,label\n1.jpg,\n");
  EXPECT_THAT(labelsBeside(folder_ / "sample.csv"), IsEmpty());
  writeAtomically(folder_ / "train.csv", "image_id,label,variety\na,tungro,X\nb,blast,Y\nc,tungro,X\nd,,X\n");
  EXPECT_THAT(labelsBeside(folder_ / "sample.csv"), ElementsAre("blast", "tungro"));
  writeAtomically(folder_ / "sample.csv", "id,disease\n1.jpg,\n");
  EXPECT_THAT(labelsBeside(folder_ / "sample.csv"), IsEmpty());
}

TEST_F(SubmissionTest, AFinishedFileIsCheckedAgainstTheSample) {
  writeAtomically(folder_ / "sample.csv", "id,label\n1.jpg,\n2.jpg,\n3.jpg,\n");
  const auto problems = [&](const std::string& text) {
    writeAtomically(folder_ / "out.csv", text);
    return submissionProblems(folder_ / "out.csv", folder_ / "sample.csv", {"blast", "rust"});
  };
  EXPECT_THAT(problems("id,label\n1.jpg,blast\n2.jpg,rust\n3.jpg,rust\n"), IsEmpty());
  EXPECT_THAT(problems("image_id,label\n1.jpg,blast\n2.jpg,rust\n3.jpg,rust\n"), ElementsAre(AllOf(HasSubstr("'image_id,label'"), HasSubstr("'id,label'"))));
  EXPECT_THAT(problems("id,label\n1.jpg,blast\n2.jpg,rust\n"), ElementsAre(HasSubstr("there are 2 rows, and the sample has 3"), HasSubstr("missing: '3.jpg'")));
  EXPECT_THAT(problems("id,label\n1.jpg,blast\n2.jpg,rust\n4.jpg,rust\n"), ElementsAre(HasSubstr("missing: '3.jpg'"), HasSubstr("not asked for by the sample: '4.jpg'")));
  EXPECT_THAT(problems("id,label\n1.jpg,blast\n2.jpg,rust\n2.jpg,rust\n3.jpg,rust\n"), ElementsAre(HasSubstr("4 rows"), HasSubstr("more than once: '2.jpg'")));
  EXPECT_THAT(problems("id,label\n1.jpg,blast\n2.jpg,nan\n3.jpg,rust\n"), ElementsAre(AllOf(HasSubstr("NaN"), HasSubstr("'2.jpg'"))));
  EXPECT_THAT(problems("id,label\n1.jpg,blast\n2.jpg,\n3.jpg,rust\n"), ElementsAre(HasSubstr("1 image has no label: '2.jpg'")));
  EXPECT_THAT(problems("id,label\n1.jpg,blast\n2.jpg,wilt\n3.jpg,rust\n"), ElementsAre(HasSubstr("'wilt', the label of '2.jpg'")));
}

TEST_F(SubmissionTest, TheProvenanceStandsBeside) {
  Submission submission = make({"1.jpg", "2.jpg", "3.jpg"}, "id,label\n1.jpg,\n2.jpg,\n3.jpg,\n");
  submission.made_from = {{"kind", "run"}, {"run", "7"}};
  writeSubmission(submission, folder_ / "out.csv");
  const Json written = readJson(folder_ / "out.provenance.json");
  EXPECT_EQ(written["rows"], 3);
  EXPECT_EQ(written["labels"], (Json{{"blast", 2}, {"rust", 1}}));
  EXPECT_EQ(written["made_from"]["run"], "7");
  EXPECT_EQ(written["sha256"], sha256OfFile(folder_ / "out.csv"));
  EXPECT_EQ(written["sample"]["sha256"], sha256OfFile(folder_ / "sample.csv"));
  EXPECT_EQ(describeTable(folder_ / "out.csv")["provenance"]["made_from"]["run"], "7");
  writeAtomically(folder_ / "out.csv", "another\n");
  EXPECT_FALSE(describeTable(folder_ / "out.csv").contains("provenance")) << "it is of another file";
}

// The whole competition: every row of the real file, whose lines end as Windows writes them.
TEST_F(SubmissionTest, TheRealSampleStaysByteForByteButForTheLabels) {
  PANICLE_NEEDS_SHARED_DATA("paddy_doctor_sample/sample_submission.csv");
  const auto sample = testing::sharedData("paddy_doctor_sample/sample_submission.csv");
  const std::string text = readText(sample);
  std::vector<std::string> ids;
  for (int i = 200001; i <= 203469; ++i) ids.push_back(std::to_string(i) + ".jpg");
  std::shuffle(ids.begin(), ids.end(), std::mt19937(3));
  const Predictions predictions = predictionsFor(ids);
  const Submission submission = makeSubmission(predictions, sample);
  ASSERT_THAT(submission.problems, IsEmpty());
  EXPECT_EQ(submission.rows.size(), 3469u);
  writeSubmission(submission, folder_ / "out.csv");
  std::string written = readText(folder_ / "out.csv");
  for (const std::string label : {"blast", "rust"}) {
    for (std::size_t at = written.find("," + label + "\r\n"); at != std::string::npos; at = written.find("," + label + "\r\n", at)) written.erase(at + 1, label.size());
  }
  EXPECT_EQ(written, text);
  EXPECT_THAT(submissionProblems(folder_ / "out.csv", sample, {"blast", "rust"}), IsEmpty());
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
