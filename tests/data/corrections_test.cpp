#include "core/data/corrections.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/content_hash.h"
#include "core/data/split.h"
#include "tests/data/made_images.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message;
using testing::TempFolder;

constexpr const char* kHeader = "image_id,path,old_label,new_label,verdict,when,note\n";

class Corrections : public ::testing::Test {
 protected:
  // Six photos of three classes, one of them in a table's further column.
  Corrections() {
    std::string table = "image_id,label,variety,age\n";
    for (const auto& [name, label] : {std::pair{"a", "blast"}, {"b", "blast"}, {"c", "hispa"}, {"d", "hispa"}, {"e", "tungro"}, {"f", "tungro"}}) {
      testing::writeBytes(folder_ / "train_images" / label / (std::string(name) + ".jpg"), testing::jpegOf(testing::colourful(8, 8)));
      table += std::string(name) + ".jpg," + label + ",ADT45," + std::to_string(name[0]) + "\n";
    }
    writeAtomically(folder_ / "train.csv", table);
    options_.root = folder_.path().string();
    options_.label_columns = {"label", "age"};
    options_.regression_columns = {"age"};
  }

  Dataset load(const std::string& rows) {
    writeAtomically(file_, kHeader + rows);
    options_.corrections = "fixes.csv";
    return loadDataset(options_);
  }

  static std::vector<std::string> labels(const Dataset& dataset) {
    std::vector<std::string> all;
    for (const Item& item : dataset.items) all.push_back(item.id + " " + dataset.vocab[static_cast<std::size_t>(item.target)]);
    return all;
  }

  TempFolder folder_;
  const std::filesystem::path file_ = folder_ / "fixes.csv";
  DataOptions options_;
};

TEST_F(Corrections, LieOverTheDataSetAndLeaveItsFilesAlone) {
  const std::string before = readText(folder_ / "train.csv");
  const Dataset dataset = load(
      "b.jpg,,blast,hispa,relabel,,a hispa mine\n"
      "c.jpg,,hispa,,exclude,,blurred\n"
      "d.jpg,,hispa,,keep,,\n"
      "e.jpg,,tungro,,unsure,,\n"
      "f.jpg,,tungro,,valid,,\n");
  EXPECT_THAT(labels(dataset), ElementsAre("a.jpg blast", "b.jpg hispa", "d.jpg hispa", "e.jpg tungro", "f.jpg tungro"));
  EXPECT_THAT(dataset.vocab, ElementsAre("blast", "hispa", "tungro"));
  EXPECT_THAT(dataset.sides, ElementsAre(Side::Drawn, Side::Drawn, Side::Drawn, Side::Drawn, Side::Valid));
  EXPECT_THAT(dataset.further_targets.at(0).values, ElementsAre('a', 'b', 'd', 'e', 'f')) << "the columns go with their photos";
  ASSERT_TRUE(dataset.corrections);
  EXPECT_EQ(dataset.corrections->rows, 5u);
  EXPECT_EQ(dataset.corrections->relabelled, 1u);
  EXPECT_EQ(dataset.corrections->excluded, 1u);
  EXPECT_EQ(dataset.corrections->moved, 1u);
  EXPECT_EQ(dataset.corrections->checksum, hashOfFile(file_).text());
  EXPECT_THAT(dataset.warnings, IsEmpty());
  EXPECT_EQ(readText(folder_ / "train.csv"), before);
}

TEST_F(Corrections, TheLastRowAboutAPhotoCounts) {
  EXPECT_THAT(labels(load("a.jpg,,blast,hispa,relabel,,\na.jpg,,hispa,tungro,relabel,,\nb.jpg,,blast,,exclude,,\nb.jpg,,blast,,keep,,\n"
                          "c.jpg,,hispa,blast,relabel,,\nc.jpg,,blast,,unsure,,\n")),
              ElementsAre("a.jpg tungro", "b.jpg blast", "c.jpg hispa", "d.jpg hispa", "e.jpg tungro", "f.jpg tungro"));
}

TEST_F(Corrections, AVocabStaysWholeWhenItsLastPhotoGoes) {
  const Dataset dataset = load("a.jpg,,,,exclude,,\nb.jpg,,,,exclude,,\n");
  EXPECT_THAT(dataset.vocab, ElementsAre("blast", "hispa", "tungro"));
  EXPECT_EQ(dataset.items.size(), 4u);
  options_.subset.fraction = 0.5;
  EXPECT_EQ(loadDataset(options_).items.size(), 2u) << "a class without photos gives none to the subset";
}

TEST_F(Corrections, AreTakenBeforeTheSubset) {
  options_.subset.classes = {"hispa"};
  EXPECT_THAT(labels(load("a.jpg,,blast,hispa,relabel,,\nc.jpg,,hispa,tungro,relabel,,\n")), ElementsAre("a.jpg hispa", "d.jpg hispa"));
}

TEST_F(Corrections, RowsThatFitNoLongerAreLeftOutAndNamed) {
  const Dataset dataset = load("z.jpg,,blast,hispa,relabel,,\na.jpg,,tungro,hispa,relabel,,\nb.jpg,,,hispa,relabel,,\n");
  EXPECT_THAT(labels(dataset), ElementsAre("a.jpg blast", "b.jpg hispa", "c.jpg hispa", "d.jpg hispa", "e.jpg tungro", "f.jpg tungro"));
  EXPECT_THAT(dataset.warnings, ElementsAre(AllOf(HasSubstr("fixes.csv: 1 rows name no labelled photo"), HasSubstr("line 2")),
                                            AllOf(HasSubstr("another label than the photo has now"), HasSubstr("line 3"))));
}

