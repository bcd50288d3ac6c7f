// Layouts, class folders and subsets; label tables have a file of their own.
#include "core/data/dataset.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/data/made_images.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

void touch(const std::filesystem::path& path) {
  testing::writeBytes(path, {});
}

std::vector<std::string> pathsOf(const std::vector<Item>& items) {
  std::vector<std::string> paths;
  for (const auto& item : items) paths.push_back(item.path);
  return paths;
}

std::vector<std::string> idsOf(const std::vector<Item>& items) {
  std::vector<std::string> ids;
  for (const auto& item : items) ids.push_back(item.id);
  return ids;
}

std::string messageOf(const DataOptions& options) {
  try {
    loadDataset(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

DataOptions at(const std::filesystem::path& root) {
  DataOptions options;
  options.root = root.string();
  return options;
}

TEST(ClassFolders, UnderTheRoot) {
  const TempFolder folder;
  for (const char* name : {"tungro/2.jpg", "blast/1.jpg", "tungro/1.png", "Zebra/1.jpg", "稲/1.jpg"})
    touch(folder / name);
  const Dataset dataset = loadDataset(at(folder.path()));
  EXPECT_EQ(dataset.layout, "class folders");
  EXPECT_EQ(dataset.root, folder.path());
  EXPECT_THAT(dataset.vocab, ElementsAre("Zebra", "blast", "tungro", "稲"));
  EXPECT_THAT(pathsOf(dataset.items),
              ElementsAre("Zebra/1.jpg", "blast/1.jpg", "tungro/1.png", "tungro/2.jpg", "稲/1.jpg"));
  EXPECT_THAT(idsOf(dataset.items),
              ElementsAre("Zebra/1.jpg", "blast/1.jpg", "tungro/1.png", "tungro/2.jpg", "稲/1.jpg"));
  EXPECT_EQ(dataset.items[3].target, 2);
  EXPECT_THAT(classCounts(dataset), ElementsAre(1u, 1u, 2u, 1u));
  EXPECT_THAT(dataset.test, IsEmpty());
  EXPECT_THAT(dataset.warnings, IsEmpty());
  EXPECT_EQ(dataset.file(dataset.items[0]), folder.path() / "Zebra" / "1.jpg");
}

TEST(ClassFolders, UnderTrainImagesWithATestFolder) {
  const TempFolder folder;
  for (const char* name : {"train_images/b/1.jpg", "train_images/a/1.jpg", "test_images/9.jpg",
                           "test_images/10.jpg", "other/c/1.jpg"}) {
    touch(folder / name);
  }
  writeAtomically(folder / "sample_submission.csv", "image_id,label\n9.jpg,\n10.jpg,\n");
  const Dataset dataset = loadDataset(at(folder.path()));
  EXPECT_EQ(dataset.layout, "class folders in train_images/");
  EXPECT_THAT(pathsOf(dataset.items), ElementsAre("train_images/a/1.jpg", "train_images/b/1.jpg"));
  EXPECT_THAT(idsOf(dataset.items), ElementsAre("a/1.jpg", "b/1.jpg"));
  EXPECT_THAT(pathsOf(dataset.test), ElementsAre("test_images/10.jpg", "test_images/9.jpg"));
  EXPECT_THAT(idsOf(dataset.test), ElementsAre("10.jpg", "9.jpg"));
  EXPECT_EQ(dataset.test[0].target, -1);
  EXPECT_EQ(dataset.sample_submission, folder / "sample_submission.csv");
}

TEST(ClassFolders, TheTestFolderBelowTheRootIsNotAClass) {
  const TempFolder folder;
  for (const char* name : {"a/1.jpg", "test_images/2.jpg", "quiz/3.jpg"}) touch(folder / name);
  EXPECT_THAT(loadDataset(at(folder.path())).vocab, ElementsAre("a", "quiz"));
  DataOptions options = at(folder.path());
  options.test = "quiz/";
  const Dataset dataset = loadDataset(options);
  EXPECT_THAT(dataset.vocab, ElementsAre("a", "test_images"));
  EXPECT_THAT(pathsOf(dataset.test), ElementsAre("quiz/3.jpg"));
}

TEST(ClassFolders, TheLabelIsTheFolderThatHoldsTheImage) {
  const TempFolder folder;
  for (const char* name : {"field1/blast/1.jpg", "field2/blast/1.jpg", "field2/tungro/1.jpg", "loose.jpg"})
    touch(folder / name);
  const Dataset dataset = loadDataset(at(folder.path()));
  EXPECT_THAT(dataset.vocab, ElementsAre("blast", "tungro"));
  EXPECT_THAT(classCounts(dataset), ElementsAre(2u, 1u));
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_THAT(dataset.warnings[0],
              HasSubstr("1 images lie outside the class folders and were left out: loose.jpg"));
}

TEST(ClassFolders, ImagesMayLieElsewhere) {
  const TempFolder folder;
  touch(folder / "photos" / "a" / "1.jpg");
  touch(folder / "project" / "b" / "1.jpg");
  DataOptions options = at(folder / "project");
  options.images = "../photos";
  const Dataset dataset = loadDataset(options);
  ASSERT_EQ(dataset.items.size(), 1u);
  EXPECT_EQ(dataset.items[0].id, "a/1.jpg");
  EXPECT_EQ(dataset.file(dataset.items[0]), folder / "photos" / "a" / "1.jpg");
  options.images = "./b/..";
  EXPECT_THAT(pathsOf(loadDataset(options).items), ElementsAre("b/1.jpg"));
}

TEST(ClassFolders, OtherImageFormatsAreTold) {
  const TempFolder folder;
  for (const char* name : {"a/1.jpg", "a/2.gif", "a/3.HEIC", "a/4.gif", "a/readme.txt"}) touch(folder / name);
  const auto warnings = loadDataset(at(folder.path())).warnings;
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_THAT(warnings[0], HasSubstr("2 files were passed over because Panicle does not read .gif"));
  EXPECT_THAT(warnings[1], HasSubstr("1 files were passed over because Panicle does not read .heic"));
}

TEST(Layout, RootsThatAreNoDataSet) {
  const TempFolder folder;
  touch(folder / "flat" / "1.jpg");
  std::filesystem::create_directory(folder / "empty");
  touch(folder / "photo.jpg");
  EXPECT_THAT(messageOf({}), HasSubstr("no data set is chosen"));
  EXPECT_THAT(messageOf(at(folder / "none")), HasSubstr("none: there is no such folder"));
  EXPECT_THAT(messageOf(at(folder / "empty")), HasSubstr("empty: there is no image"));
  EXPECT_THAT(messageOf(at(folder / "flat")), HasSubstr("flat: the images lie directly in this folder"));
  EXPECT_THAT(messageOf(at(folder / "photo.jpg")),
              HasSubstr("photo.jpg: is neither a folder nor a CSV file"));
  DataOptions options = at(folder.path());
  options.images = "pictures";
  EXPECT_THAT(messageOf(options),
              HasSubstr("data.images: " + (folder / "pictures").string() + " is not a folder"));
  options = at(folder.path());
  options.test = "quiz";
  EXPECT_THAT(messageOf(options), HasSubstr("data.test: "));
  options = at(folder.path());
  options.csv = "labels.csv";
  EXPECT_THAT(messageOf(options), HasSubstr("data.csv: "));
  options = at(folder.path());
  options.label_columns = {"label", "variety"};
  EXPECT_THAT(messageOf(options), HasSubstr("data.label_columns asks for 'variety' beside the label, but no table with "
                                            "the columns 'image_id' and 'label' was found"));
}

TEST(Layout, LoadingCanBeStopped) {
  const TempFolder folder;
  touch(folder / "a" / "1.jpg");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(loadDataset(at(folder.path()), stop.get_token()), Cancelled);
}

class Subset : public ::testing::Test {
 protected:
  Subset() {
    for (int i = 0; i < 40; ++i) {
      const char* label = i % 4 == 0 ? "c" : i % 2 == 0 ? "b" : "a";
      touch(folder_ / label / (std::to_string(100 + i) + ".jpg"));
    }
    touch(folder_ / "rare" / "1.jpg");
  }

  Dataset load(std::vector<std::string> classes, double fraction, std::uint64_t seed = 42) {
    DataOptions options = at(folder_.path());
    options.subset = {std::move(classes), fraction};
    options.split.seed = seed;
    return loadDataset(options);
  }

  TempFolder folder_;
};

TEST_F(Subset, ByClassKeepsTheOrderAndRenumbers) {
  const Dataset whole = load({}, 1.0);
  const Dataset part = load({"rare", "b"}, 1.0);
  EXPECT_THAT(part.vocab, ElementsAre("b", "rare"));
  EXPECT_THAT(classCounts(part), ElementsAre(10u, 1u));
  std::vector<std::string> expected;
  for (const auto& item : whole.items) {
    if (whole.vocab[static_cast<std::size_t>(item.target)] == "b") expected.push_back(item.path);
  }
  expected.push_back("rare/1.jpg");
  EXPECT_EQ(pathsOf(part.items), expected);
}

TEST_F(Subset, ByFractionTakesTheShareOfEachClassAndAtLeastOne) {
  const Dataset part = load({}, 0.1);
  EXPECT_THAT(part.vocab, ElementsAre("a", "b", "c", "rare"));
  EXPECT_THAT(classCounts(part), ElementsAre(2u, 1u, 1u, 1u));
  EXPECT_THAT(classCounts(load({}, 0.5)), ElementsAre(10u, 5u, 5u, 1u));
  const auto paths = pathsOf(load({}, 0.5).items);
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
}

TEST_F(Subset, ByFractionDependsOnTheSeedAndNotOnTheOtherClasses) {
  EXPECT_EQ(pathsOf(load({}, 0.4).items), pathsOf(load({}, 0.4).items));
  EXPECT_NE(pathsOf(load({}, 0.4).items), pathsOf(load({}, 0.4, 43).items));
  std::vector<std::string> a;
  for (const auto& path : pathsOf(load({}, 0.4).items)) {
    if (path.starts_with("a/")) a.push_back(path);
  }
  EXPECT_EQ(pathsOf(load({"a"}, 0.4).items), a);
}

TEST_F(Subset, AnUnknownClassNamesTheNearest) {
  DataOptions options = at(folder_.path());
  options.subset.classes = {"rar"};
  EXPECT_THAT(messageOf(options), HasSubstr("there is no class 'rar' in"));
  EXPECT_THAT(messageOf(options), HasSubstr("did you mean 'rare'?"));
}

}  // namespace
}  // namespace panicle
