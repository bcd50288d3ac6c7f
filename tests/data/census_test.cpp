#include "core/data/census.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/data/made_images.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Dataset load(const std::filesystem::path& root) {
  DataOptions options;
  options.root = root.string();
  return loadDataset(options);
}

class CensusOfDamage : public ::testing::Test {
 protected:
  // Good images among one of each kind of bad one.
  CensusOfDamage() {
    const Bytes good = jpegOf(colourful(80, 60));
    writeBytes(folder_ / "blast/good.jpg", good);
    writeBytes(folder_ / "blast/Reis 稲 Blätter.jpg", good);
    writeBytes(folder_ / "blast/turned.jpg", withJpegExif(good, exifBlock(3, false)));
    writeBytes(folder_ / "tungro/wide.png", pngOf(colourful(355, 71)));
    writeBytes(folder_ / "blast/cut.jpg", firstOf(good, good.size() * 2 / 3));
    writeBytes(folder_ / "tungro/empty.jpg", {});
    writeBytes(folder_ / "tungro/text.jpg", bytesOf("only a text\n"));
    writeBytes(folder_ / "tungro/huge.jpg", withHeaderSize(good, {40000, 40000}));
    writeBytes(folder_ / "test_images/1.jpg", good);
    writeBytes(folder_ / "test_images/2.jpg", firstOf(good, 20));
  }

  TempFolder folder_;
};

TEST_F(CensusOfDamage, ListsEachBadFileWithItsReasonAndCountsTheRest) {
  const Dataset dataset = load(folder_.path());
  const Census census = takeCensus(dataset);
  EXPECT_EQ(census.images, 8u);
  EXPECT_EQ(census.test_images, 2u);
  EXPECT_THAT(census.class_counts, ElementsAre(4u, 4u));
  EXPECT_EQ(census.sizes, (std::map<std::pair<int, int>, std::size_t>{{{60, 80}, 4}, {{71, 355}, 1}}));
  EXPECT_EQ(census.orientations, (std::map<int, std::size_t>{{1, 4}, {3, 1}}));
  std::vector<std::string> bad;
  for (const auto& file : census.bad) bad.push_back(file.path + ": " + file.reason);
  EXPECT_THAT(bad, ElementsAre("blast/cut.jpg: is truncated: its pixels end early",
                               "test_images/2.jpg: is truncated: the file ends inside its header",
                               "tungro/empty.jpg: is empty (0 bytes)",
                               HasSubstr("tungro/huge.jpg: is too large: 40000x40000 is 1600 megapixels"),
                               HasSubstr("tungro/text.jpg: is not an image")));
}

TEST_F(CensusOfDamage, WhatTheCensusCallsGoodDecodes) {
  const Dataset dataset = load(folder_.path());
  const Census census = takeCensus(dataset);
  for (const auto& item : dataset.items) {
    const bool bad = std::any_of(census.bad.begin(), census.bad.end(),
                                 [&](const BadFile& file) { return file.path == item.path; });
    if (bad) {
      EXPECT_THROW(decodeImage(dataset.file(item)), Error) << item.path;
    } else {
      EXPECT_NO_THROW(decodeImage(dataset.file(item))) << item.path;
    }
  }
}

TEST_F(CensusOfDamage, BrokenLinksAndVanishedFilesAreListed) {
  std::filesystem::create_symlink("nowhere", folder_ / "blast" / "link.jpg");
  const Dataset dataset = load(folder_.path());
  std::filesystem::remove(folder_ / "blast" / "good.jpg");
  const Census census = takeCensus(dataset);
  EXPECT_THAT(census.bad[1].path, "blast/good.jpg");
  EXPECT_THAT(census.bad[1].reason, "cannot be opened: No such file or directory");
  EXPECT_THAT(census.bad[2].path, "blast/link.jpg");
}

TEST(Census, IsTheSameWithAnyNumberOfThreads) {
  const TempFolder folder;
  const Bytes good = jpegOf(colourful(30, 20));
  for (int i = 0; i < 700; ++i) {
    const auto path = folder / "a" / (std::to_string(i) + ".jpg");
    writeBytes(path, i % 7 == 0 ? firstOf(good, static_cast<std::size_t>(i)) : good);
  }
  const Dataset dataset = load(folder.path());
  const Census one = takeCensus(dataset, {}, 1);
  EXPECT_EQ(one.bad.size(), 100u);
  for (const int threads : {2, 4, 0}) {
    const Census many = takeCensus(dataset, {}, threads);
    EXPECT_EQ(many.sizes, one.sizes);
    EXPECT_EQ(many.orientations, one.orientations);
    ASSERT_EQ(many.bad.size(), one.bad.size());
    for (std::size_t i = 0; i < one.bad.size(); ++i) {
      EXPECT_EQ(many.bad[i].path, one.bad[i].path);
      EXPECT_EQ(many.bad[i].reason, one.bad[i].reason);
    }
  }
}

TEST(Census, ReportsProgressAndStops) {
  const TempFolder folder;
  for (int i = 0; i < 300; ++i) writeBytes(folder / "a" / (std::to_string(i) + ".jpg"), bytesOf("x"));
  const Dataset dataset = load(folder.path());
  std::atomic<std::uint64_t> most = 0;
  takeCensus(dataset, {}, 4, {}, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 300u);
    std::uint64_t seen = most;
    while (done > seen && !most.compare_exchange_weak(seen, done)) {
    }
  });
  EXPECT_EQ(most, 300u);
  std::stop_source stop;
  EXPECT_THROW(takeCensus(dataset, {}, 2, stop.get_token(),
                          [&](std::uint64_t, std::uint64_t) { stop.request_stop(); }),
               Cancelled);
  EXPECT_THROW(takeCensus(dataset, {}, 2, {}, [](std::uint64_t, std::uint64_t) { throw Error("no"); }),
               Error);
}

}  // namespace
}  // namespace panicle
