#include "core/loader/summary.h"

#include <gmock/gmock.h>

#include <opencv2/imgcodecs.hpp>

#include "core/base/file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class SummaryTest : public ::testing::Test {
 protected:
  // 80 rows of 120 columns, grey from 40 on the left to 200 on the right.
  std::filesystem::path ramp() const {
    cv::Mat picture(80, 120, CV_8UC3);
    for (int x = 0; x < 120; ++x) picture.col(x).setTo(cv::Scalar::all(40 + 160 * x / 119));
    cv::imwrite((folder_ / "ramp.png").string(), picture);
    return folder_ / "ramp.png";
  }

  static std::vector<std::string> namesOf(const PipelineSummary& summary) {
    std::vector<std::string> names;
    for (const auto& step : summary.steps) names.push_back(step.name);
    return names;
  }

  testing::TempFolder folder_;
  Pipeline pipeline_{.decode = {},
                     .resize = {.method = ResizeMethod::Squish, .size = {40, 40}},
                     .augment = std::nullopt,
                     .normalization = {},
                     .seed = 3};
};

TEST_F(SummaryTest, ToldSizesAndRangesAreThoseOfEachStep) {
  const PipelineSummary summary = summarize(pipeline_, ramp(), Mode::Train);
  EXPECT_FALSE(summary.failure);
  ASSERT_THAT(namesOf(summary), ElementsAre("Decode", "Resize", "To numbers", "Normalise"));
  const auto& steps = summary.steps;
  EXPECT_EQ(steps[0].size, (Size{80, 120}));
  EXPECT_EQ(steps[0].low, 40);
  EXPECT_EQ(steps[0].high, 200);
  EXPECT_EQ(steps[0].values, "bytes from 40 to 200");
  EXPECT_EQ(steps[1].size, (Size{40, 40}));
  EXPECT_GT(steps[1].low, 40) << "an average of neighbours";
  EXPECT_NEAR(steps[2].low, steps[1].low / 255, 1e-6);
  EXPECT_NEAR(steps[2].high, steps[1].high / 255, 1e-6);
  EXPECT_NEAR(steps[3].low, (steps[2].low - 0.485) / 0.229, 1e-5);
  EXPECT_NEAR(steps[3].high, (steps[2].high - 0.406) / 0.225, 1e-5);
  EXPECT_THAT(steps[1].detail, HasSubstr("made 1.5 times taller"));
}

TEST_F(SummaryTest, BatchTransformsAreToldAsTrainingOrValidationTakesThem) {
  pipeline_.augment = AugOptions{.size = Size{32, 24}, .min_scale = 0.75};
  const PipelineSummary train = summarize(pipeline_, ramp(), Mode::Train);
  ASSERT_FALSE(train.failure) << *train.failure;
  ASSERT_THAT(namesOf(train), ElementsAre("Decode", "Resize", "Geometry", "Lighting", "Normalise"));
  EXPECT_EQ(train.steps[2].size, (Size{32, 24}));
  EXPECT_THAT(train.steps[2].detail, AllOf(HasSubstr("50 % flipped left to right"),
                                           HasSubstr("up to 10 degrees"), HasSubstr("zoomed 1 to 1.1 times"),
                                           HasSubstr("75 % to 100 % of the area, one box for the batch"),
                                           HasSubstr("two interpolations")));
  EXPECT_TRUE(train.steps[3].low >= 0 && train.steps[3].high <= 1);
  const PipelineSummary valid = summarize(pipeline_, ramp(), Mode::Valid);
  ASSERT_THAT(namesOf(valid), ElementsAre("Decode", "Resize", "Geometry", "Normalise"));
  EXPECT_THAT(valid.steps[2].detail, AllOf(HasSubstr("square at the centre"), Not(HasSubstr("flipped"))));
  EXPECT_NEAR(valid.steps[2].low, valid.steps[1].low / 255.0, 0.02);
}

TEST_F(SummaryTest, TheLastStepIsWhatTrainingGets) {
  pipeline_.augment = AugOptions{.max_rotate = 40, .max_lighting = 0.6, .p_lighting = 1};
  const auto file = ramp();
  const PipelineSummary summary = summarize(pipeline_, file, Mode::Train);
  const std::vector<std::uint32_t> items{0};
  std::vector<float> values(3 * 40 * 40);
  renderItem(pipeline_, file, batchContext(pipeline_, Mode::Train, 0, 0, items), 0, values);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_EQ(summary.steps.back().low, *low);
  EXPECT_EQ(summary.steps.back().high, *high);
}

TEST_F(SummaryTest, EachMethodSaysWhatItDoesToThePhoto) {
  const auto words = [&](ResizeMethod method, Mode mode = Mode::Valid) {
    pipeline_.resize.method = method;
    return summarize(pipeline_, ramp(), mode).steps.at(1).detail;
  };
  EXPECT_THAT(words(ResizeMethod::Crop),
              AllOf(HasSubstr("at the centre"), HasSubstr("33.3 % of its area cut off")));
  EXPECT_THAT(words(ResizeMethod::Crop, Mode::Train), HasSubstr("at a random place"));
  EXPECT_THAT(words(ResizeMethod::Pad),
              AllOf(HasSubstr("reflection"), HasSubstr("33.3 % of the result invented")));
  EXPECT_THAT(words(ResizeMethod::RandomResizedCrop, Mode::Train), HasSubstr("random size, shape and place"));
  EXPECT_THAT(words(ResizeMethod::RatioResize), HasSubstr("proportions kept"));
}

TEST_F(SummaryTest, AFailureNamesFileStepAndReason) {
  const auto file = ramp();
  writeAtomically(folder_ / "cut.png", readText(file).substr(0, 100));
  PipelineSummary summary = summarize(pipeline_, folder_ / "cut.png", Mode::Train);
  ASSERT_TRUE(summary.failure);
  EXPECT_THAT(*summary.failure, StartsWith((folder_ / "cut.png").string() + ": Decode failed: "));
  EXPECT_THAT(summary.steps, IsEmpty());
  pipeline_.resize.size = {0, 0};
  summary = summarize(pipeline_, file, Mode::Train);
  ASSERT_TRUE(summary.failure);
  EXPECT_THAT(*summary.failure, StartsWith(file.string() + ": Resize failed: "));
  EXPECT_THAT(namesOf(summary), ElementsAre("Decode"));
}

}  // namespace
}  // namespace panicle
