#include "core/data/sample_data.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/csv.h"
#include "core/data/decode.h"
#include "tests/testing.h"

namespace panicle {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TempFolder;

const std::map<std::string, int> kPaddyCounts{{"normal", 1764},
                                              {"blast", 1738},
                                              {"hispa", 1594},
                                              {"dead_heart", 1442},
                                              {"tungro", 1088},
                                              {"brown_spot", 965},
                                              {"downy_mildew", 620},
                                              {"bacterial_leaf_blight", 479},
                                              {"bacterial_leaf_streak", 380},
                                              {"bacterial_panicle_blight", 337}};

SampleDataOptions small() {
  SampleDataOptions options;
  options.train_images = 40;
  options.test_images = 12;
  options.size = {24, 16};
  return options;
}

// Relative path -> content of every file below the folder.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(folder).generic_string()] = readText(entry.path());
  }
  return files;
}

std::map<std::string, int> trainFilesPerLabel(const fs::path& folder) {
  std::map<std::string, int> counts;
  for (const auto& [path, content] : contents(folder / "train_images"))
    ++counts[path.substr(0, path.find('/'))];
  return counts;
}

template <typename Work>
std::string messageOf(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(DrawLeafPhoto, IsAPureFunctionOfItsArguments) {
  const Size size{96, 72};
  const Image once = drawLeafPhoto(3, 7, size);
  EXPECT_EQ(once.width, 72);
  EXPECT_EQ(once.height, 96);
  EXPECT_EQ(once.pixels.size(), 72u * 96u * 3u);
  std::array<Image, 4> again;
  {
    std::vector<std::jthread> threads;
    for (Image& image : again) threads.emplace_back([&image, size] { image = drawLeafPhoto(3, 7, size); });
  }
  for (const Image& image : again) EXPECT_EQ(image.pixels, once.pixels);
  EXPECT_NE(drawLeafPhoto(3, 8, size).pixels, once.pixels);
  EXPECT_NE(drawLeafPhoto(4, 7, size).pixels, once.pixels);
}

TEST(DrawLeafPhoto, LooksExposedAndDetailedInEveryClass) {
  for (int target = 0; target < 10; ++target) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const Image image = drawLeafPhoto(target, seed, {160, 120});
      const double count = static_cast<double>(image.pixels.size());
      const double mean = std::accumulate(image.pixels.begin(), image.pixels.end(), 0.0) / count;
      double squares = 0;
      for (const std::uint8_t value : image.pixels) squares += (value - mean) * (value - mean);
      EXPECT_GT(mean, 25) << target << ' ' << seed;
      EXPECT_LT(mean, 210) << target << ' ' << seed;
      EXPECT_GT(std::sqrt(squares / count), 20) << target << ' ' << seed;
    }
  }
}

TEST(DrawLeafPhoto, RefusesAnUnknownClassAndAnEmptySize) {
  EXPECT_THROW(drawLeafPhoto(10, 1), Error);
  EXPECT_THROW(drawLeafPhoto(-1, 1), Error);
  EXPECT_THROW(drawLeafPhoto(0, 1, {0, 5}), Error);
}

TEST(SampleData, HasPaddyDoctorsProportions) {
  TempFolder folder;
  SampleDataOptions options;
  options.size = {16, 16};
  writeSampleData(folder.path(), options);
  const auto counts = trainFilesPerLabel(folder.path());
  ASSERT_EQ(counts.size(), kPaddyCounts.size());
  int total = 0;
  for (const auto& [label, count] : counts) {
    ASSERT_TRUE(kPaddyCounts.contains(label)) << label;
    EXPECT_NEAR(count, 600.0 * kPaddyCounts.at(label) / 10407, 1.0) << label;
    total += count;
  }
  EXPECT_EQ(total, 600);
  EXPECT_EQ(contents(folder / "test_images").size(), 120u);
}

TEST(SampleData, GivesEveryClassAPhotoWhereThereAreEnough) {
  TempFolder folder;
  SampleDataOptions options = small();
  options.train_images = 12;
  writeSampleData(folder.path(), options);
  const auto counts = trainFilesPerLabel(folder.path());
  EXPECT_EQ(counts.size(), 10u);
  int total = 0;
  for (const auto& [label, count] : counts) total += count;
  EXPECT_EQ(total, 12);
}

