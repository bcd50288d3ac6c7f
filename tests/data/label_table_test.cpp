// Data sets whose labels come from a CSV.
#include <gmock/gmock.h>

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
using testing::TempFolder;

class LabelTable : public ::testing::Test {
 protected:
  void images(std::initializer_list<const char*> names) {
    for (const char* name : names) testing::writeBytes(folder_ / name, {});
  }
  void table(const std::string& name, const std::string& text) { writeAtomically(folder_ / name, text); }

  Dataset load() {
    options_.root = folder_.path().string();
    return loadDataset(options_);
  }

  std::string message() {
    try {
      load();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  // "path=label(id)" of every item.
  static std::vector<std::string> labelled(const Dataset& dataset) {
    std::vector<std::string> all;
    for (const auto& item : dataset.items) {
      all.push_back(item.path + "=" + dataset.vocab[static_cast<std::size_t>(item.target)] + "(" + item.id +
                    ")");
    }
    return all;
  }

  TempFolder folder_;
  DataOptions options_;
};

TEST_F(LabelTable, PaddyDoctor) {
  images({"train_images/tungro/100.jpg", "train_images/blast/200.jpg", "train_images/blast/150.jpg",
          "test_images/1.jpg"});
  table("train.csv",
        "image_id,label,variety,age\r\n150.jpg,blast,ADT45,45\r\n100.jpg,tungro,IR20,50\r\n200.jpg,blast,"
        "Surya,\r\n");
  table("sample_submission.csv", "image_id,label\r\n1.jpg,\r\n");
  const Dataset dataset = load();
  EXPECT_EQ(dataset.layout, "Paddy Doctor (train.csv, train_images/)");
  EXPECT_THAT(dataset.vocab, ElementsAre("blast", "tungro"));
  EXPECT_THAT(labelled(dataset), ElementsAre("train_images/blast/150.jpg=blast(150.jpg)",
                                             "train_images/blast/200.jpg=blast(200.jpg)",
                                             "train_images/tungro/100.jpg=tungro(100.jpg)"));
  EXPECT_THAT(dataset.column_names, ElementsAre("variety", "age"));
  EXPECT_THAT(dataset.columns,
              ElementsAre(ElementsAre("ADT45", "Surya", "IR20"), ElementsAre("45", "", "50")));
  EXPECT_EQ(dataset.column("age"), 1u);
  EXPECT_EQ(dataset.column("colour"), std::nullopt);
  EXPECT_EQ(dataset.test.size(), 1u);
  EXPECT_TRUE(dataset.sample_submission);
  EXPECT_THAT(dataset.warnings, IsEmpty());
}

TEST_F(LabelTable, CassavaIsFoundByItsSplitColumn) {
  images({"train_images/1.jpg", "train_images/2.jpg", "train_images/3.jpg"});
  table("folds.csv", "image_id,label,is_val\n3.jpg,4,True\n1.jpg,0,False\n2.jpg,4,False\n");
  table("notes.csv", "image_id,label\n1.jpg,wrong\n");
  const Dataset dataset = load();
  EXPECT_EQ(dataset.layout, "Cassava (folds.csv with is_val, train_images/)");
  EXPECT_THAT(labelled(dataset), ElementsAre("train_images/1.jpg=0(1.jpg)", "train_images/2.jpg=4(2.jpg)",
                                             "train_images/3.jpg=4(3.jpg)"));
  EXPECT_THAT(dataset.columns, ElementsAre(ElementsAre("False", "False", "True")));
  table("more.csv", "image_id,label,is_val\n1.jpg,0,0\n");
  EXPECT_THAT(message(),
              HasSubstr("holds several label tables (folds.csv, more.csv); say which with data.csv"));
  options_.csv = "more.csv";
  EXPECT_THAT(labelled(load()), ElementsAre("train_images/1.jpg=0(1.jpg)"));
}

TEST_F(LabelTable, TheRootMayBeTheTable) {
  images({"photos/1.jpg", "photos/2.jpg"});
  table("mine.csv", "file,kind\n1,a\n2,b\n");
  options_.root = (folder_ / "mine.csv").string();
  options_.image_column = "file";
  options_.label_columns = {"kind"};
  const Dataset dataset = loadDataset(options_);
  EXPECT_EQ(dataset.root, folder_.path());
  EXPECT_EQ(dataset.layout, "label table (mine.csv, images in the folder itself)");
  EXPECT_THAT(labelled(dataset), ElementsAre("photos/1.jpg=a(1)", "photos/2.jpg=b(2)"));
}

TEST_F(LabelTable, ImagesAreFoundHoweverTheyAreWritten) {
  images({"train_images/blast/100.jpg", "train_images/tungro/100.jpg", "train_images/tungro/a.b.png",
          "train_images/7.jpg", "train_images/deep/er/8.jpg", "train_images/x/9.jpg", "train_images/x/10.jpg",
          "train_images/x/11.jpg", "train_images/x/12.JPG", "train_images/x/13.jpg"});
  table("train.csv",
        "image_id,label\n"
        "tungro/100.jpg,t\n"  // a path
        "100.jpg,blast\n"     // in the folder of its label
        "a.b,t\n"             // without its extension
        "7.jpg,t\n"           // in the folder itself
        "8,t\n"               // deep down
        "./x/9.jpg,t\n"
        "train_images/x/10.jpg,t\n"                      // below the root
        "/kaggle/input/paddy/train_images/x/11.jpg,t\n"  // on another machine
        "x/12,t\n"
        "x\\13.jpg,t\n");  // from Windows
  const Dataset dataset = load();
  EXPECT_EQ(dataset.items.size(), 10u);
  EXPECT_THAT(dataset.warnings, IsEmpty());
  EXPECT_THAT(labelled(dataset), ::testing::Contains("train_images/blast/100.jpg=blast(100.jpg)"));
  EXPECT_THAT(labelled(dataset), ::testing::Contains("train_images/tungro/a.b.png=t(a.b)"));
}

TEST_F(LabelTable, AnAmbiguousNameNamesBothFiles) {
  images({"train_images/a/1.jpg", "train_images/b/1.jpg", "train_images/c/2.jpg", "train_images/c/2.png"});
  table("train.csv", "image_id,label\n\n1.jpg,x\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:3: '1.jpg' can be a/1.jpg or b/1.jpg"));
  table("train.csv", "image_id,label\n2,x\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:2: '2' can be c/2.jpg or c/2.png"));
  table("train.csv", "image_id,label\nc/2,x\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:2: 'c/2' can be c/2.jpg or c/2.png"));
  table("train.csv", "image_id,label\nc/2.png,x\n");
  EXPECT_THAT(labelled(load()), ElementsAre("train_images/c/2.png=x(c/2.png)"));
}

