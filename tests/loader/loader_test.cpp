#include "core/loader/loader.h"

#include <gmock/gmock.h>

#include <climits>
#include <fstream>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Batch> all(Loader& loader) {
  std::vector<Batch> batches;
  for (Batch batch; loader.next(batch);) batches.push_back(batch);
  return batches;
}

std::vector<float> imageOf(const Batch& batch, int index) {
  const std::size_t floats = 3 * static_cast<std::size_t>(batch.size.height) * batch.size.width;
  const auto start = batch.pixels.begin() + index * floats;
  return {start, start + floats};
}

// Photos of different shapes and contents, PNG and JPEG in turn.
class LoaderTest : public ::testing::Test {
 protected:
  std::filesystem::path paint(int number) {
    cv::Mat picture(40 + 3 * number % 17, 60 - number % 23, CV_8UC3);
    cv::RNG generator(number + 1);
    generator.fill(picture, cv::RNG::UNIFORM, 0, 256);
    const auto file = folder_ / (std::to_string(number) + (number % 2 == 0 ? ".png" : ".jpg"));
    cv::imwrite(file.string(), picture);
    return file;
  }

  std::filesystem::path write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  void add(const std::filesystem::path& file) {
    const int target = static_cast<int>(samples_->size()) % 3;
    samples_->push_back({file, target});
  }

  void addPhotos(int count) {
    for (int i = 0; i < count; ++i) add(paint(static_cast<int>(samples_->size())));
  }

  std::unique_ptr<Loader> loader(LoaderOptions options = {.threads = 2}) const {
    return std::make_unique<Loader>(samples_, pipeline_, options);
  }

  // The items in their own order.
  Pass passOf(std::size_t items, int batchSize, Mode mode = Mode::Valid) const {
    Pass pass{.items = std::vector<std::uint32_t>(items), .batch_size = batchSize, .mode = mode};
    std::iota(pass.items.begin(), pass.items.end(), 0u);
    return pass;
  }

  // What a preview makes of the item at `place` of the pass.
  std::vector<float> rendered(const Pass& pass, std::size_t place) const {
    const std::size_t size = pass.batch_size, batch = place / size;
    const std::span items(pass.items);
    const auto ofBatch = items.subspan(batch * size, std::min(size, items.size() - batch * size));
    const BatchContext context = batchContext(pipeline_, pass.mode, pass.epoch, batch, ofBatch);
    const Size result = pipeline_.outputSize();
    std::vector<float> out(3 * static_cast<std::size_t>(result.height) * result.width);
    renderItem(pipeline_, (*samples_)[items[place]].file, context, items[place], out);
    return out;
  }

  // All batches are, byte for byte, what a preview of their items shows; `left_out` are the items that cannot be read.
  void expectRendered(const std::vector<Batch>& batches, const Pass& pass, std::set<std::uint32_t> left_out = {}) const {
    std::size_t place = 0;
    for (const Batch& batch : batches) {
      for (int i = 0; i < batch.count; ++i, ++place) {
        while (left_out.contains(pass.items[place])) ++place;
        ASSERT_EQ(batch.items[i], pass.items[place]);
        ASSERT_EQ(imageOf(batch, i), rendered(pass, place)) << "item " << pass.items[place];
      }
    }
  }

  testing::TempFolder folder_;
  std::shared_ptr<std::vector<Sample>> samples_ = std::make_shared<std::vector<Sample>>();
  Pipeline pipeline_{
      .decode = {}, .resize = {.size = {24, 32}}, .augment = AugOptions{}, .normalization = {}, .seed = 7};
};

TEST_F(LoaderTest, ThreadsChangeNothing) {
  addPhotos(37);
  const auto one = loader({.threads = 1, .prefetch = 1});
  const auto four = loader({.threads = 4, .prefetch = 3});
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    Pass pass = passOf(37, 5, Mode::Train);
    pass.items = shuffled(pass.items, 42, epoch);
    pass.epoch = epoch;
    one->begin(pass);
    four->begin(pass);
    const auto expected = all(*one);
    const auto batches = all(*four);
    ASSERT_EQ(batches.size(), expected.size());
    for (std::size_t b = 0; b < batches.size(); ++b) {
      EXPECT_EQ(batches[b].items, expected[b].items);
      EXPECT_EQ(batches[b].targets, expected[b].targets);
      for (int i = 0; i < batches[b].count; ++i) EXPECT_EQ(imageOf(batches[b], i), imageOf(expected[b], i));
    }
  }
}

TEST_F(LoaderTest, BatchesComeInTheOrderOfThePass) {
  addPhotos(11);
  const auto loader = this->loader();
  Pass pass = passOf(11, 4);
  std::reverse(pass.items.begin(), pass.items.end());
  loader->begin(pass);
  EXPECT_EQ(loader->batchCount(), 3u);
  const auto batches = all(*loader);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_THAT(batches[0].items, ElementsAre(10, 9, 8, 7));
  EXPECT_THAT(batches[0].targets, ElementsAre(1, 0, 2, 1));
  EXPECT_THAT(batches[2].items, ElementsAre(2, 1, 0));
  EXPECT_EQ(batches[2].count, 3);
  EXPECT_EQ(batches[2].size, (Size{24, 32}));
  EXPECT_THAT(batches[2].bad, IsEmpty());
}

