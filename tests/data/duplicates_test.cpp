#include "core/data/duplicates.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/data/csv.h"
#include "core/data/duplicate_groups.h"
#include "core/data/grouped_split.h"
#include "core/data/sample_data.h"
#include "tests/data/made_images.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Soft blobs of every size, different for each seed: like photos, it has no edge that a step of one pixel would move away.
Image blobs(int width, int height, std::uint64_t seed) {
  RandomStream stream(seed, "blobs");
  Image image{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3))};
  struct Wave {
    double x, y, phase, strength;
  };
  std::vector<Wave> waves;
  for (int i = 0; i < 60; ++i) {
    const double frequency = 1 + 8 * stream.uniform();
    const double angle = stream.uniform(0, 2 * std::numbers::pi);
    waves.push_back({frequency * std::cos(angle), frequency * std::sin(angle), stream.uniform(0, 2 * std::numbers::pi), stream.uniform() / frequency});
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double value = 0;
      for (const Wave& wave : waves) {
        value += wave.strength * std::sin(std::numbers::pi * (wave.x * x / width + wave.y * y / height) + wave.phase);
      }
      for (int c = 0; c < 3; ++c) {
        image.pixels[static_cast<std::size_t>((y * width + x) * 3 + c)] = static_cast<std::uint8_t>(std::clamp(128 + 40 * value + 8 * c, 0.0, 255.0));
      }
    }
  }
  return image;
}

// The picture in an orientation: transposed, then upside down, then mirrored.
Image oriented(const Image& image, std::size_t o) {
  cv::Mat pixels(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat turned = pixels.clone();
  if (o & 4) cv::transpose(turned.clone(), turned);
  if (o & 2) cv::flip(turned.clone(), turned, 0);
  if (o & 1) cv::flip(turned.clone(), turned, 1);
  Image result{turned.cols, turned.rows, {}};
  result.pixels.assign(turned.data, turned.data + turned.total() * 3);
  return result;
}

Image resized(const Image& image, int width, int height) {
  const cv::Mat pixels(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat other;
  cv::resize(pixels, other, {width, height}, 0, 0, cv::INTER_AREA);
  Image result{width, height, {}};
  result.pixels.assign(other.data, other.data + other.total() * 3);
  return result;
}

Image darker(Image image) {
  for (auto& value : image.pixels) value = static_cast<std::uint8_t>(10 + 0.7 * value);
  return image;
}

// --- sketches

TEST(PhotoSketch, OfATurnedPictureIsThatOfTheOrientation) {
  for (const auto& [width, height] : {std::pair{120, 90}, {64, 64}, {17, 200}}) {
    const Image image = blobs(width, height, 5);
    const PhotoSketch sketch = sketchOf(image);
    for (std::size_t o = 0; o < kOrientations; ++o) {
      const PhotoSketch turned = sketchOf(oriented(image, o));
      // Sums in another order may turn a bit where two values are equal but for rounding.
      EXPECT_LE(std::popcount(turned.hashes[0] ^ sketch.hashes[o]), 1) << o;
      EXPECT_LE(distance(turned.gradients[0], sketch.gradients[o]), 2) << o;
    }
  }
}

TEST(PhotoSketch, EveryOrientationOfAPictureIsAnother) {
  const PhotoSketch sketch = sketchOf(blobs(100, 100, 6));
  for (std::size_t a = 0; a < kOrientations; ++a) {
    for (std::size_t b = 0; b < a; ++b) EXPECT_GT(distance(sketch.gradients[a], sketch.gradients[b]), 50);
  }
}

TEST(PhotoSketch, HardlyDependsOnSizeAndLight) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Image image = blobs(320, 240, seed);
    const PhotoSketch sketch = sketchOf(image);
    for (const Image& other : {resized(image, 160, 120), resized(image, 80, 80), darker(image)}) {
      EXPECT_GE(similarityOf(sketch, sketchOf(other), 0), 0.95f);
      EXPECT_LE(std::popcount(sketch.hashes[0] ^ sketchOf(other).hashes[0]), 6);
    }
    EXPECT_LT(similarityOf(sketch, sketchOf(blobs(320, 240, seed + 100)), 0), 0.8f);
  }
}