TEST_F(LabelTable, RowsWithoutAFileAndFilesWithoutARowAreTold) {
  images({"train_images/1.jpg", "train_images/2.jpg", "train_images/3.jpg"});
  table("train.csv", "image_id,label\n1.jpg,a\n11.jpg,a\n12.jpg,a\n13.jpg,a\n14.jpg,a\n2.jpg,\n");
  const auto warnings = load().warnings;
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_THAT(
      warnings[0],
      HasSubstr("train.csv: 4 rows name an image that is not there and were left out: line 3 (11.jpg), "
                "line 4 (12.jpg), line 5 (13.jpg), ..."));
  EXPECT_THAT(warnings[1], HasSubstr("train.csv: 1 rows have no label and were left out: line 7 (2.jpg)"));
  EXPECT_THAT(warnings[2],
              HasSubstr("train_images: 2 images have no row in train.csv and were left out: 2.jpg, 3.jpg"));
}

TEST_F(LabelTable, RepeatedRows) {
  images({"train_images/1.jpg", "train_images/2.jpg"});
  table("train.csv", "image_id,label,age\n1.jpg,a,5\n2.jpg,b,6\n1.jpg,a,5\n2.jpg,b,7\n1,a,5\n");
  const Dataset dataset = load();
  EXPECT_EQ(dataset.items.size(), 2u);
  EXPECT_THAT(dataset.columns[0], ElementsAre("5", "6"));
  ASSERT_EQ(dataset.warnings.size(), 2u);
  EXPECT_THAT(dataset.warnings[0],
              HasSubstr("1 rows repeat an earlier one and were left out: line 4 (1.jpg)"));
  EXPECT_THAT(dataset.warnings[1],
              HasSubstr("2 rows repeat an earlier image with other values; the earlier ones count: "
                        "line 5 (2.jpg), line 6 (1)"));
  table("train.csv", "image_id,label\n1.jpg,a\n2.jpg,a\n1.jpg,b\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:4: '1.jpg' has the label 'b', but 'a' on line 2"));
  table("train.csv", "image_id,label\n1.jpg,a\n1,b\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:3: '1' has the label 'b', but 'a' on line 2"));
}

TEST_F(LabelTable, BlanksAroundIdsAndLabelsDoNotMatter) {
  images({"train_images/1.jpg", "train_images/2.jpg"});
  table("train.csv", "\xEF\xBB\xBF image_id , label \r\n\" 1.jpg \", blast \r\n2.jpg,\"blast \"\r\n");
  EXPECT_THAT(load().vocab, ElementsAre("blast"));
}

TEST_F(LabelTable, ATableThatIsNoLabelTableIsNotUsedByItself) {
  images({"train_images/a/1.jpg"});
  table("train.csv", "step,loss\n1,2\n");
  const Dataset dataset = load();
  EXPECT_EQ(dataset.layout, "class folders in train_images/");
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_THAT(dataset.warnings[0],
              HasSubstr("train.csv has no columns 'image_id' and 'label', so it was not used"));
  options_.csv = "train.csv";
  EXPECT_THAT(message(), HasSubstr("train.csv:1: has no column 'image_id'; its columns are step, loss"));
}

TEST_F(LabelTable, TablesThatLabelNothing) {
  images({"train_images/1.jpg"});
  table("train.csv", "image_id,label\n");
  EXPECT_THAT(message(), HasSubstr("train.csv: has no rows below its header"));
  table("train.csv", "image_id,label\n5.jpg,a\n6.jpg,a\n");
  EXPECT_THAT(message(), HasSubstr("train.csv: none of its 2 rows has a label and an image in " +
                                   (folder_ / "train_images").string() + "; set data.images"));
  table("train.csv", "image_id,label\n1.jpg,a\n,a\n");
  EXPECT_THAT(message(), HasSubstr("train.csv:3: names no image"));
}

TEST_F(LabelTable, SubsetsKeepTheColumnsBesideTheirItems) {
  images({"train_images/1.jpg", "train_images/2.jpg", "train_images/3.jpg"});
  table("train.csv", "image_id,label,age\n1.jpg,a,5\n2.jpg,b,6\n3.jpg,a,7\n");
  options_.subset.classes = {"a"};
  const Dataset dataset = load();
  EXPECT_THAT(labelled(dataset), ElementsAre("train_images/1.jpg=a(1.jpg)", "train_images/3.jpg=a(3.jpg)"));
  EXPECT_THAT(dataset.columns[0], ElementsAre("5", "7"));
}

}  // namespace
}  // namespace panicle
