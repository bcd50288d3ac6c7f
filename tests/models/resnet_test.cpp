// The ResNets against timm 0.6.13.
#include "tests/models/timm_cases.h"
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

class ResnetTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ResnetTest, EqualsTimms) { testing::expectEqualToTimm(GetParam()); }

// Weights are kept channels-last in training, which takes other convolution kernels.
TEST_P(ResnetTest, ChannelsLastGivesTheSame) {
  const torch::NoGradGuard noGrad;
  Classifier model({.arch = GetParam(), .head = HeadKind::Timm}, 10, {131, 97}, 1);
  testing::fillAll(model);
  model.eval();
  const auto images = testing::referenceImages(2, 131, 97);
  const auto plain = model.forward(images);
  model.toChannelsLast();
  const auto last = model.forward(images.contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_LT((plain - last).abs().max().item<double>(), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(All, ResnetTest, ::testing::Values("resnet18", "resnet26d", "resnet34", "resnet50", "resnet50d"));

TEST(Resnet, TenClassesEqualTimms) {
  testing::expectTenClasses("resnet18");
  testing::expectTenClasses("resnet26d");
}

TEST(Resnet, TrainingStepEqualsTimms) { testing::expectTrainingStep("resnet26d", torch::kDouble); }

TEST(Resnet, CheckpointingChangesNothing) { testing::expectCheckpointingChangesNothing("resnet26d", {64, 64}); }

// Logits hardly show a wrong epsilon.
TEST(Resnet, NormsHaveTimmsEpsilonAndMomentum) {
  Classifier model({.arch = "resnet26d"}, 10, {64, 64}, 1);
  int norms = 0;
  for (const auto& module : model.body().modules()) {
    const auto* norm = module->as<torch::nn::BatchNorm2d>();
    if (!norm) continue;
    ++norms;
    EXPECT_EQ(norm->options.eps(), 1e-5);
    EXPECT_EQ(norm->options.momentum(), 0.1);
  }
  EXPECT_EQ(norms, 2 + 1 + 8 * 3 + 4);
}

}  // namespace
}  // namespace panicle
