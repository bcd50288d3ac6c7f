#include "core/data/csv.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

CsvTable read(const std::string& text) {
  const TempFolder folder;
  writeAtomically(folder / "t.csv", text);
  return readCsv(folder / "t.csv");
}

std::string messageOf(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Csv, ReadsHeaderRowsAndLines) {
  const CsvTable table = read("image_id,label\na.jpg,blast\nb.jpg,tungro\n");
  EXPECT_THAT(table.header, ElementsAre("image_id", "label"));
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("a.jpg", "blast"), ElementsAre("b.jpg", "tungro")));
  EXPECT_THAT(table.lines, ElementsAre(2u, 3u));
}

TEST(Csv, LineEndsBomAndAMissingLastEndDoNotMatter) {
  for (const char* text : {"a,b\r\n1,2\r\n3,4\r\n",
                           "\xEF\xBB\xBF"
                           "a,b\n1,2\n3,4",
                           "a,b\r1,2\r3,4", "a,b\r\n1,2\n3,4\r\n\r\n"}) {
    const CsvTable table = read(text);
    EXPECT_THAT(table.header, ElementsAre("a", "b"));
    EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4")));
    EXPECT_THAT(table.lines, ElementsAre(2u, 3u));
  }
}

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLines) {
  const CsvTable table = read("name,label\n\"a, b\",\"say \"\"hi\"\"\"\n\"two\nlines\",x\nlast,y\n");
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("a, b", "say \"hi\""), ElementsAre("two\nlines", "x"),
                                      ElementsAre("last", "y")));
  EXPECT_THAT(table.lines, ElementsAre(2u, 3u, 5u));
}

TEST(Csv, BlankLinesAreSkippedButCounted) {
  const CsvTable table = read("\n\na,b\n\n1,2\n  \n,\n3,\n");
  EXPECT_THAT(table.header, ElementsAre("a", "b"));
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "")));
  EXPECT_THAT(table.lines, ElementsAre(5u, 8u));
}

TEST(Csv, BlanksAroundNamesAndValuesGo) {
  const CsvTable table = read(" image_id , \" label \" ,x\n a.jpg ,\tblast , 1\n");
  EXPECT_THAT(table.header, ElementsAre("image_id", "label", "x"));
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("a.jpg", "blast", "1")));
}

TEST(Csv, ARaggedRowIsAnErrorWithItsLine) {
  EXPECT_THAT(messageOf("a,b\n1,2\n3\n"), HasSubstr("t.csv:3: has 1 fields, but the header has 2"));
  EXPECT_THAT(messageOf("a,b\r\n\r\n1,2,3\r\n"), HasSubstr("t.csv:3: has 3 fields, but the header has 2"));
}

TEST(Csv, AnUnclosedQuoteIsAnErrorWithTheLineWhereItOpens) {
  EXPECT_THAT(messageOf("a,b\n1,2\n\"3,4\n5,6\n7,8\n"),
              HasSubstr("t.csv:3: a quote that opens here is never closed"));
  EXPECT_THAT(messageOf("a,\"b"), HasSubstr("t.csv:1: a quote"));
}

TEST(Csv, FilesThatAreNoTable) {
  EXPECT_THAT(messageOf(""), HasSubstr("t.csv: is empty"));
  EXPECT_THAT(messageOf("\n \r\n"), HasSubstr("t.csv: is empty"));
  EXPECT_THAT(messageOf(std::string("\xFF\xFE"
                                    "a\0,\0",
                                    6)),
              HasSubstr("UTF-16"));
  EXPECT_THAT(read("a,b\n").rows, IsEmpty());
}

TEST(Csv, ColumnsAreFoundByName) {
  const CsvTable table = read("image_id,label,lable\n");
  EXPECT_EQ(table.column("label"), 1u);
  EXPECT_EQ(table.column("Label"), std::nullopt);
  EXPECT_EQ(table.requireColumn("image_id"), 0u);
  try {
    table.requireColumn("image-id");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("t.csv:1: has no column 'image-id'; its columns are image_id, label, lable"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'image_id'?"));
  }
}

TEST(Csv, TheHeaderAloneCanBeRead) {
  const TempFolder folder;
  writeAtomically(folder / "t.csv", "a,b\n\"never closed\n");
  EXPECT_THAT(readCsvHeader(folder / "t.csv"), ElementsAre("a", "b"));
}

TEST(Csv, AnySeparatorsInATableOfMixedFieldsReadBack) {
  const std::vector<std::vector<std::string>> rows{{"plain", "with, comma", "with \"quotes\""},
                                                   {"two\nlines", " blanks ", ""},
                                                   {"", "x", "\ttab"},
                                                   {"稲", "ä,ö", "\r"}};
  std::string text = csvLine({"a", "b", "c"});
  for (const auto& row : rows) text += csvLine(row);
  EXPECT_EQ(read(text).rows, rows);
  EXPECT_EQ(csvLine({"image_id", "a,b", "say \"hi\""}), "image_id,\"a,b\",\"say \"\"hi\"\"\"\n");
}

}  // namespace
}  // namespace panicle
