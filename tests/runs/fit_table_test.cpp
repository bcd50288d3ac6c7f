#include "core/runs/fit_table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/base/error.h"
#include "core/models/architecture.h"

namespace panicle {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

RunSpec baseSpec() {
  RunSpec spec;
  spec.data.root = "photos";
  spec.model.weights = "none";
  spec.stages.front().augment = AugOptions{.size = Size{64, 64}};
  spec.stages.front().resize.size = {64, 64};
  return spec;
}

DeviceProfile profileOf(std::uint64_t mib) {
  DeviceProfile profile = ownProfile(mib * kMiB);
  profile.precision = Precision::Fp32;
  profile.overhead = 0;
  return profile;
}

std::vector<FitCell> tableOf(const RunSpec& base, const DeviceProfile& profile, const FitTableOptions& options) {
  std::vector<FitCell> cells;
  fitTable(base, 10, profile, options, [&](const FitCell& cell) { cells.push_back(cell); });
  return cells;
}

TEST(FitTable, CellsComeInOrderAndAgreeWithThePlanOfTheirSpec) {
  FitTableOptions options;
  options.architectures = {"resnet18", "vit_small_patch16_224"};
  options.sizes = {{64, 64}, {96, 64}};
  options.batches = {32, 8};
  options.effective = 32;
  const DeviceProfile profile = profileOf(16'280);
  const auto cells = tableOf(baseSpec(), profile, options);
  ASSERT_EQ(cells.size(), 8u);
  std::size_t i = 0;
  for (const std::string& name : options.architectures) {
    for (const Size size : options.sizes) {
      for (const int batch : options.batches) {
        const FitCell& cell = cells[i++];
        EXPECT_EQ(cell.architecture, name);
        EXPECT_EQ(cell.size, size);
        EXPECT_EQ(cell.batch, batch);
        EXPECT_EQ(cell.accum, 32 / batch);
        RunSpec spec = baseSpec();
        spec.model.arch = name;
        spec.stages.front().augment->size = size;
        spec.batch = {.size = batch, .accum = 32 / batch};
        ASSERT_TRUE(cell.parts) << cell.problem;
        EXPECT_EQ(cell.parts->total(), predict(spec, 10, profile).peak());
        EXPECT_EQ(cell.fit, judge(profile, cell.parts->total()));
        EXPECT_FALSE(cell.epoch_seconds);
      }
    }
    EXPECT_GT(cells[i - 4].parts->total(), cells[i - 3].parts->total()) << "a smaller batch takes less";
  }
}

TEST(FitTable, ASizeThatIsNotTakenSaysSo) {
  FitTableOptions options;
  options.architectures = {"swin_small_patch4_window7_224"};
  options.sizes = {{100, 100}};
  options.batches = {8};
  options.effective = 8;
  const auto cells = tableOf(baseSpec(), profileOf(16'280), options);
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_FALSE(cells[0].parts);
  EXPECT_EQ(cells[0].fit, Fit::No);
  EXPECT_NE(cells[0].problem.find("100"), std::string::npos) << cells[0].problem;
}

TEST(FitTable, BatchesAboveTheEffectiveOneAreLeftOutAndOddOnesRoundedUp) {
  FitTableOptions options;
  options.architectures = {"resnet18"};
  options.sizes = {{32, 32}};
  options.batches = {64, 16, 6};
  options.effective = 16;
  const auto cells = tableOf(baseSpec(), profileOf(16'280), options);
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[0].accum, 1);
  EXPECT_EQ(cells[1].accum, 3);
}

TEST(FitTable, SecondsFollowTheMultiplicationsFromTheNearestMeasuredSize) {
  FitTableOptions options;
  options.architectures = {"resnet18", "vit_small_patch16_224"};
  options.sizes = {{64, 64}, {128, 128}};
  options.batches = {8};
  options.effective = 8;
  options.images = 1000;
  options.measured = {{"resnet18", {32, 32}, 99}, {"resnet18", {64, 64}, 0.01}};
  const auto cells = tableOf(baseSpec(), profileOf(16'280), options);
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_DOUBLE_EQ(cells[0].epoch_seconds.value(), 10);
  // A network of convolutions alone: four times the pixels, four times the work.
  EXPECT_NEAR(cells[1].epoch_seconds.value(), 40, 0.01);
  EXPECT_FALSE(cells[2].epoch_seconds);
}

TEST(FitTable, StopsWhenAsked) {
  FitTableOptions options;
  options.architectures = {"resnet18"};
  options.sizes = {{32, 32}, {64, 64}, {96, 96}};
  options.batches = {8};
  std::stop_source stop;
  int cells = 0;
  const auto count = [&](const FitCell&) {
    ++cells;
    stop.request_stop();
  };
  EXPECT_THROW(fitTable(baseSpec(), 10, profileOf(16'280), options, count, stop.get_token()), Cancelled);
  EXPECT_EQ(cells, 1);
}

// The answer fits and the setting before it does not.
TEST(FitTable, SmallestAccumIsTheFirstThatFits) {
  const RunSpec base = baseSpec();
  const DeviceProfile roomy = profileOf(16'280);
  const auto peak = [&](int accum) { return predict(withAccum(base, 64, accum), 10, roomy).peak(); };
  ASSERT_GT(peak(1), peak(2));
  ASSERT_GT(peak(2), peak(4));
  EXPECT_EQ(smallestAccum(base, 10, roomy, 64), 1);
  const auto budget = [](std::uint64_t bytes) {
    DeviceProfile profile = profileOf(1);
    profile.total = static_cast<std::uint64_t>(static_cast<double>(bytes) / kFullShare) + 1;
    return profile;
  };
  EXPECT_EQ(smallestAccum(base, 10, budget(peak(2)), 64), 2);
  EXPECT_EQ(smallestAccum(base, 10, budget(peak(4)), 64), 4);
  EXPECT_FALSE(smallestAccum(base, 10, profileOf(10), 64));
}

TEST(FitTable, CsvHasALineForEachCell) {
  FitCell known{.architecture = "resnet18", .size = {128, 96}, .batch = 32, .accum = 2};
  known.parts = MemoryParts{.weights = 10 * kMiB, .overhead = 1};
  known.fit = Fit::Tight;
  known.epoch_seconds = 12.4;
  FitCell unknown{.architecture = "swin", .size = {100, 100}, .batch = 32, .accum = 2, .problem = "no, it does not"};
  EXPECT_EQ(fitTableCsv({known, unknown}),
            "architecture,height,width,batch,accum,predicted_mib,fit,epoch_seconds\n"
            "resnet18,128,96,32,2,11,tight,12\n"
            "swin,100,100,32,2,,,\n");
}

}  // namespace
}  // namespace panicle