TEST(SampleData, WritesThePhotosOfPaddyDoctorsSizeWithPerClass) {
  TempFolder folder;
  SampleDataOptions options;
  options.per_class = 1;
  writeSampleData(folder.path(), options);
  for (const auto& [label, count] : trainFilesPerLabel(folder.path())) EXPECT_EQ(count, 1) << label;
  const auto photos = contents(folder / "train_images");
  EXPECT_EQ(photos.size(), 10u);
  EXPECT_EQ(contents(folder / "test_images").size(), 10u);
  for (const auto& [path, content] : photos) {
    const ImageHeader header = readImageHeader(folder.path() / "train_images" / path);
    EXPECT_EQ(header.format, "JPEG") << path;
    EXPECT_EQ(header.width, 480) << path;
    EXPECT_EQ(header.height, 640) << path;
    EXPECT_GT(content.size(), 30'000u) << path;
    EXPECT_LT(content.size(), 200'000u) << path;
  }
}

TEST(SampleData, TablesAgreeWithTheFiles) {
  TempFolder folder;
  writeSampleData(folder.path(), small());
  const CsvTable train = readCsv(folder / "train.csv");
  EXPECT_EQ(train.header, (std::vector<std::string>{"image_id", "label", "variety", "age"}));
  std::set<std::string> listed;
  for (const auto& row : train.rows) {
    listed.insert(row[1] + "/" + row[0]);
    EXPECT_FALSE(row[2].empty());
    EXPECT_GE(std::stoi(row[3]), 45);
    EXPECT_LE(std::stoi(row[3]), 82);
  }
  std::set<std::string> found;
  for (const auto& [path, content] : contents(folder / "train_images")) found.insert(path);
  EXPECT_EQ(listed, found);
  EXPECT_EQ(train.rows.size(), found.size());

  const CsvTable sample = readCsv(folder / "sample_submission.csv");
  EXPECT_EQ(sample.header, (std::vector<std::string>{"image_id", "label"}));
  std::vector<std::string> ids;
  for (const auto& row : sample.rows) {
    ids.push_back(row[0]);
    EXPECT_EQ(row[1], "");
  }
  std::vector<std::string> tests;
  for (const auto& [path, content] : contents(folder / "test_images")) tests.push_back(path);
  EXPECT_EQ(ids, tests);
}

TEST(SampleData, NamesSayNothingAboutTheClass) {
  TempFolder folder;
  SampleDataOptions options = small();
  options.train_images = 100;
  writeSampleData(folder.path(), options);
  std::map<std::string, std::string> labelOf;
  for (const auto& row : readCsv(folder / "train.csv").rows) labelOf[row[0]] = row[1];
  EXPECT_EQ(labelOf.begin()->first, "100001.jpg");
  EXPECT_EQ(labelOf.rbegin()->first, "100100.jpg");
  int changes = 0;
  for (auto it = std::next(labelOf.begin()); it != labelOf.end(); ++it)
    changes += it->second != std::prev(it)->second;
  EXPECT_GT(changes, 60);  // 9 if numbered class by class, about 87 if shuffled
}

TEST(SampleData, SameSeedSameBytesOtherSeedOtherPhotos) {
  TempFolder folder;
  writeSampleData(folder / "a", small());
  writeSampleData(folder / "b", small());
  SampleDataOptions other = small();
  other.seed = 2;
  writeSampleData(folder / "c", other);
  const auto a = contents(folder / "a");
  EXPECT_EQ(a, contents(folder / "b"));
  const auto c = contents(folder / "c");
  EXPECT_NE(a.at("train.csv"), c.at("train.csv"));
  EXPECT_NE(a.at("test_images/200001.jpg"), c.at("test_images/200001.jpg"));
}

TEST(SampleData, ASecondCallChangesNothingAndRepairsWhatIsMissing) {
  TempFolder folder;
  writeSampleData(folder.path(), small());
  const auto before = contents(folder.path());
  const fs::path kept = folder / "test_images/200001.jpg";
  const fs::path removed = folder / "test_images/200002.jpg";
  const auto past = fs::last_write_time(kept) - std::chrono::hours(1);
  fs::last_write_time(kept, past);
  fs::remove(removed);
  std::ofstream(folder / "test_images/200002.jpg.aB3xYz") << "half a photo";
  writeSampleData(folder.path(), small());
  EXPECT_EQ(contents(folder.path()), before);
  EXPECT_EQ(fs::last_write_time(kept), past);
}

TEST(SampleData, RefusesForeignFolders) {
  TempFolder folder;
  std::ofstream(folder / "holiday.jpg") << "mine";
  EXPECT_THAT(messageOf([&] { writeSampleData(folder.path(), small()); }), HasSubstr("holiday.jpg"));
  EXPECT_EQ(contents(folder.path()).size(), 1u);
  EXPECT_THAT(messageOf([&] { writeSampleData(folder / "holiday.jpg", small()); }), HasSubstr("is a file"));
}

TEST(SampleData, RefusesASampleOfOtherOptionsOrWithOtherFilesInIt) {
  TempFolder folder;
  writeSampleData(folder.path(), small());
  const auto before = contents(folder.path());
  SampleDataOptions other = small();
  other.seed = 9;
  EXPECT_THAT(messageOf([&] { writeSampleData(folder.path(), other); }), HasSubstr("other options"));
  EXPECT_EQ(contents(folder.path()), before);
  std::ofstream(folder / "train_images/blast/mine.jpg") << "mine";
  EXPECT_THAT(messageOf([&] { writeSampleData(folder.path(), small()); }), HasSubstr("mine.jpg"));
}

TEST(SampleData, RefusesOptionsOutOfRange) {
  TempFolder folder;
  SampleDataOptions options = small();
  options.train_images = 0;
  EXPECT_THROW(writeSampleData(folder.path(), options), Error);
  options = small();
  options.per_class = 0;
  EXPECT_THROW(writeSampleData(folder.path(), options), Error);
  options = small();
  options.size = {8, 8};
  EXPECT_THROW(writeSampleData(folder.path(), options), Error);
}

TEST(SampleData, StopsWhenAskedAndIsCompletedByTheNextCall) {
  TempFolder folder;
  std::stop_source source;
  std::atomic<std::uint64_t> reported = 0;
  const Progress stopSoon = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 52u);
    ++reported;
    if (done >= 5) source.request_stop();
  };
  EXPECT_THROW(writeSampleData(folder / "a", small(), source.get_token(), stopSoon), Cancelled);
  EXPECT_GE(reported, 5u);
  EXPECT_FALSE(fs::exists(folder / "a/train.csv"));
  EXPECT_LT(contents(folder / "a").size(), 53u);

  std::atomic<std::uint64_t> last = 0;
  writeSampleData(folder / "a", small(), {}, [&](std::uint64_t done, std::uint64_t) {
    if (done > last) last = done;
  });
  EXPECT_EQ(last, 52u);
  writeSampleData(folder / "b", small());
  EXPECT_EQ(contents(folder / "a"), contents(folder / "b"));
}

}  // namespace
}  // namespace panicle
