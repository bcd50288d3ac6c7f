// SwinV2 against timm 0.6.13. Its other image sizes are in swin_test.cpp.
#include "tests/models/timm_cases.h"
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

constexpr const char* kTiny = "swinv2_tiny_window8_256";

class SwinV2Test : public ::testing::TestWithParam<const char*> {};

TEST_P(SwinV2Test, EqualsTimms) {
  testing::expectEqualToTimm(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, SwinV2Test,
                         ::testing::Values(kTiny, "swinv2_base_window12_192_22k",
                                           "swinv2_large_window12_192_22k"));

TEST(SwinV2, TenClassesEqualTimms) {
  testing::expectTenClasses(kTiny);
}

TEST(SwinV2, TrainingStepEqualsTimms) {
  testing::expectTrainingStep(kTiny);
}

TEST(SwinV2, CheckpointingChangesNothing) {
  testing::expectCheckpointingChangesNothing(kTiny, {128, 64});
}

TEST(SwinV2, StartsAsTimms) {
  const Classifier model({.arch = kTiny, .head = HeadKind::Timm}, 10, {64, 64}, 1);
  int blockNorms = 0, otherNorms = 0, scales = 0, linears = 0;
  for (const auto& [name, entry] : model.stateDict()) {
    const auto tensor = entry.detach();
    const bool blockNorm =
        name.find(".blocks.") != std::string::npos && name.find(".norm") != std::string::npos;
    if (name.ends_with("logit_scale")) {
      EXPECT_NEAR(tensor.exp().min().item<double>(), 10, 1e-5) << name;
      ++scales;
    } else if (name.starts_with("patch_embed.proj.")) {
      EXPECT_LE(tensor.abs().max().item<double>(), 1 / std::sqrt(48.0)) << name;
    } else if (blockNorm || name.ends_with("bias")) {  // so that each block starts as the identity
      EXPECT_TRUE(tensor.eq(0).all().item<bool>()) << name;
      blockNorms += blockNorm;
    } else if (tensor.dim() == 1) {
      EXPECT_TRUE(tensor.eq(1).all().item<bool>()) << name;
      ++otherNorms;
    } else if (tensor.dim() == 2) {
      EXPECT_NEAR(tensor.std().item<double>(), 0.02, 0.1 * 0.02) << name;
      ++linears;
    }
  }
  EXPECT_EQ(blockNorms, 12 * 4);
  EXPECT_EQ(otherNorms, 1 + 3 + 1);
  EXPECT_EQ(scales, 12);
  EXPECT_EQ(linears, 12 * 6 + 3 + 1);
}

// The scale of the cosines is held to 100 at most.
TEST(SwinV2, LargeLogitScalesChangeNothing) {
  const torch::NoGradGuard noGrad;
  Classifier model({.arch = kTiny, .head = HeadKind::Timm}, 10, {64, 64}, 1);
  testing::fillAll(model);
  model.eval();
  const auto logitsAt = [&](double scale) {
    for (auto& [name, tensor] : model.stateDict()) {
      if (name.ends_with("logit_scale")) tensor.fill_(std::log(scale));
    }
    return model.forward(testing::referenceImages(1, 64, 64));
  };
  const auto most = logitsAt(100);
  EXPECT_TRUE(torch::allclose(logitsAt(150), most, 0, 1e-6));
  EXPECT_FALSE(torch::allclose(logitsAt(50), most, 0, 1e-3));
}

}  // namespace
}  // namespace panicle
