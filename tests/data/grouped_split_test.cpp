#include "core/data/grouped_split.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

struct Photos {
  std::vector<std::uint32_t> groups;
  std::vector<int> classes;
};

// Groups of 1 to `largest` photos, each of one class.
Photos groupsOfOneClass(std::size_t groups, int classes, std::uint64_t largest, std::uint64_t seed) {
  RandomStream stream(seed);
  Photos photos;
  for (std::uint32_t group = 0; group < groups; ++group) {
    const int of = static_cast<int>(stream.below(static_cast<std::uint64_t>(classes)));
    for (std::uint64_t left = 1 + stream.below(largest); left > 0; --left) {
      photos.groups.push_back(group);
      photos.classes.push_back(of);
    }
  }
  return photos;
}

std::set<std::uint32_t> groupsAt(const Photos& photos, const std::vector<std::uint32_t>& items) {
  std::set<std::uint32_t> groups;
  for (const std::uint32_t i : items) groups.insert(photos.groups[i]);
  return groups;
}

TEST(GroupedSplit, NoGroupIsOnBothSidesAndEveryPhotoOnOne) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Photos photos = groupsOfOneClass(300, 5, 9, seed);
    const Split split = groupedSplit(photos.groups, photos.classes, 0.2, seed);
    std::set<std::uint32_t> both;
    std::ranges::set_intersection(groupsAt(photos, split.train), groupsAt(photos, split.valid), std::inserter(both, both.end()));
    EXPECT_TRUE(both.empty());
    std::vector<std::uint32_t> all = split.train;
    all.insert(all.end(), split.valid.begin(), split.valid.end());
    std::sort(all.begin(), all.end());
    std::vector<std::uint32_t> every(photos.groups.size());
    std::iota(every.begin(), every.end(), 0u);
    EXPECT_EQ(all, every);
    EXPECT_TRUE(std::is_sorted(split.valid.begin(), split.valid.end()));
  }
}

TEST(GroupedSplit, EveryClassGivesItsShareAsNearAsItsGroupsAllow) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    for (const double share : {0.1, 0.2, 0.5}) {
      const Photos photos = groupsOfOneClass(400, 4, 12, seed);
      const Split split = groupedSplit(photos.groups, photos.classes, share, seed);
      std::map<int, double> images, valid, largest;
      std::map<std::uint32_t, double> sizes;
      for (const std::uint32_t group : photos.groups) ++sizes[group];
      for (std::size_t i = 0; i < photos.classes.size(); ++i) {
        ++images[photos.classes[i]];
        largest[photos.classes[i]] = std::max(largest[photos.classes[i]], sizes[photos.groups[i]]);
      }
      for (const std::uint32_t i : split.valid) ++valid[photos.classes[i]];
      for (const auto& [of, count] : images) EXPECT_LT(std::abs(valid[of] - share * count), largest[of] / 2 + 1e-9) << seed << ' ' << of;
    }
  }
}

TEST(GroupedSplit, IsFixedByItsSeed) {
  const Photos photos = groupsOfOneClass(200, 3, 4, 7);
  const Split first = groupedSplit(photos.groups, photos.classes, 0.2, 42);
  EXPECT_EQ(groupedSplit(photos.groups, photos.classes, 0.2, 42).valid, first.valid);
  EXPECT_NE(groupedSplit(photos.groups, photos.classes, 0.2, 43).valid, first.valid);
}

TEST(GroupedSplit, OverManySeedsEveryGroupValidatesAboutAsOften) {
  const Photos photos = groupsOfOneClass(60, 2, 3, 11);
  std::vector<int> drawn(60);
  constexpr int kSeeds = 500;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const std::uint32_t group : groupsAt(photos, groupedSplit(photos.groups, photos.classes, 0.2, seed).valid)) ++drawn[group];
  }
  // Five standard deviations of a binomial count, and a third more for what whole groups cannot even out.
  for (const int count : drawn) EXPECT_NEAR(count, 0.2 * kSeeds, 5 * std::sqrt(0.2 * 0.8 * kSeeds) + 0.2 * kSeeds / 3);
}

TEST(GroupedSplit, GroupsOfSeveralClassesAreWeighedWhole) {
  // Two of the four groups would fill one class and starve the other: the pair that keeps both shares is chosen.
  const std::vector<std::uint32_t> groups{0, 0, 1, 1, 2, 2, 3, 3};
  const std::vector<int> classes{0, 1, 0, 1, 0, 1, 0, 1};
  for (const std::uint64_t seed : {1u, 2u, 3u}) EXPECT_EQ(groupedSplit(groups, classes, 0.5, seed).valid.size(), 4u);
}

