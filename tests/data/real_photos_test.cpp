// Real photos, where they are at hand; the expected counts are those of their descriptions.
#include <gmock/gmock.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/data/census.h"
#include "core/data/csv.h"
#include "core/data/dataset.h"
#include "core/data/decode.h"
#include "core/data/split.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Dataset load(const std::filesystem::path& root) {
  DataOptions options;
  options.root = root.string();
  return loadDataset(options);
}

TEST(RealPhotos, OddShapesAndOneUpsideDown) {
  PANICLE_NEEDS_SHARED_DATA("rice_leaf_wide")
  const Dataset dataset = load(sharedData("rice_leaf_wide"));
  EXPECT_THAT(dataset.vocab, ElementsAre("bacterial_leaf_blight", "brown_spot", "leaf_smut"));
  EXPECT_THAT(classCounts(dataset), ElementsAre(6u, 21u, 18u));
  const Census census = takeCensus(dataset);
  EXPECT_THAT(census.bad, IsEmpty());
  EXPECT_EQ(census.sizes.size(), 35u);
  EXPECT_EQ(census.sizes.at({897, 3081}), 10u);
  EXPECT_EQ(census.orientations.at(3), 1u);
  for (const auto& item : dataset.items) {
    const ImageHeader header = readImageHeader(dataset.file(item));
    const Image image = decodeImage(dataset.file(item));
    EXPECT_EQ(image.width, header.width);
    EXPECT_EQ(image.height, header.height);
    const Image small = decodeThumbnail(dataset.file(item), 64);
    EXPECT_EQ(std::max(small.width, small.height), 64);
  }
}

TEST(RealPhotos, ClassFoldersBesideATableThatIsNotForLabels) {
  PANICLE_NEEDS_SHARED_DATA("rice_leaf_sethy")
  const Dataset dataset = load(sharedData("rice_leaf_sethy"));
  EXPECT_EQ(dataset.layout, "class folders in train_images/");
  EXPECT_THAT(dataset.vocab, ElementsAre("bacterial_leaf_blight", "blast", "brown_spot", "tungro"));
  EXPECT_THAT(classCounts(dataset), ElementsAre(201u, 114u, 192u, 277u));
  const Census census = takeCensus(dataset);
  EXPECT_THAT(census.bad, IsEmpty());
  EXPECT_EQ(census.sizes.size(), 47u);
  EXPECT_EQ(census.sizes.at({300, 300}), 507u);
  EXPECT_EQ(census.sizes.at({200, 300}), 96u);
}

TEST(RealPhotos, ThatTableCanBeNamed) {
  PANICLE_NEEDS_SHARED_DATA("rice_leaf_sethy")
  DataOptions options;
  options.root = sharedData("rice_leaf_sethy").string();
  options.csv = "provenance.csv";
  const Dataset dataset = loadDataset(options);
  EXPECT_EQ(dataset.items.size(), 784u);
  EXPECT_THAT(dataset.warnings, IsEmpty());
  EXPECT_TRUE(dataset.column("near_dup_group"));
  const Dataset folders = load(sharedData("rice_leaf_sethy"));
  for (std::size_t i = 0; i < dataset.items.size(); ++i) {
    EXPECT_EQ(dataset.items[i].path, folders.items[i].path);
    EXPECT_EQ(dataset.items[i].target, folders.items[i].target);
  }
}

TEST(RealPhotos, PaddyDoctorWithAllItsRows) {
  PANICLE_NEEDS_SHARED_DATA("paddy_doctor_sample")
  const auto sample = sharedData("paddy_doctor_sample");
  const TempFolder folder;
  const CsvTable table = readCsv(sample / "train_full.csv");
  std::filesystem::copy_file(sample / "train_full.csv", folder / "train.csv");
  const Dataset few = load(sample);
  EXPECT_EQ(few.items.size(), 30u);
  const auto photo = folder / "photo";
  std::filesystem::copy_file(few.file(few.items.front()), photo);
  for (const auto& row : table.rows) {
    const auto path = folder / "train_images" / row[1] / row[0];
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::create_hard_link(photo, path);
  }
  const Dataset dataset = load(folder.path());
  EXPECT_EQ(dataset.layout, "Paddy Doctor (train.csv, train_images/)");
  EXPECT_EQ(dataset.items.size(), 10407u);
  EXPECT_THAT(dataset.warnings, IsEmpty());
  EXPECT_THAT(dataset.vocab,
              ElementsAre("bacterial_leaf_blight", "bacterial_leaf_streak", "bacterial_panicle_blight",
                          "blast", "brown_spot", "dead_heart", "downy_mildew", "hispa", "normal", "tungro"));
  EXPECT_THAT(classCounts(dataset),
              ElementsAre(479u, 380u, 337u, 1738u, 965u, 1442u, 620u, 1594u, 1764u, 1088u));
  EXPECT_THAT(dataset.column_names, ElementsAre("variety", "age"));
  const Census census = takeCensus(dataset);
  EXPECT_THAT(census.bad, IsEmpty());
  EXPECT_EQ(census.sizes, (std::map<std::pair<int, int>, std::size_t>{{{640, 480}, 10407}}));
  const Split split = splitDataset(dataset, {});
  EXPECT_EQ(split.valid.size(), 2081u);
  EXPECT_EQ(split.valid.front(), 6738u);
}

}  // namespace
}  // namespace panicle
