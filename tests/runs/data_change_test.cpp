#include "core/runs/data_change.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/sample_data.h"
#include "core/runs/data_fingerprint.h"
#include "core/weights/sha256.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

// Two photos a class, and a run that has begun with them.
class DataChanges : public ::testing::Test {
 protected:
  DataChanges() {
    writeSampleData(root(), {.per_class = 2, .size = {32, 32}});
    RunSpec spec;
    spec.data.root = root().string();
    run_ = store_.create(spec, {});
    store_.describe(run_, {{kDataEntry, toJson(fingerprint(loadDataset(spec.data)))}});
  }
  std::filesystem::path root() const { return folder_ / "data"; }
  std::filesystem::path photo() const { return std::filesystem::directory_iterator(root() / "train_images" / "normal")->path(); }
  DataChange find(bool content = false) { return findDataChange(store_, run_, content); }
  // Of the same size, and with its old time.
  void overwriteSecretly() const {
    const auto time = std::filesystem::last_write_time(photo());
    const std::string bytes = readText(photo());
    std::ofstream(photo(), std::ios::binary) << std::string(bytes.size(), 'x');
    std::filesystem::last_write_time(photo(), time);
  }

  TempFolder folder_;
  RunStore store_{folder_ / "w"};
  std::string run_;
};

TEST_F(DataChanges, NothingChangedAtFirst) {
  const DataChange change = find();
  EXPECT_TRUE(change.known);
  EXPECT_FALSE(change.changed());
  EXPECT_TRUE(change.content.empty());
  EXPECT_THAT(change.words(), HasSubstr("is as it was"));
}

// Sizes and times are asked for; bytes only on demand.
TEST_F(DataChanges, OnlyTheContentTellsWhatWasOverwrittenSecretly) {
  const DataChange first = find(true);
  EXPECT_TRUE(first.recorded);
  EXPECT_EQ(first.content.size(), 64u);
  EXPECT_FALSE(find(true).changed());
  EXPECT_FALSE(find(true).recorded);
  overwriteSecretly();
  EXPECT_FALSE(find().changed());
  const DataChange change = find(true);
  EXPECT_TRUE(change.changed());
  EXPECT_EQ(change.content_before, first.content);
  EXPECT_THAT(change.words(), HasSubstr("files were changed"));
}

TEST_F(DataChanges, ACopyWithOtherTimesHasTheSameBytes) {
  find(true);
  std::filesystem::last_write_time(photo(), std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(find().changed());
  EXPECT_THAT(find().words(), HasSubstr("written since the run began"));
  EXPECT_FALSE(find(true).changed());
  EXPECT_THAT(find(true).words(), HasSubstr("every byte"));
}

// What is not known to be what the run trained on is not kept as that.
TEST_F(DataChanges, TheContentOfChangedDataIsNotRecorded) {
  std::filesystem::last_write_time(photo(), std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  const DataChange change = find(true);
  EXPECT_TRUE(change.changed());
  EXPECT_FALSE(change.recorded);
  EXPECT_TRUE(find(true).content_before.empty());
}

TEST_F(DataChanges, LabelsThatAreGoneAreCounted) {
  const std::string table = readText(root() / "train.csv");
  std::ofstream(root() / "train.csv") << table.substr(0, table.rfind('\n', table.size() - 2) + 1);
  const DataChange change = find();
  EXPECT_TRUE(change.changed());
  EXPECT_THAT(change.words(), HasSubstr("it had " + std::to_string(change.images + 1) + " photos and has " + std::to_string(change.images)));
}

TEST_F(DataChanges, ARunThatRecordedNothingSaysSo) {
  RunSpec spec;
  spec.data.root = root().string();
  const DataChange change = findDataChange(store_, store_.create(spec, {}), true);
  EXPECT_FALSE(change.known);
  EXPECT_FALSE(change.changed());
  EXPECT_FALSE(change.recorded);
}

// The list that is hashed is that of sha256sum.
TEST_F(DataChanges, TheContentHashCanBeComputedByOthers) {
  DataOptions options;
  options.root = root().string();
  const Dataset dataset = loadDataset(options);
  std::string list;
  for (const auto* items : {&dataset.items, &dataset.test}) {
    for (const Item& item : *items) list += sha256OfFile(root() / item.path) + "  " + item.path + "\n";
  }
  writeAtomically(folder_ / "list", list);
  EXPECT_EQ(find(true).content, sha256OfFile(folder_ / "list"));
}

}  // namespace
}  // namespace panicle
