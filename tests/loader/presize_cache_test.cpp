#include "core/loader/presize_cache.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/loader/file_identity.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 28;
constexpr std::uint64_t kAPhoto = 3 * 4096;  // an item of 64 x 64

void paint(const std::filesystem::path& file, int height, int width, std::uint64_t seed) {
  cv::Mat picture(height, width, CV_8UC3);
  cv::RNG generator(seed + 1);
  generator.fill(picture, cv::RNG::UNIFORM, 0, 256);
  cv::imwrite(file.string(), picture);
}

// Waits until the cache takes the file for one that nobody is writing.
void settle(const std::filesystem::path& file) {
  while (!FileIdentity::of(file)->settled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

class PresizeCacheTest : public ::testing::Test {
 protected:
  void addPhotos(int count) {
    for (int i = 0; i < count; ++i) {
      const int number = static_cast<int>(files_.size());
      files_.push_back(folder_ / (std::to_string(number) + (number % 2 == 0 ? ".png" : ".jpg")));
      paint(files_.back(), 60 + 9 * number % 40, 100 - 11 * number % 30, number);
    }
    settle(files_.back());
  }

  std::filesystem::path cacheFolder() const { return folder_ / "cache"; }
  std::filesystem::path fileEnding(const std::string& extension) const {
    for (const auto& entry : std::filesystem::directory_iterator(cacheFolder())) {
      if (entry.path().extension() == extension) return entry.path();
    }
    return {};
  }

  std::unique_ptr<PresizeCache> cache(std::uint64_t budget = kPlenty) const {
    return std::make_unique<PresizeCache>(cacheFolder(), pipeline_, budget);
  }

  // The cache gives what there is without it, for all photos.
  void expectExact(PresizeCache& cache, Mode mode = Mode::Train, std::uint64_t epoch = 0) const {
    Image expected, got;
    for (std::size_t item = 0; item < files_.size(); ++item) {
      const BatchContext context{.mode = mode, .epoch = epoch};
      loadItem(pipeline_, files_[item], context, item, expected);
      cache.loadItem(files_[item], context, item, got);
      ASSERT_EQ(got.height, expected.height);
      ASSERT_EQ(got.width, expected.width);
      ASSERT_EQ(got.pixels, expected.pixels) << files_[item];
    }
  }

  testing::TempFolder folder_;
  std::vector<std::filesystem::path> files_;
  Pipeline pipeline_{.resize = {.method = ResizeMethod::Squish, .size = {64, 64}}, .seed = 9};
};

TEST_F(PresizeCacheTest, NeverChangesAByteWhateverTheMethod) {
  addPhotos(6);
  paint(folder_ / "large.jpg", 190, 210, 7);  // to be reduced while it is decoded, and above kLargestSource
  files_.push_back(folder_ / "large.jpg");
  settle(files_.back());
  for (const bool reduced : {false, true}) {
    for (int method = 0; method < static_cast<int>(EnumNames<ResizeMethod>::names.size()); ++method) {
      pipeline_.resize.method = static_cast<ResizeMethod>(method);
      pipeline_.resize.dct_scale = reduced;
      for (const Mode mode : {Mode::Train, Mode::Valid}) {
        SCOPED_TRACE(std::string(enumName(pipeline_.resize.method)) +
                     (mode == Mode::Train ? " train" : " valid"));
        const auto cache = this->cache();
        for (std::uint64_t epoch = 0; epoch < 3; ++epoch) expectExact(*cache, mode, epoch);
        EXPECT_THAT(cache->takeNotices(), IsEmpty());
      }
    }
  }
}

TEST_F(PresizeCacheTest, ReadsFromTheSecondTimeOnAndInTheNextRun) {
  addPhotos(5);
  for (const auto method :
       {ResizeMethod::Squish, ResizeMethod::Crop, ResizeMethod::Pad, ResizeMethod::RandomResizedCrop}) {
    pipeline_.resize.method = method;
    const bool first =
        method == ResizeMethod::Squish || method == ResizeMethod::Crop;  // the others find whole photos
    {
      const auto cache = this->cache();
      expectExact(*cache);
      EXPECT_EQ(cache->misses(), first ? 5u : 0u) << enumName(method);
      expectExact(*cache, Mode::Train, 1);
      EXPECT_EQ(cache->misses(), first ? 5u : 0u) << enumName(method);
    }
    pipeline_.seed += 1;  // another run
    const auto cache = this->cache();
    expectExact(*cache);
    EXPECT_EQ(cache->hits(), 5u) << enumName(method);
    EXPECT_EQ(cache->misses(), 0u) << enumName(method);
  }
}

TEST_F(PresizeCacheTest, PhotosMuchLargerThanTheItemAreDecodedEachTime) {
  addPhotos(2);
  pipeline_.resize = {.method = ResizeMethod::Crop, .size = {16, 16}};
  const auto cache = this->cache();
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) expectExact(*cache, Mode::Train, epoch);
  EXPECT_EQ(cache->hits(), 0u);
}

TEST_F(PresizeCacheTest, NeverServesAFileThatHasChanged) {
  files_.push_back(folder_ / "photo.bmp");
  paint(files_[0], 60, 80, 1);
  settle(files_[0]);
  const auto size = std::filesystem::file_size(files_[0]);
  const auto time = std::filesystem::last_write_time(files_[0]);
  const auto cache = this->cache();
  Image before, after;
  cache->loadItem(files_[0], {}, 0, before);
  // Other content of the same length under the old time: written into the file, and as a new file in its
  // place.
  for (const bool inPlace : {true, false}) {
    const auto other = folder_ / (inPlace ? "a.bmp" : "b.bmp");
    paint(other, 60, 80, inPlace ? 2 : 3);
    if (inPlace) {
      std::ofstream(files_[0], std::ios::binary | std::ios::in) << readText(other);
    } else {
      std::filesystem::rename(other, files_[0]);
    }
    std::filesystem::last_write_time(files_[0], time);
    ASSERT_EQ(std::filesystem::file_size(files_[0]), size);
    expectExact(*cache);
    cache->loadItem(files_[0], {}, 0, after);
    EXPECT_NE(after.pixels, before.pixels);
    expectExact(*this->cache());
    settle(files_[0]);
    expectExact(*cache);
    before = after;
  }
  EXPECT_GT(cache->misses(), 2u);
}

TEST_F(PresizeCacheTest, AFileThatIsStillBeingWrittenIsNotKept) {
  files_.push_back(folder_ / "photo.bmp");
  const auto cache = this->cache();
  Image again;
  for (int i = 0; i < 200; ++i) {
    paint(files_[0], 8, 8, i);
    expectExact(*cache);
    cache->loadItem(files_[0], {}, 0, again);
    if (!FileIdentity::of(files_[0])->settled()) {
      EXPECT_EQ(cache->hits(), 0u);
    }
  }
}

TEST(FileIdentity, IsSettledSomeTicksAfterTheLastChange) {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const std::int64_t second = 1'000'000'000, wholeSecond = now / second * second;
  EXPECT_FALSE((FileIdentity{.modified = 1, .changed = now}.settled()));
  EXPECT_FALSE((FileIdentity{.modified = now + 60 * second, .changed = 1}.settled()))
      << "a clock that is ahead";
  EXPECT_TRUE((FileIdentity{.modified = now - second, .changed = now - second - 1}.settled()));
  EXPECT_FALSE((FileIdentity{.modified = 0, .changed = wholeSecond - second}.settled()))
      << "of a coarse clock";
  EXPECT_TRUE((FileIdentity{.modified = 0, .changed = wholeSecond - 5 * second}.settled()));
}

TEST_F(PresizeCacheTest, AFileThatIsGoneOrDamagedIsAnErrorThatNamesIt) {
  addPhotos(1);
  const auto cache = this->cache();
  expectExact(*cache);
  std::filesystem::remove(files_[0]);
  Image out;
  EXPECT_THROW(cache->loadItem(files_[0], {}, 0, out), Error);
  std::ofstream(files_[0]) << "no picture";
  try {
    cache->loadItem(files_[0], {}, 0, out);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(files_[0].string()));
  }
}