TEST_F(LoaderTest, ThePreviewIsWhatTrainingSees) {
  addPhotos(9);
  const auto loader = this->loader();
  for (const Mode mode : {Mode::Train, Mode::Valid}) {
    Pass pass = passOf(9, 4, mode);
    pass.epoch = 5;
    loader->begin(pass);
    expectRendered(all(*loader), pass);
  }
}

TEST_F(LoaderTest, DropLastLeavesOutTheUnfilledBatch) {
  addPhotos(11);
  const auto loader = this->loader();
  Pass pass = passOf(11, 4);
  pass.drop_last = true;
  loader->begin(pass);
  EXPECT_EQ(loader->batchCount(), 2u);
  const auto batches = all(*loader);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[1].count, 4);
}

TEST_F(LoaderTest, APassMayBeginWithALaterBatch) {
  addPhotos(11);
  const auto loader = this->loader({.threads = 3, .prefetch = 2});
  Pass pass = passOf(11, 2, Mode::Train);
  loader->begin(pass);
  const auto whole = all(*loader);
  for (std::size_t first = 0; first <= whole.size() + 1; ++first) {
    pass.first_batch = first;
    loader->begin(pass);
    EXPECT_EQ(loader->batchCount(), whole.size());
    const auto rest = all(*loader);
    ASSERT_EQ(rest.size(), whole.size() - std::min(first, whole.size()));
    for (std::size_t i = 0; i < rest.size(); ++i) {
      EXPECT_EQ(rest[i].items, whole[first + i].items);
      for (int image = 0; image < rest[i].count; ++image) EXPECT_EQ(imageOf(rest[i], image), imageOf(whole[first + i], image));
    }
  }
}

TEST_F(LoaderTest, BadImagesAreLeftOutAndListed) {
  addPhotos(2);
  add(write("empty.jpg", ""));
  addPhotos(1);
  add(write("text.jpg", "this is no picture"));
  add(folder_ / "absent.png");
  const auto whole = readBytes(paint(100));
  add(write("cut.png", std::string(reinterpret_cast<const char*>(whole.data()), whole.size() / 2)));
  addPhotos(1);
  const auto loader = this->loader({.threads = 3});
  loader->begin(passOf(samples_->size(), 4));
  const auto batches = all(*loader);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].count, 3);
  EXPECT_THAT(batches[0].items, ElementsAre(0, 1, 3));
  EXPECT_THAT(batches[0].targets, ElementsAre(0, 1, 0));
  EXPECT_THAT(batches[1].items, ElementsAre(7));
  expectRendered(batches, passOf(samples_->size(), 4), {2, 4, 5, 6});
  ASSERT_EQ(batches[0].bad.size(), 1u);
  EXPECT_EQ(batches[0].bad[0].item, 2u);
  EXPECT_THAT(batches[0].bad[0].reason, HasSubstr("empty.jpg"));
  ASSERT_EQ(batches[1].bad.size(), 3u);
  EXPECT_THAT(batches[1].bad[0].reason, HasSubstr("text.jpg"));
  EXPECT_THAT(batches[1].bad[1].reason, HasSubstr("absent.png"));
  EXPECT_THAT(batches[1].bad[2].reason, HasSubstr("cut.png"));
}

TEST_F(LoaderTest, ABatchOfNothingButBadImagesIsEmptyAndThePassGoesOn) {
  add(folder_ / "absent.png");
  add(folder_ / "absent too.png");
  addPhotos(2);
  const auto loader = this->loader();
  loader->begin(passOf(4, 2));
  const auto batches = all(*loader);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].count, 0);
  EXPECT_EQ(batches[0].bad.size(), 2u);
  EXPECT_EQ(batches[1].count, 2);
}

TEST_F(LoaderTest, PassesMayBeEmptyOrSmallerThanABatch) {
  addPhotos(3);
  const auto loader = this->loader();
  Batch batch;
  EXPECT_FALSE(loader->next(batch)) << "no pass was begun";
  loader->begin({});
  EXPECT_EQ(loader->batchCount(), 0u);
  EXPECT_FALSE(loader->next(batch));
  loader->begin(passOf(3, 64));
  EXPECT_EQ(loader->batchCount(), 1u);
  ASSERT_TRUE(loader->next(batch));
  EXPECT_EQ(batch.count, 3);
  EXPECT_FALSE(loader->next(batch));
  EXPECT_FALSE(loader->next(batch)) << "the end stays the end";
  Pass dropping = passOf(3, 64);
  dropping.drop_last = true;
  loader->begin(dropping);
  EXPECT_FALSE(loader->next(batch));
}

TEST_F(LoaderTest, RefusesWhatIsNoPass) {
  addPhotos(2);
  const auto loader = this->loader();
  EXPECT_THROW(loader->begin(passOf(3, 2)), Error);
  EXPECT_THROW(loader->begin(passOf(2, 0)), Error);
}

