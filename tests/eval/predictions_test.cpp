#include "core/eval/predictions.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/base/file.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

Predictions small() {
  return {.vocab = {"blast", "rust, brown"},
          .ids = {"a.jpg", "folder/b \"2\".jpg", "c.jpg"},
          .paths = {"train/a.jpg", "train/folder/b \"2\".jpg", "train/c.jpg"},
          .probabilities = {0.25f, 0.75f, 0.5f, 0.5f, 1.0f, 0.0f},
          .targets = {1, -1, 0},
          .losses = {0.28768f, 0.0f, 0.0f}};
}

TEST(Predictions, TheFirstOfEqualsIsPredicted) {
  const Predictions predictions = small();
  EXPECT_EQ(predictions.predicted(0), 1);
  EXPECT_EQ(predictions.predicted(1), 0);
  EXPECT_EQ(predictions.predicted(2), 0);
}

TEST(Predictions, RoundTripKeepsNamesLabelsAndTheUnlabelled) {
  const TempFolder folder;
  EXPECT_FALSE(hasPredictions(folder.path(), "valid"));
  writePredictions(folder.path(), "valid", small());
  EXPECT_TRUE(hasPredictions(folder.path(), "valid"));
  const Predictions read = readPredictions(folder.path(), "valid");
  EXPECT_EQ(read.vocab, small().vocab);
  EXPECT_EQ(read.ids, small().ids);
  EXPECT_EQ(read.paths, small().paths);
  EXPECT_EQ(read.probabilities, small().probabilities);
  EXPECT_EQ(read.targets, small().targets);
  EXPECT_EQ(read.losses, small().losses);
}

TEST(Predictions, EveryKindOfFloatComesBackBitForBit) {
  const TempFolder folder;
  Predictions predictions{
      .vocab = {"x"}, .ids = {}, .paths = {}, .probabilities = {}, .targets = {}, .losses = {}};
  std::mt19937 bits(7);
  const std::vector<float> special{0.0f,
                                   1.0f,
                                   std::numeric_limits<float>::denorm_min(),
                                   std::numeric_limits<float>::min(),
                                   std::numeric_limits<float>::max(),
                                   std::nextafter(1.0f, 0.0f)};
  for (int i = 0; i < 2000; ++i) {
    float value = 0;
    if (i < static_cast<int>(special.size())) {
      value = special[static_cast<std::size_t>(i)];
    } else {
      const std::uint32_t pattern = bits() & 0x7FFFFFFFu;
      std::memcpy(&value, &pattern, sizeof value);
    }
    if (std::isnan(value)) continue;
    predictions.ids.push_back(std::to_string(i));
    predictions.paths.push_back(std::to_string(i));
    predictions.probabilities.push_back(value);
    predictions.targets.push_back(0);
    predictions.losses.push_back(value);
  }
  writePredictions(folder.path(), "valid", predictions);
  const Predictions read = readPredictions(folder.path(), "valid");
  ASSERT_EQ(read.size(), predictions.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(std::memcmp(&read.probabilities[i], &predictions.probabilities[i], sizeof(float)), 0)
        << predictions.probabilities[i];
    EXPECT_EQ(std::memcmp(&read.losses[i], &predictions.losses[i], sizeof(float)), 0)
        << predictions.losses[i];
  }
}

TEST(Predictions, ATableAloneIsRead) {
  const TempFolder folder;
  writeAtomically(folder / "mine.csv", "image_id,a,b\n1.jpg,0.25,0.75\n");
  const Predictions read = readPredictionTable(folder / "mine.csv");
  EXPECT_EQ(read.vocab, (Vocab{"a", "b"}));
  EXPECT_EQ(read.ids, (std::vector<std::string>{"1.jpg"}));
  EXPECT_EQ(read.paths, read.ids);
  EXPECT_EQ(read.probabilities, (std::vector<float>{0.25f, 0.75f}));
  EXPECT_EQ(read.targets, (std::vector<int>{-1}));
}