TEST(PhotoSketch, OneColourIsLikeNothing) {
  const PhotoSketch white = sketchOf({40, 40, std::vector<std::uint8_t>(4800, 255)});
  const PhotoSketch black = sketchOf({40, 40, std::vector<std::uint8_t>(4800, 0)});
  EXPECT_TRUE(white.flat);
  EXPECT_EQ(white.mean, 255);
  EXPECT_EQ(similarityOf(white, black, 0), 0);
  EXPECT_FALSE(sketchOf(blobs(40, 40, 1)).flat);
  EXPECT_THAT(message([] { sketchOf({}); }), HasSubstr("without pixels"));
}

// --- search

std::vector<std::uint64_t> randomHashes(std::size_t count, std::uint64_t seed) {
  RandomStream stream(seed);
  std::vector<std::uint64_t> hashes(count);
  for (auto& hash : hashes) {
    hash = stream.next();
    // Some lie near an earlier one.
    if (&hash != hashes.data() && stream.bernoulli(0.5)) {
      hash = hashes[stream.below(static_cast<std::uint64_t>(&hash - hashes.data()))];
      for (std::uint64_t bits = stream.below(24); bits > 0; --bits) hash ^= std::uint64_t{1} << stream.below(64);
    }
  }
  return hashes;
}

TEST(HashIndex, FindsWhatComparingAllFinds) {
  const std::vector<std::uint64_t> hashes = randomHashes(600, 9);
  for (const int distance : {0, 3, 11, 15, 20}) {
    const HashIndex index(hashes, distance);
    for (std::uint32_t i = 0; i < hashes.size(); i += 7) {
      std::vector<std::uint32_t> found, expected;
      index.find(hashes[i] ^ 5, 500, [&](std::uint32_t number) { found.push_back(number); });
      for (std::uint32_t j = 0; j < 500; ++j) {
        if (std::popcount(hashes[j] ^ hashes[i] ^ 5) <= distance) expected.push_back(j);
      }
      std::sort(found.begin(), found.end());
      ASSERT_EQ(found, expected) << distance;
    }
  }
}

TEST(NearPairs, EqualThoseOfComparingAllOnAnyThreads) {
  std::vector<PhotoSketch> sketches;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Image image = blobs(48, 48, i / 3);
    sketches.push_back(sketchOf(i % 3 == 0 ? image : i % 3 == 1 ? oriented(image, i % 8) : resized(darker(image), 40, 40)));
  }
  std::vector<NearPair> expected;
  for (std::uint32_t a = 0; a < sketches.size(); ++a) {
    for (std::uint32_t b = a + 1; b < sketches.size(); ++b) {
      NearPair best;
      for (std::uint8_t o = 0; o < kOrientations; ++o) {
        const bool near = std::popcount(sketches[a].hashes[0] ^ sketches[b].hashes[o]) <= NearOptions{}.hash_distance;
        const float similarity = similarityOf(sketches[a], sketches[b], o);
        if (near && similarity >= 0.9f && similarity > best.similarity) best = {a, b, similarity, o};
      }
      if (best.similarity > 0) expected.push_back(best);
    }
  }
  ASSERT_EQ(expected.size(), 60u) << "three pairs of each of twenty pictures";
  for (const int threads : {1, 2, 5}) EXPECT_EQ(nearPairs(sketches, {}, threads), expected);
}

TEST(NearPairs, ManyCopiesHangTogetherWithoutAllTheirPairs) {
  constexpr std::uint32_t kCopies = 3'000;
  const std::vector<PhotoSketch> sketches(kCopies, sketchOf(blobs(32, 32, 1)));
  const std::vector<NearPair> pairs = nearPairs(sketches, {.hash_distance = 0});
  EXPECT_LT(pairs.size(), std::size_t{kCopies} * kCopies / 2);
  std::vector<Twins> twins;
  for (const NearPair& pair : pairs) twins.push_back({pair.first, pair.second});
  EXPECT_EQ(connected(kCopies, twins).at(0).size(), kCopies);
}

TEST(NearPairs, RefuseLimitsThatMakeNoSense) {
  EXPECT_THAT(message([] { nearPairs({}, {.hash_distance = 64}); }), HasSubstr("hash_distance"));
  EXPECT_THAT(message([] { nearPairs({}, {.similarity = 0.4}); }), HasSubstr("above 0.5"));
}

// --- a data set