TEST_F(Corrections, ErrorsNameFileAndLine) {
  const auto messageOf = [&](const std::string& rows) { return message([&] { load(rows); }); };
  EXPECT_THAT(messageOf("a.jpg,,,,keep,,\nb.jpg,,,hispaa,relabel,,\n"), HasSubstr("fixes.csv:3: there is no class 'hispaa' in the data set; did you mean 'hispa'?"));
  EXPECT_THAT(messageOf("a.jpg,,,,kep,,\n"), HasSubstr("fixes.csv:2: the verdict 'kep' is not known; did you mean 'keep'?"));
  EXPECT_THAT(messageOf("a.jpg,,,,zzzzzzzzzzz,,\n"), HasSubstr("it must be keep, relabel, unsure, exclude, train or valid"));
  EXPECT_THAT(messageOf(",,,,keep,,\n"), HasSubstr("fixes.csv:2: names no image"));
  EXPECT_THAT(messageOf("a.jpg,,blast,,relabel,,\n"), HasSubstr("fixes.csv:2: relabels 'a.jpg' but new_label is empty"));
  EXPECT_THAT(messageOf("a.jpg,keep\n"), HasSubstr("fixes.csv:2: has 2 fields, but the header has 7"));
  std::string all;
  for (const char name : {'a', 'b', 'c', 'd', 'e', 'f'}) all += std::string(1, name) + ".jpg,,,,exclude,,\n";
  EXPECT_THAT(messageOf(all), HasSubstr("excludes every photo"));
  writeAtomically(file_, "image_id,decision\na.jpg,keep\n");
  EXPECT_THAT(message([&] { loadDataset(options_); }), HasSubstr("fixes.csv:1: has no column 'verdict'"));
  options_.corrections = "absent.csv";
  EXPECT_THAT(message([&] { loadDataset(options_); }), HasSubstr("absent.csv"));
}

TEST_F(Corrections, AddedRowsReadBackAndUndoTakesTheLastOff) {
  EXPECT_FALSE(undoCorrection(file_)) << "there is no file";
  addCorrection(file_, {.image_id = "a.jpg", .path = "train_images/blast/a.jpg", .old_label = "blast", .new_label = "hispa",
                        .verdict = LabelVerdict::Relabel, .note = "a \"quoted\", two\nlines"});
  addCorrection(file_, {.image_id = "b.jpg", .verdict = LabelVerdict::Exclude, .when = "2026-11-22T20:45:00Z"});
  const auto rows = readCorrections(file_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].note, "a \"quoted\", two\nlines");
  EXPECT_EQ(rows[0].new_label, "hispa");
  EXPECT_THAT(rows[0].when, ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_EQ(rows[1].when, "2026-11-22T20:45:00Z");
  EXPECT_EQ(rows[1].line, 4u) << "the first row takes two lines";
  const std::string one = readText(file_);
  addCorrection(file_, {.image_id = "c.jpg", .verdict = LabelVerdict::Unsure});
  EXPECT_EQ(undoCorrection(file_)->image_id, "c.jpg");
  EXPECT_EQ(readText(file_), one);
  EXPECT_EQ(undoCorrection(file_)->image_id, "b.jpg");
  EXPECT_EQ(undoCorrection(file_)->image_id, "a.jpg");
  EXPECT_FALSE(undoCorrection(file_));
  EXPECT_EQ(readText(file_), kHeader);
}

TEST_F(Corrections, AFileOfOnesOwnKeepsItsColumns) {
  writeAtomically(file_, "who,verdict,image_id\nann,keep,a.jpg\n");
  addCorrection(file_, {.image_id = "b.jpg", .verdict = LabelVerdict::Exclude});
  EXPECT_EQ(readText(file_), "who,verdict,image_id\nann,keep,a.jpg\n,exclude,b.jpg\n");
  EXPECT_THAT(message([&] { addCorrection(file_, {.image_id = "c.jpg", .verdict = LabelVerdict::Relabel}); }), HasSubstr("new_label is empty"));
  EXPECT_EQ(readCorrections(file_).size(), 2u);
}

TEST(StandingCorrections, AreOneOfTheLabelAndOneOfTheSide) {
  const std::vector<Correction> all{{.image_id = "a", .verdict = LabelVerdict::Exclude},
                                    {.image_id = "b", .verdict = LabelVerdict::Keep},
                                    {.image_id = "a", .verdict = LabelVerdict::Train},
                                    {.image_id = "a", .verdict = LabelVerdict::Keep}};
  std::vector<std::string> standing;
  for (const Correction& each : standingCorrections(all)) standing.push_back(each.image_id + " " + enumName(each.verdict));
  EXPECT_THAT(standing, ElementsAre("b keep", "a train", "a keep"));
}

TEST_F(Corrections, PutPhotosOnASide) {
  const Dataset plain = load("");
  options_.split.valid_pct = 0.5;
  const Split before = splitDataset(plain, options_.split);
  const std::uint32_t trained = before.train[1], validated = before.valid[0];
  const Dataset moved = load(plain.items[trained].id + ",,,,valid,,\n" + plain.items[validated].id + ",,,,train,,\n");
  const Split after = splitDataset(moved, options_.split);
  EXPECT_THAT(after.train, ElementsAre(before.train[0], before.train[2], validated));
  EXPECT_THAT(after.valid, ElementsAre(before.valid[1], before.valid[2], trained));
  options_.split.kind = SplitKind::None;
  EXPECT_THAT(splitDataset(moved, options_.split).valid, IsEmpty());
}

}  // namespace
}  // namespace panicle