TEST_F(PresizeCacheTest, ACutPackIsMadeAnew) {
  addPhotos(5);
  expectExact(*cache());
  const auto pixels = fileEnding(".pixels");
  const auto whole = std::filesystem::file_size(pixels);
  for (const std::uintmax_t size : {whole - 1, whole - kAPhoto - 1, whole / 2, std::uintmax_t{5000},
                                    std::uintmax_t{10}, std::uintmax_t{0}}) {
    expectExact(*cache());
    std::filesystem::resize_file(fileEnding(".pixels"), size);
    const auto cut = cache();
    expectExact(*cut);
    EXPECT_EQ(cut->misses(), 5u) << size;
    expectExact(*cut);
    EXPECT_EQ(cut->hits(), 5u) << size;
  }
  std::filesystem::remove(fileEnding(".pixels"));
  expectExact(*cache());
  std::filesystem::remove(fileEnding(".index"));
  expectExact(*cache());
}

TEST_F(PresizeCacheTest, ADamagedIndexIsNeverBelieved) {
  addPhotos(3);
  expectExact(*cache());
  const std::string good = readText(fileEnding(".index"));
  const auto open = [&](const std::string& index) {
    std::ofstream(fileEnding(".index"), std::ios::binary) << index;
    const auto cache = this->cache();
    EXPECT_EQ(cache->hits(), 0u);
    expectExact(*cache);
    return cache->misses();
  };
  EXPECT_EQ(open(""), 3u);
  EXPECT_EQ(open("garbage"), 3u);
  EXPECT_EQ(open(std::string(5000, '\xff')), 3u);
  EXPECT_EQ(open(good), 3u) << "of a pack that was made anew since";
  RandomStream random(1);
  for (int i = 0; i < 60; ++i) {
    std::string index = readText(fileEnding(".index"));
    index[random.below(index.size())] ^= static_cast<char>(1 + random.below(255));
    EXPECT_EQ(open(index), 3u);
    const std::string again = readText(fileEnding(".index"));
    EXPECT_EQ(open(again.substr(0, random.below(again.size()))), 3u);
  }
}