class DuplicatesOfAFolder : public ::testing::Test {
 protected:
  void add(const std::string& name, const Bytes& bytes) { writeBytes(folder_ / name, bytes); }
  Dataset load() const {
    DataOptions options;
    options.root = folder_.path().string();
    return loadDataset(options);
  }
  static std::vector<std::vector<std::string>> paths(const Dataset& dataset, const std::vector<PhotoGroup>& groups) {
    std::vector<std::vector<std::string>> all;
    for (const PhotoGroup& group : groups) {
      all.emplace_back();
      for (const std::uint32_t photo : group) all.back().push_back(photoAt(dataset, photo).path);
    }
    return all;
  }
  // Four kinds of copies of one picture over two classes and the test images, and two other pictures.
  void addAll() {
    const Image image = blobs(200, 150, 1);
    const Bytes jpeg = jpegOf(image);
    add("train_images/a/first.jpg", jpeg);
    add("train_images/a/second.jpg", jpeg);
    add("train_images/b/turned.png", pngOf(oriented(image, 5)));
    add("train_images/b/worse.jpg", jpegOf(darker(image), {.quality = 50}));
    add("train_images/b/other.jpg", jpegOf(blobs(200, 150, 2)));
    add("train_images/a/another.jpg", jpegOf(blobs(200, 150, 3)));
    add("test_images/same_pixels.jpg", withJpegExif(jpeg, exifBlock(1, false)));
    add("test_images/lone.jpg", jpegOf(blobs(200, 150, 4)));
  }

  TempFolder folder_;
};

TEST_F(DuplicatesOfAFolder, AreGroupedOverAllItsParts) {
  addAll();
  const Dataset dataset = load();
  const Duplicates found = findDuplicates(dataset);
  EXPECT_THAT(paths(dataset, found.exact), ElementsAre(ElementsAre("train_images/a/first.jpg", "train_images/a/second.jpg", "test_images/same_pixels.jpg")));
  EXPECT_THAT(paths(dataset, found.groups), ElementsAre(ElementsAre("train_images/a/first.jpg", "train_images/a/second.jpg", "train_images/b/turned.png",
                                                                    "train_images/b/worse.jpg", "test_images/same_pixels.jpg")));
  std::map<Likeness, int> kinds;
  for (const Twins& twins : found.twins) ++kinds[twins.likeness];
  EXPECT_EQ(kinds[Likeness::SameFile], 1);
  EXPECT_EQ(kinds[Likeness::SamePixels], 1);
  EXPECT_THAT(found.bad, IsEmpty());
  const Duplicates again = findDuplicates(dataset, {}, 3);
  EXPECT_EQ(again.groups, found.groups);
  EXPECT_EQ(again.twins.size(), found.twins.size());
}

TEST_F(DuplicatesOfAFolder, FlatPicturesAreCopiesOnlyOfTheirLike) {
  const auto flat = [](std::uint8_t value) { return pngOf({30, 20, std::vector<std::uint8_t>(1800, value)}); };
  add("a/white.png", flat(255));
  add("a/black.png", flat(0));
  add("b/white.bmp", bmpOf({30, 20, std::vector<std::uint8_t>(1800, 255)}));
  const Dataset dataset = load();
  EXPECT_THAT(paths(dataset, findDuplicates(dataset).groups), ElementsAre(ElementsAre("a/white.png", "b/white.bmp")));
}

TEST_F(DuplicatesOfAFolder, WhatCannotBeReadIsNamedAndInNoGroup) {
  addAll();
  add("train_images/a/empty.jpg", {});
  add("train_images/b/empty.jpg", {});
  const Dataset dataset = load();
  const Duplicates found = findDuplicates(dataset);
  ASSERT_EQ(found.bad.size(), 2u);
  EXPECT_EQ(found.bad[0].path + ": " + found.bad[0].reason, "train_images/a/empty.jpg: is empty (0 bytes)");
  EXPECT_EQ(found.groups.size(), 1u);
  std::stop_source stop;
  EXPECT_THROW(findDuplicates(dataset, {}, 2, stop.get_token(), [&](std::uint64_t, std::uint64_t) { stop.request_stop(); }), Cancelled);
}

