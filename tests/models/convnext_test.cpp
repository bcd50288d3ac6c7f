// ConvNeXt against timm 0.6.13.
#include "core/base/error.h"
#include "tests/models/timm_cases.h"
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

ModelOptions optionsFor(const std::string& arch, HeadKind head) {
  ModelOptions options;
  options.arch = arch;
  options.head = head;
  return options;
}

class Convnext : public ::testing::TestWithParam<const char*> {};

TEST_P(Convnext, EqualsTimms) {
  testing::expectEqualToTimm(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, Convnext,
                         ::testing::Values("convnext_tiny_in22k", "convnext_small_in22k",
                                           "convnext_base_in22k", "convnext_large_in22k"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ConvnextTiny, ChannelsLastWeightsGiveTheSame) {
  testing::TimmCase test("convnext_tiny_in22k");
  test.model().toChannelsLast();
  test.expectOutputs();
}

TEST(ConvnextTiny, TenClassesEqualTimms) {
  testing::expectTenClasses("convnext_tiny_in22k");
}

TEST(ConvnextTiny, TrainingStepEqualsTimms) {
  testing::expectTrainingStep("convnext_tiny_in22k");
}

TEST(ConvnextTiny, CheckpointingChangesNothing) {
  testing::expectCheckpointingChangesNothing("convnext_tiny_in22k", {64, 96});
}

// fastai's TimmBody runs forward_features and pools itself: head.norm stays, and learns nothing.
TEST(ConvnextTiny, FastaisHeadLeavesTheOwnNormUnused) {
  Classifier model(optionsFor("convnext_tiny_in22k", HeadKind::Fastai), 10, {64, 64}, 1);
  testing::fillAll(model);
  model.train();
  model.forward(testing::referenceImages(2, 64, 64)).sum().backward();
  for (const auto& [name, tensor] : model.stateDict()) {
    if (!tensor.requires_grad()) continue;
    EXPECT_EQ(tensor.grad().defined(), !name.starts_with("head.norm.")) << name;
  }
}

// Constants exactly; the drawn ones by their deviation.
TEST(ConvnextTiny, FreshWeightsAreDistributedAsTimms) {
  const Classifier model(optionsFor("convnext_tiny_in22k", HeadKind::Timm), 10, {224, 224}, 1);
  for (const auto& [name, tensor] : model.stateDict()) {
    if (tensor.dim() > 1) {
      const double n = static_cast<double>(tensor.numel());
      EXPECT_NEAR(tensor.std().item<double>(), 0.02, 5 * 0.02 / std::sqrt(2 * n)) << name;
      EXPECT_NEAR(tensor.mean().item<double>(), 0, 5 * 0.02 / std::sqrt(n)) << name;
    } else {
      const double expected = name.ends_with(".gamma") ? 1e-6 : name.ends_with(".weight") ? 1 : 0;
      EXPECT_TRUE(torch::equal(tensor, torch::full_like(tensor, expected))) << name;
    }
  }
}

TEST(ConvnextTiny, DropPathGrowsWithTheBlocks) {
  ModelOptions options = optionsFor("convnext_tiny_in22k", HeadKind::Timm);
  Classifier without(options, 10, {64, 64}, 1);
  options.drop_path = 0.2;
  Classifier with(options, 10, {64, 64}, 1);
  const auto paths = [](Classifier& model) {
    std::size_t count = 0;
    for (const auto& module : model.modules(/*include_self=*/false))
      count += module->as<DropPath>() != nullptr;
    return count;
  };
  EXPECT_EQ(paths(without), 0u);
  EXPECT_EQ(paths(with), 17u);  // 18 blocks, the first of which is never left out
}

TEST(ConvnextTiny, ImagesTooSmallAreRefused) {
  EXPECT_THROW(makeBody("convnext_tiny_in22k", {.image_size = {64, 31}}), Error);
  const torch::NoGradGuard noGrad;
  testing::TimmCase test("convnext_tiny_in22k");
  EXPECT_EQ(test.model().forward(testing::referenceImages(1, 32, 63)).sizes(),
            (std::vector<std::int64_t>{1, 21841}));
}

}  // namespace
}  // namespace panicle