TEST_F(PresizeCacheTest, APackUnderAnotherOnesNameIsNotBelieved) {
  addPhotos(3);
  expectExact(*cache());
  const auto name = fileEnding(".index").stem();
  clearCache(cacheFolder());
  pipeline_.resize.size = {32, 32};
  expectExact(*cache());
  const auto other = fileEnding(".index").stem();
  ASSERT_NE(other, name);
  for (const std::string extension : {".index", ".pixels"})
    std::filesystem::rename(cacheFolder() / (other.string() + extension),
                            cacheFolder() / (name.string() + extension));
  pipeline_.resize.size = {64, 64};
  const auto cache = this->cache();
  expectExact(*cache);
  EXPECT_EQ(cache->misses(), 3u);
}

// A process that is killed after it has stored more than it has synced.
TEST_F(PresizeCacheTest, ACrashLosesOnlyWhatWasNotSynced) {
  addPhotos(6);
  const pid_t child = ::fork();
  if (child == 0) {
    PresizeCache cache(cacheFolder(), pipeline_, kPlenty);
    Image image;
    for (std::size_t i = 0; i < 4; ++i) cache.loadItem(files_[i], {}, i, image);
    cache.sync();
    for (std::size_t i = 4; i < 6; ++i) cache.loadItem(files_[i], {}, i, image);
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto cache = this->cache();
  expectExact(*cache);
  EXPECT_EQ(cache->hits(), 4u);
  EXPECT_EQ(cache->misses(), 2u);
  expectExact(*cache);
  EXPECT_EQ(cache->hits(), 10u);
}

TEST_F(PresizeCacheTest, ASecondRunOnTheSamePhotosReadsOnly) {
  addPhotos(4);
  const auto first = cache();
  Image image;
  first->loadItem(files_[0], {}, 0, image);
  first->sync();
  first->loadItem(files_[1], {}, 1, image);
  const auto second = cache();
  expectExact(*second);
  EXPECT_EQ(second->hits(), 1u);
  EXPECT_EQ(second->misses(), 3u);
  EXPECT_THAT(second->takeNotices(), ElementsAre(HasSubstr("another run")));
  expectExact(*first);
  expectExact(*second);
  EXPECT_EQ(first->misses(), 4u);
}

TEST_F(PresizeCacheTest, StopsStoringAtTheBudgetAndSaysSoOnce) {
  addPhotos(8);
  const std::uint64_t budget = 5 * kAPhoto;
  const auto cache = this->cache(budget);
  expectExact(*cache);
  const auto notices = cache->takeNotices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_THAT(notices[0], HasSubstr("cache.budget_gib"));
  expectExact(*cache);
  EXPECT_EQ(cache->hits(), 4u);
  EXPECT_THAT(cache->takeNotices(), IsEmpty());
  cache->sync();
  EXPECT_LE(cacheBytes(cacheFolder()), budget);
}

TEST_F(PresizeCacheTest, OtherPacksMakeRoomLeastRecentlyUsedFirst) {
  addPhotos(4);
  const auto fill = [&](Size size, std::uint64_t budget) {
    pipeline_.resize.size = size;
    const auto cache = this->cache(budget);
    expectExact(*cache);
    EXPECT_THAT(cache->takeNotices(), IsEmpty());
  };
  const auto now = std::filesystem::file_time_type::clock::now();
  int age = 3;
  std::vector<std::filesystem::path> seen;
  for (const int side : {64, 32, 48}) {
    fill({side, side}, kPlenty);
    for (const auto& entry : std::filesystem::directory_iterator(cacheFolder())) {
      if (entry.path().extension() != ".lock" ||
          std::find(seen.begin(), seen.end(), entry.path()) != seen.end())
        continue;
      std::filesystem::last_write_time(entry.path(), now - std::chrono::hours(age));
      seen.push_back(entry.path());
    }
    --age;
  }
  fill({32, 32}, kPlenty);  // used again
  const std::uint64_t budget = cacheBytes(cacheFolder());
  fill({63, 64}, budget);
  std::vector<std::string> left;
  for (const CachedPack& pack : listCache(cacheFolder())) left.push_back(pack.what);
  EXPECT_THAT(left, ::testing::UnorderedElementsAre("squish to 63,64", "squish to 48", "squish to 32"));
}

TEST_F(PresizeCacheTest, AFullDiskEndsStoringNotTheRun) {
  addPhotos(6);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit limited = before;
  limited.rlim_cur = 4 * kAPhoto;  // writing beyond it fails
  const auto cache = this->cache();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  expectExact(*cache);
  expectExact(*cache, Mode::Train, 1);
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(cache->hits(), 3u);
  EXPECT_THAT(cache->takeNotices(), ElementsAre(HasSubstr("cannot be written")));
  cache->sync();
  const auto next = this->cache();
  EXPECT_THAT(next->takeNotices(), ElementsAre(HasSubstr("another run")));
  expectExact(*next);
  EXPECT_EQ(next->hits(), 3u);
}

TEST_F(PresizeCacheTest, AFolderThatCannotBeMadeEndsStoringNotTheRun) {
  addPhotos(2);
  std::ofstream(cacheFolder()) << "a file";
  const auto cache = this->cache();
  expectExact(*cache);
  EXPECT_THAT(cache->takeNotices(), ElementsAre(HasSubstr("stores no more photos")));
}

TEST_F(PresizeCacheTest, MayBeClearedWhileItIsInUse) {
  addPhotos(4);
  const auto cache = this->cache();
  expectExact(*cache);
  cache->sync();
  EXPECT_GT(clearCache(cacheFolder()), 4 * kAPhoto);
  EXPECT_EQ(cacheBytes(cacheFolder()), 0u);
  EXPECT_THAT(listCache(cacheFolder()), IsEmpty());
  const auto next = this->cache();
  expectExact(*next);
  expectExact(*cache);
  addPhotos(1);
  expectExact(*cache);
  cache->sync();
  EXPECT_THAT(cache->takeNotices(), ElementsAre(HasSubstr("removed")));
  expectExact(*next);
  EXPECT_EQ(next->misses(), 5u);
}

TEST_F(PresizeCacheTest, FilesOfOthersAreLeftAlone) {
  addPhotos(1);
  expectExact(*cache());
  std::ofstream(cacheFolder() / "notes.index") << "mine";
  clearCache(cacheFolder());
  EXPECT_EQ(readText(cacheFolder() / "notes.index"), "mine");
  EXPECT_EQ(cacheBytes(folder_ / "absent"), 0u);
  EXPECT_EQ(clearCache(folder_ / "absent"), 0u);
}

TEST_F(PresizeCacheTest, ListsWhatItHolds) {
  addPhotos(3);
  pipeline_.resize.method = ResizeMethod::Crop;
  expectExact(*cache());
  const auto packs = listCache(cacheFolder());
  ASSERT_EQ(packs.size(), 2u);
  std::uint64_t bytes = 0, photos = 0;
  for (const CachedPack& pack : packs) bytes += pack.bytes, photos += pack.photos;
  EXPECT_EQ(bytes, cacheBytes(cacheFolder()));
  EXPECT_EQ(photos, 3u);
}

TEST_F(PresizeCacheTest, ThreadsReadAndStoreAtTheSameTime) {
  addPhotos(12);
  pipeline_.resize.method = ResizeMethod::Crop;
  std::vector<Image> expected(files_.size());
  const BatchContext train{.mode = Mode::Train};
  for (std::size_t i = 0; i < files_.size(); ++i) loadItem(pipeline_, files_[i], train, i, expected[i]);
  const auto cache = this->cache();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&, thread] {
        RandomStream random(static_cast<std::uint64_t>(thread));
        Image image;
        for (int i = 0; i < 60; ++i) {
          const std::size_t item = random.below(files_.size());
          cache->loadItem(files_[item], train, item, image);
          wrong += image.pixels != expected[item].pixels;
          if (i % 20 == thread) cache->sync();
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(cache->hits(), 200u);
}

TEST_F(PresizeCacheTest, TheLoaderReadsTheSecondEpochFromIt) {
  addPhotos(9);
  auto samples = std::make_shared<std::vector<Sample>>();
  for (const auto& file : files_) samples->push_back({file, 0});
  const std::shared_ptr<PresizeCache> cache = this->cache();
  Loader loader(samples, pipeline_, {.threads = 3, .cache = cache});
  Loader plain(samples, pipeline_, {.threads = 2});
  std::vector<std::uint32_t> items(files_.size());
  std::iota(items.begin(), items.end(), 0u);
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    loader.begin(trainingPass(items, 9, epoch, 4));
    plain.begin(trainingPass(items, 9, epoch, 4));
    for (Batch a, b; loader.next(a) && plain.next(b);) EXPECT_EQ(a.pixels, b.pixels);
  }
  EXPECT_GE(cache->hits(), 7u);
}

class CachePlanTest : public PresizeCacheTest {
 protected:
  CachePlan plan(CacheOptions options, int epochs) const {
    std::vector<Sample> samples;
    for (const auto& file : files_) samples.push_back({file, 0});
    std::vector<std::uint32_t> train(samples.size() - 1);
    std::iota(train.begin(), train.end(), 0u);
    const std::vector<std::uint32_t> valid{static_cast<std::uint32_t>(train.size())};
    return planCache(cacheFolder(), pipeline_, options, epochs, samples, train, valid);
  }
};

TEST_F(CachePlanTest, AutoAsksForASecondEpoch) {
  addPhotos(5);
  EXPECT_FALSE(plan({}, 1).use);
  const CachePlan two = plan({}, 2);
  EXPECT_TRUE(two.use);
  EXPECT_EQ(two.bytes, 5 * kAPhoto);
  EXPECT_THAT(two.words, HasSubstr("60 KiB in " + cacheFolder().string()));
  EXPECT_TRUE(plan({.mode = CacheMode::On}, 1).use);
  const CachePlan off = plan({.mode = CacheMode::Off}, 9);
  EXPECT_FALSE(off.use);
  EXPECT_THAT(off.words, IsEmpty());
  expectExact(*cache());
  EXPECT_TRUE(plan({}, 1).use) << "an earlier run left the photos";
}

TEST_F(CachePlanTest, TheEstimateIsWhatItTakes) {
  addPhotos(7);
  for (const auto method : {ResizeMethod::Pad, ResizeMethod::Squish}) {
    clearCache(cacheFolder());
    pipeline_.resize.method = method;
    const CachePlan plan = this->plan({}, 2);
    const auto cache = this->cache();
    Image image;
    for (std::size_t i = 0; i < files_.size(); ++i)
      cache->loadItem(files_[i], {.mode = i + 1 < files_.size() ? Mode::Train : Mode::Valid}, i, image);
    const std::uint64_t headers = method == ResizeMethod::Pad ? 2 * 4096 : 4096;
    EXPECT_EQ(plan.bytes + headers, cache->bytes()) << enumName(method);
  }
}

TEST_F(CachePlanTest, AutoDoesWithoutWhereNothingWouldBeKept) {
  addPhotos(3);
  for (const auto& file : files_) writeAtomically(file, "no picture");
  pipeline_.resize.method = ResizeMethod::RatioResize;  // sizes come from the photos
  EXPECT_EQ(plan({}, 5).bytes, 0u);
  EXPECT_FALSE(plan({}, 5).use);
}

TEST_F(CachePlanTest, SaysWhenTrainingPhotosAreTooLarge) {
  addPhotos(5);
  pipeline_.resize = {.method = ResizeMethod::Crop, .size = {64, 64}};
  EXPECT_THAT(plan({}, 5).words, ::testing::Not(HasSubstr("too large")));
  pipeline_.resize.size = {8, 8};
  EXPECT_THAT(plan({}, 5).words, HasSubstr("about 0 %, the others are too large to keep"));
}

TEST_F(CachePlanTest, AutoKeepsToTheBudget) {
  addPhotos(1);
  files_.resize(100, files_[0]);
  pipeline_.resize.size = {4096, 4096};
  const CachePlan plan = this->plan({.budget_gib = 1}, 5);
  EXPECT_FALSE(plan.use);
  EXPECT_THAT(plan.words, ::testing::AllOf(HasSubstr("4.7 GiB"), HasSubstr("cache.budget_gib")));
  EXPECT_TRUE(this->plan({.mode = CacheMode::On, .budget_gib = 1}, 5).use);
}

}  // namespace
}  // namespace panicle