TEST_F(DuplicatesOfAFolder, FactsAndDecisions) {
  addAll();
  const Dataset dataset = load();
  const Duplicates found = findDuplicates(dataset);
  Split split;  // first.jpg validates alone
  for (std::uint32_t i = 0; i < dataset.items.size(); ++i) {
    (dataset.items[i].path.ends_with("first.jpg") ? split.valid : split.train).push_back(i);
  }
  const GroupFacts facts = factsOf(dataset, partsOf(dataset, split), found.groups[0]);
  EXPECT_THAT(facts.photos, ElementsAre(3u, 1u, 1u));
  EXPECT_TRUE(facts.crosses() && facts.leaks() && facts.disagrees());
  EXPECT_THAT(leakedIds(dataset, split, found.groups), ElementsAre("a/first.jpg"));
  const Split none{.train = {0, 1, 2, 3, 4, 5}, .valid = {}};
  EXPECT_THAT(leakedIds(dataset, none, found.groups), IsEmpty());

  const auto fixes = folder_ / "fixes.csv";
  addCorrections(fixes, excludeCopies(dataset, found.groups[0]));
  DataOptions options;
  options.root = folder_.path().string();
  options.corrections = "fixes.csv";
  const Dataset once = loadDataset(options);
  EXPECT_EQ(once.items.size(), 3u) << "one of the four labelled photos of the scene is left";
  std::filesystem::remove(fixes);
  addCorrections(fixes, moveToSide(dataset, found.groups[0], Side::Valid));
  const Dataset moved = loadDataset(options);
  const Split after = splitDataset(moved, {.seed = 1});
  for (const std::uint32_t photo : found.groups[0]) {
    const bool labelled = photo < moved.items.size();
    EXPECT_TRUE(!labelled || std::ranges::count(after.valid, photo)) << photoAt(moved, photo).path;
  }
}

TEST_F(DuplicatesOfAFolder, TheWrittenGroupsSplitAsTheFoundOnes) {
  addAll();
  for (int i = 0; i < 30; ++i) add("train_images/" + std::string(i % 2 ? "a" : "b") + "/more" + std::to_string(i) + ".jpg", jpegOf(blobs(64, 64, 50 + i / 2)));
  const Dataset dataset = load();
  const Duplicates found = findDuplicates(dataset);
  EXPECT_EQ(found.groups.size(), 16u);
  writeGroups(folder_ / "groups.csv", dataset, found.groups);
  const SplitOptions options{.kind = SplitKind::Grouped, .groups = "groups.csv"};
  EXPECT_EQ(itemGroups(dataset, options), groupNumbers(dataset, found.groups));
  const Split split = splitDataset(dataset, options);
  EXPECT_FALSE(split.valid.empty());
  EXPECT_EQ(split.valid, splitByNumbers(dataset, groupNumbers(dataset, found.groups), options).valid);
  EXPECT_THAT(leakedIds(dataset, split, found.groups), IsEmpty());
  EXPECT_FALSE(leakedIds(dataset, splitDataset(dataset, {}), found.groups).empty()) << "a random split of pairs leaks";
}

TEST_F(DuplicatesOfAFolder, FeaturesTellNearTwinsApart) {
  addAll();
  const Dataset dataset = load();
  const Duplicates found = findDuplicates(dataset);
  std::vector<float> features(found.photos * 2, 1.0f);
  const auto turned = static_cast<std::size_t>(std::ranges::find_if(dataset.items, [](const Item& item) { return item.path.ends_with("turned.png"); }) -
                                               dataset.items.begin());
  features[2 * turned] = -1;
  const Duplicates refined = refineByFeatures(found, features, 2);
  EXPECT_EQ(refined.groups.at(0).size(), found.groups.at(0).size() - 1);
  EXPECT_EQ(refined.exact, found.exact);
  features[2 * turned] = features[2 * turned + 1] = 0;
  EXPECT_EQ(refineByFeatures(found, features, 2).groups, found.groups) << "without features nothing is said";
  EXPECT_THAT(message([&] { refineByFeatures(found, std::vector<float>(6), 2); }), HasSubstr("features of 3 photos, but 8 photos"));
}

// --- real photos

using Pairs = std::set<std::pair<std::string, std::string>>;