// Tables without a quote are read another way than those with one; both ways say the same.
TEST(Predictions, PlainTablesAreReadAsQuotedOnes) {
  const TempFolder folder;
  const std::string plain = "image_id,a,b\r\n1.jpg,0.25,1e-3\r\n\r\nx/2.jpg,nan,-0.5";
  writeAtomically(folder / "plain.csv", plain);
  writeAtomically(folder / "quoted.csv", "\"image_id\",a,\"b\"\n\"1.jpg\",0.25,\"1e-3\"\nx/2.jpg,nan,-0.5\n");
  const Predictions a = readPredictionTable(folder / "plain.csv"), b = readPredictionTable(folder / "quoted.csv");
  EXPECT_EQ(a.vocab, b.vocab);
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.ids, (std::vector<std::string>{"1.jpg", "x/2.jpg"}));
  ASSERT_EQ(a.probabilities.size(), 4u);
  EXPECT_EQ(std::memcmp(a.probabilities.data(), b.probabilities.data(), 2 * sizeof(float)), 0);
  EXPECT_TRUE(std::isnan(a.probabilities[2]) && std::isnan(b.probabilities[2]));
  EXPECT_EQ(a.probabilities[3], -0.5f);
  for (const std::string wrong : {"image_id,a,b\n1.jpg,0.5\n", "image_id,a,b\n1.jpg,0.5,0.5,1\n", "image_id,a,b\n1.jpg,0.5,0.5x\n", "image_id,a,b\n1.jpg,,0.5\n"}) {
    writeAtomically(folder / "wrong.csv", wrong);
    EXPECT_THAT(message([&] { readPredictionTable(folder / "wrong.csv"); }), HasSubstr("wrong.csv:2")) << wrong;
  }
}

TEST(Predictions, WhatIsWrongIsNamedWithFileAndLine) {
  const TempFolder folder;
  writeAtomically(folder / "bad.csv", "image_id,a,b\n1.jpg,0.25,0.75\n2.jpg,0.5,half\n");
  EXPECT_THAT(message([&] { readPredictionTable(folder / "bad.csv"); }),
              AllOf(HasSubstr("bad.csv:3"), HasSubstr("'half'")));
  writeAtomically(folder / "header.csv", "id,a,b\n1.jpg,0.25,0.75\n");
  EXPECT_THAT(message([&] { readPredictionTable(folder / "header.csv"); }),
              AllOf(HasSubstr("header.csv:1"), HasSubstr("image_id")));
  EXPECT_THAT(message([&] { readPredictions(folder.path(), "absent"); }), HasSubstr("absent_preds.csv"));

  writePredictions(folder.path(), "valid", small());
  writeAtomically(folder / "valid_items.csv",
                  "image_id,path,label,loss\na.jpg,a.jpg,blast,1\nz.jpg,z.jpg,,\nc.jpg,c.jpg,blast,1\n");
  EXPECT_THAT(message([&] { readPredictions(folder.path(), "valid"); }),
              AllOf(HasSubstr("valid_items.csv:3"), HasSubstr("'z.jpg'")));
  writeAtomically(folder / "valid_items.csv", "image_id,path,label,loss\na.jpg,a.jpg,blast,1\n");
  EXPECT_THAT(message([&] { readPredictions(folder.path(), "valid"); }), HasSubstr("1 rows"));
  writeAtomically(folder / "valid_items.csv",
                  "image_id,path,label,loss\na.jpg,a.jpg,wilt,1\nfolder/b \"2\".jpg,b,,\nc.jpg,c,blast,1\n");
  EXPECT_THAT(message([&] { readPredictions(folder.path(), "valid"); }),
              AllOf(HasSubstr("valid_items.csv:2"), HasSubstr("'wilt'")));
}

}  // namespace
}  // namespace panicle