TEST(GroupedSplit, LargeGroupsStillLeaveSomethingOnEachSide) {
  const std::vector<std::uint32_t> groups{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  const Split split = groupedSplit(groups, std::vector<int>(groups.size(), 0), 0.1, 1);
  EXPECT_THAT(split.valid, ElementsAre(6, 7, 8, 9, 10)) << "the smaller one";
  const std::vector<std::uint32_t> one(7, 0);
  EXPECT_THAT(message([&] { groupedSplit(one, std::vector<int>(7, 0), 0.2, 1); }), HasSubstr("all 7 photos are in one"));
}

TEST(GroupedSplit, APhotoWithASideTakesItsGroupAlong) {
  const Photos photos = groupsOfOneClass(100, 2, 5, 3);
  const Split free = groupedSplit(photos.groups, photos.classes, 0.2, 42);
  std::vector<Side> sides(photos.groups.size(), Side::Drawn);
  sides[free.valid.front()] = Side::Train;
  sides[free.train.front()] = Side::Valid;
  const Split moved = groupedSplit(photos.groups, photos.classes, 0.2, 42, sides);
  EXPECT_TRUE(groupsAt(photos, moved.train).contains(photos.groups[free.valid.front()]));
  EXPECT_TRUE(groupsAt(photos, moved.valid).contains(photos.groups[free.train.front()]));
  const std::vector<std::uint32_t> groups{0, 0, 1};
  const std::vector<Side> torn{Side::Train, Side::Valid, Side::Drawn};
  EXPECT_THAT(message([&] { groupedSplit(groups, std::vector<int>{0, 0, 0}, 0.3, 1, torn); }), HasSubstr("on both sides"));
}

class ItemGroups : public ::testing::Test {
 protected:
  ItemGroups() {
    dataset_.root = folder_.path();
    dataset_.vocab = {"a"};
    for (const char* name : {"p", "q", "r", "s", "t"}) {
      dataset_.items.push_back({std::string("x/") + name + ".jpg", std::string("train_images/x/") + name + ".jpg", 0});
    }
    dataset_.column_names = {"plant"};
    dataset_.columns = {{"7", "", "7", "", "2"}};
  }
  TempFolder folder_;
  Dataset dataset_;
};

TEST_F(ItemGroups, OfTheDataSetsOwnColumn) {
  EXPECT_THAT(itemGroups(dataset_, {.kind = SplitKind::Grouped, .group_column = "plant"}), ElementsAre(0, 1, 0, 2, 3));
  EXPECT_THAT(message([&] { itemGroups(dataset_, {.kind = SplitKind::Grouped, .group_column = "plants"}); }), HasSubstr("did you mean 'plant'?"));
  EXPECT_THAT(message([&] { itemGroups(dataset_, {.kind = SplitKind::Grouped, .group_column = "field"}); }), HasSubstr("data.split.groups"));
}

TEST_F(ItemGroups, OfATableByIdPathOrName) {
  writeAtomically(folder_ / "groups.csv", "image_id,path,group\nx/p.jpg,,1\nother,train_images/x/q.jpg,2\nr.jpg,,1\nabsent.jpg,,2\n");
  const SplitOptions options{.kind = SplitKind::Grouped, .groups = "groups.csv"};
  EXPECT_THAT(itemGroups(dataset_, options), ElementsAre(0, 1, 0, 2, 3));
  const Split split = splitDataset(dataset_, options);
  EXPECT_EQ(split.train.size() + split.valid.size(), 5u);
}

TEST_F(ItemGroups, ErrorsNameFileAndLine) {
  const SplitOptions options{.kind = SplitKind::Grouped, .groups = "groups.csv"};
  const auto messageOf = [&](const std::string& text) {
    writeAtomically(folder_ / "groups.csv", text);
    return message([&] { itemGroups(dataset_, options); });
  };
  EXPECT_THAT(messageOf("image_id,group\np.jpg,1\nx/p.jpg,2\n"), HasSubstr("groups.csv:3: puts 'x/p.jpg' into group '2', but an earlier row into '1'"));
  EXPECT_THAT(messageOf("image_id,grp\np.jpg,1\n"), HasSubstr("groups.csv:1: has no column 'group'"));
  EXPECT_THAT(messageOf("image_id,group\nz.jpg,1\n"), AllOf(HasSubstr("groups.csv: none of its 1 rows"), HasSubstr("image_id")));
}

// The groups that were found by others for the real photos: no scene is on both sides, and each class keeps its share.
TEST(GroupedSplit, OfRealPhotosByTheirProvenance) {
  PANICLE_NEEDS_SHARED_DATA("rice_leaf_sethy");
  DataOptions options;
  options.root = testing::sharedData("rice_leaf_sethy").string();
  const Dataset dataset = loadDataset(options);
  options.split = {.kind = SplitKind::Grouped, .group_column = "near_dup_group", .groups = "provenance.csv"};
  const std::vector<std::uint32_t> groups = itemGroups(dataset, options.split);
  EXPECT_EQ(std::set(groups.begin(), groups.end()).size(), 336u) << "distinct scenes, as SOURCE.md says";
  const Split split = splitDataset(dataset, options.split);
  const Photos photos{groups, {}};
  for (const std::uint32_t group : groupsAt(photos, split.valid)) EXPECT_FALSE(groupsAt(photos, split.train).contains(group));
  std::vector<double> valid(dataset.vocab.size());
  for (const std::uint32_t i : split.valid) ++valid[static_cast<std::size_t>(dataset.items[i].target)];
  const auto counts = classCounts(dataset);
  for (std::size_t c = 0; c < counts.size(); ++c) EXPECT_NEAR(valid[c] / static_cast<double>(counts[c]), 0.2, 0.03) << dataset.vocab[c];
}

}  // namespace
}  // namespace panicle