template <typename Groups>
Pairs pairsOf(const Groups& groups) {
  Pairs pairs;
  for (const std::vector<std::string>& group : groups) {
    for (std::size_t a = 0; a < group.size(); ++a) {
      for (std::size_t b = a + 1; b < group.size(); ++b) pairs.insert(std::minmax(group[a], group[b]));
    }
  }
  return pairs;
}

std::size_t common(const Pairs& a, const Pairs& b) {
  return static_cast<std::size_t>(std::ranges::count_if(a, [&](const auto& pair) { return b.contains(pair); }));
}

// Groups that were found independently, with a larger hash on the whole photos.
TEST(Duplicates, OfRealPhotosAreThoseOfTheirProvenance) {
  PANICLE_NEEDS_SHARED_DATA("rice_leaf_sethy");
  DataOptions options;
  options.root = sharedData("rice_leaf_sethy").string();
  const Dataset dataset = loadDataset(options);
  std::vector<std::vector<std::string>> found;
  for (const PhotoGroup& group : findDuplicates(dataset).groups) {
    found.emplace_back();
    for (const std::uint32_t photo : group) found.back().push_back(std::filesystem::path(photoAt(dataset, photo).path).filename().string());
  }
  const CsvTable table = readCsv(sharedData("rice_leaf_sethy") / "provenance.csv");
  const std::size_t id = table.requireColumn("image_id"), group = table.requireColumn("near_dup_group");
  std::map<std::string, std::vector<std::string>> known;
  for (const auto& row : table.rows) known[row[group]].push_back(row[id]);
  std::vector<std::vector<std::string>> expected;
  for (auto& [name, members] : known) expected.push_back(std::move(members));
  const Pairs want = pairsOf(expected), have = pairsOf(found);
  ASSERT_GT(want.size(), 500u);
  EXPECT_GE(static_cast<double>(common(want, have)), 0.95 * static_cast<double>(want.size()));
  EXPECT_LT(static_cast<double>(have.size() - common(have, want)), 0.01 * static_cast<double>(have.size()));
}

// Photos of different scenes and changed copies of each, lying in a random orientation: each copy is found, and no two scenes are one.
TEST(Duplicates, OfChangedRealPhotosAreFoundAndScenesKeptApart) {
  PANICLE_NEEDS_SHARED_DATA("rice_leaf_sethy");
  const CsvTable table = readCsv(sharedData("rice_leaf_sethy") / "provenance.csv");
  const std::size_t id = table.requireColumn("image_id"), label = table.requireColumn("label"), group = table.requireColumn("near_dup_group");
  std::set<std::string> seen;
  std::vector<PhotoSketch> sketches;
  std::vector<std::uint32_t> scenes;
  RandomStream stream(4);
  for (const auto& row : table.rows) {
    if (!seen.insert(row[group]).second || seen.size() % 3 != 0) continue;
    const Image photo = decodeImage(sharedData("rice_leaf_sethy") / "train_images" / row[label] / row[id]);
    const std::size_t turn = stream.below(kOrientations);
    for (const Image& copy : {photo, oriented(resized(photo, photo.width / 2, photo.height / 2), turn), darker(oriented(photo, turn)),
                              decodeImage(std::span<const std::byte>(jpegOf(photo, {.quality = 30})))}) {
      sketches.push_back(sketchOf(copy));
      scenes.push_back(static_cast<std::uint32_t>(seen.size()));
    }
  }
  ASSERT_GT(sketches.size(), 400u);
  std::size_t right = 0, wrong = 0;
  for (const NearPair& pair : nearPairs(sketches)) ++(scenes[pair.first] == scenes[pair.second] ? right : wrong);
  EXPECT_EQ(right, sketches.size() / 4 * 6) << "all six pairs of each scene";
  EXPECT_LT(static_cast<double>(wrong), 0.01 * static_cast<double>(right));
}

// Drawn photos are all different: every pair that is found is a false one.
TEST(Duplicates, OfDrawnPhotosAreRare) {
  const TempFolder folder;
  writeSampleData(folder.path(), {.test_images = 0, .per_class = 6});
  DataOptions options;
  options.root = folder.path().string();
  const Dataset dataset = loadDataset(options);
  ASSERT_EQ(dataset.items.size(), 60u);
  EXPECT_THAT(findDuplicates(dataset).groups, IsEmpty()) << "of 1,770 pairs";
}

}  // namespace
}  // namespace panicle