TEST_F(LoaderTest, ANewPassReplacesARunningOne) {
  addPhotos(40);
  const auto loader = this->loader({.threads = 3, .prefetch = 2});
  Batch batch;
  for (int round = 0; round < 10; ++round) {
    loader->begin(passOf(40, 3, Mode::Train));
    for (int i = 0; i < round % 3; ++i) ASSERT_TRUE(loader->next(batch));
    Pass pass = passOf(6, 2, Mode::Train);
    pass.epoch = 1;
    loader->begin(pass);
    const auto batches = all(*loader);
    ASSERT_EQ(batches.size(), 3u);
    expectRendered(batches, pass);
  }
}

TEST_F(LoaderTest, MayBeDestroyedInTheMiddleOfAPass) {
  addPhotos(30);
  for (int taken = 0; taken < 4; ++taken) {
    const auto loader = this->loader({.threads = 4});
    loader->begin(passOf(30, 4));
    Batch batch;
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(loader->next(batch));
  }
}

TEST_F(LoaderTest, StopIsHonouredWhileABatchIsInWork) {
  const auto file = folder_ / "large.png";
  cv::imwrite(file.string(), cv::Mat(3000, 3000, CV_8UC3, cv::Scalar(90, 120, 60)));
  for (int i = 0; i < 50; ++i) add(file);  // seconds of work
  addPhotos(1);
  const auto loader = this->loader();
  loader->begin(passOf(50, 50));
  Batch batch;
  std::stop_source stop;
  std::jthread later([&] { stop.request_stop(); });
  EXPECT_THROW(loader->next(batch, stop.get_token()), Cancelled);
  Pass another = passOf(51, 2);
  another.items = {50};
  loader->begin(another);
  ASSERT_TRUE(loader->next(batch));
  EXPECT_THAT(batch.items, ElementsAre(50));
}

TEST_F(LoaderTest, AfterAStopThePassGoesOnWhereItWas) {
  addPhotos(4);
  const auto loader = this->loader();
  loader->begin(passOf(4, 2));
  Batch batch;
  ASSERT_TRUE(loader->next(batch));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(loader->next(batch, stop.get_token()), Cancelled);
  ASSERT_TRUE(loader->next(batch));
  EXPECT_THAT(batch.items, ElementsAre(2, 3));
}

TEST_F(LoaderTest, BuffersAreUsedAgain) {
  addPhotos(8);
  const int prefetch = 2;
  const auto loader = this->loader({.threads = 2, .prefetch = prefetch});
  std::set<const float*> buffers;
  Batch batch;
  for (int epoch = 0; epoch < 3; ++epoch) {
    loader->begin(passOf(8, 1));
    while (loader->next(batch)) buffers.insert(batch.pixels.data());
  }
  EXPECT_LE(buffers.size(), prefetch + 1u);
}

TEST_F(LoaderTest, WhatIsNotTheImagesFaultIsThrownInNext) {
  addPhotos(4);
  pipeline_.resize.size = {INT_MAX, INT_MAX};  // more than a vector can hold
  const auto loader = this->loader();
  loader->begin(passOf(4, 1));
  Batch batch;
  EXPECT_THROW(loader->next(batch), std::length_error);
  EXPECT_FALSE(loader->next(batch)) << "the pass is over";
}

TEST_F(LoaderTest, FlipsAShareOfTheImagesAnewInEveryEpoch) {
  const std::size_t count = 400;
  const auto file = paint(0);
  for (std::size_t i = 0; i < count; ++i) add(file);
  pipeline_.resize.method = ResizeMethod::Squish;
  pipeline_.augment = AugOptions{.max_rotate = 0, .max_zoom = 1, .max_warp = 0, .max_lighting = 0};
  const auto plain = rendered(passOf(1, 1), 0);
  const auto loader = this->loader();
  std::vector<std::vector<bool>> flipped(2);
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    Pass pass = passOf(count, 50, Mode::Train);
    pass.epoch = epoch;
    loader->begin(pass);
    for (const Batch& batch : all(*loader)) {
      for (int i = 0; i < batch.count; ++i) flipped[epoch].push_back(imageOf(batch, i) != plain);
    }
    EXPECT_NEAR(std::count(flipped[epoch].begin(), flipped[epoch].end(), true), 200, 50);
  }
  EXPECT_NE(flipped[0], flipped[1]);
}

TEST(Shuffled, IsAPermutationThatTheEpochChanges) {
  std::vector<std::uint32_t> items{5, 8, 13, 21, 34, 55, 89, 144, 233, 377};
  const auto first = shuffled(items, 42, 0);
  EXPECT_EQ(shuffled(items, 42, 0), first);
  EXPECT_NE(first, items);
  EXPECT_NE(shuffled(items, 42, 1), first);
  EXPECT_NE(shuffled(items, 43, 0), first);
  EXPECT_THAT(first, ::testing::UnorderedElementsAreArray(items));
}

TEST(BatchOptions, AreChecked) {
  BatchOptions options;
  std::vector<std::string> problems;
  fromJson(options, {{"size", 0}, {"accum", 4}}, "batch", problems);
  EXPECT_EQ(options.accum, 4);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("batch.size")));
}

}  // namespace
}  // namespace panicle
