// Swin against timm 0.6.13, and what both Swins do with images of other sizes.
#include "core/base/error.h"
#include "core/models/swin_windows.h"
#include "tests/models/timm_cases.h"
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

constexpr const char* kTiny = "swin_tiny_patch4_window7_224";

class SwinTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SwinTest, EqualsTimms) {
  testing::expectEqualToTimm(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, SwinTest,
                         ::testing::Values(kTiny, "swin_small_patch4_window7_224",
                                           "swin_base_patch4_window7_224", "swin_large_patch4_window7_224"));

TEST(Swin, TenClassesEqualTimms) {
  testing::expectTenClasses(kTiny);
}

TEST(Swin, TrainingStepEqualsTimms) {
  testing::expectTrainingStep(kTiny);
}

TEST(Swin, CheckpointingChangesNothing) {
  testing::expectCheckpointingChangesNothing(kTiny, {224, 224});
}

torch::Tensor parameter(const Classifier& model, const std::string& name) {
  for (const auto& [key, tensor] : model.stateDict()) {
    if (key == name) return tensor.detach();
  }
  ADD_FAILURE() << name << " is not there";
  return {};
}

TEST(Swin, StartsAsTimms) {
  const Classifier model({.arch = kTiny, .head = HeadKind::Timm}, 10, {224, 224}, 1);
  const auto patches = parameter(model, "patch_embed.proj.weight");
  const double bound = 1 / std::sqrt(48.0);  // torch's own of a convolution
  EXPECT_NEAR(patches.abs().max().item<double>(), bound, 0.01 * bound);
  EXPECT_NEAR(patches.std().item<double>(), bound / std::sqrt(3.0), 0.02 * bound);
  EXPECT_LE(parameter(model, "patch_embed.proj.bias").abs().max().item<double>(), bound);
  EXPECT_GT(parameter(model, "patch_embed.proj.bias").std().item<double>(), 0.4 * bound);
  for (const char* name : {"layers.2.blocks.3.attn.qkv.weight", "layers.1.downsample.reduction.weight",
                           "head.weight", "layers.2.blocks.0.attn.relative_position_bias_table"}) {
    EXPECT_NEAR(parameter(model, name).std().item<double>(), 0.02, 0.001) << name;
  }
  for (const char* name :
       {"layers.0.blocks.0.norm1.weight", "layers.0.downsample.norm.weight", "norm.weight"}) {
    EXPECT_TRUE(parameter(model, name).eq(1).all().item<bool>()) << name;
  }
  for (const char* name : {"layers.0.blocks.0.norm1.bias", "layers.3.blocks.1.mlp.fc2.bias", "head.bias"}) {
    EXPECT_TRUE(parameter(model, name).eq(0).all().item<bool>()) << name;
  }
}

torch::Tensor trainingLogits(std::optional<double> dropPath) {
  const torch::NoGradGuard noGrad;
  Classifier model({.arch = kTiny, .head = HeadKind::Timm, .drop_path = dropPath}, 10, {224, 224}, 1);
  testing::fillAll(model);
  model.train();
  model.seedDropout(3);
  return model.forward(testing::referenceImages(2, 224, 224));
}

TEST(Swin, DropsATenthOfTheLastPathsByDefault) {
  const auto logits = trainingLogits(std::nullopt);
  EXPECT_TRUE(torch::equal(logits, trainingLogits(0.1)));
  EXPECT_FALSE(torch::equal(logits, trainingLogits(0)));
}

std::map<std::string, torch::Tensor> masksOf(const Classifier& model) {
  std::map<std::string, torch::Tensor> masks;
  for (const auto& [name, tensor] : model.stateDict()) {
    if (name.ends_with("attn_mask")) masks[name] = tensor;
  }
  return masks;
}

// Every size in turn through one network, which was made for another.
TEST(SwinSizes, LogitsAndMasksEqualTimms) {
  const torch::NoGradGuard noGrad;
  const Json reference = readJson(testing::reference("timm/swin_sizes.json"));
  ASSERT_EQ(reference["cases"].size(), 10u);
  std::map<std::string, std::unique_ptr<Classifier>> models;
  double worst = 0;
  for (const Json& row : reference["cases"]) {
    const std::string arch = row["arch"];
    const Size size{row["size"][0], row["size"][1]};
    SCOPED_TRACE(arch + " " + toString(size));
    auto& model = models[arch];
    if (!model) {
      model = std::make_unique<Classifier>(ModelOptions{.arch = arch, .head = HeadKind::Timm}, 10,
                                           architecture(arch).input_size, 1);
      testing::fillAll(*model);
      model->eval();
    }
    model->setImageSize(size);
    const auto logits = model->forward(testing::referenceImages(1, size.height, size.width));
    const auto expected = torch::tensor(row["logits"].get<std::vector<double>>());
    const double difference = (logits[0] - expected).abs().max().item<double>();
    EXPECT_LT(difference, 2e-5);
    worst = std::max(worst, difference);
    const auto masks = masksOf(*model);
    EXPECT_EQ(masks.size(), row["masks"].size());
    for (const auto& [name, mask] : masks) {
      ASSERT_TRUE(row["masks"].contains(name)) << name;
      EXPECT_EQ(mask.sizes().vec(), row["masks"][name]["shape"].get<std::vector<std::int64_t>>()) << name;
      EXPECT_EQ(mask.sum(torch::kDouble).item<double>(), row["masks"][name]["sum"].get<double>()) << name;
    }
  }
  std::printf("worst logit difference: %.2e\n", worst);
}

TEST(SwinSizes, TheWayBackGivesTheSame) {
  const torch::NoGradGuard noGrad;
  Classifier model({.arch = kTiny, .head = HeadKind::Timm}, 10, {224, 224}, 1);
  model.eval();
  const auto images = testing::referenceImages(1, 224, 224);
  const auto before = model.forward(images);
  const auto masks = masksOf(model);
  model.setImageSize({448, 448});
  EXPECT_EQ(masksOf(model).size(), masks.size() + 1);
  model.setImageSize({224, 224});
  EXPECT_EQ(masksOf(model).size(), masks.size());
  EXPECT_TRUE(torch::equal(model.forward(images), before));
}

TEST(SwinSizes, ImagesOfASizeThatItIsNotSetToAreRefused) {
  const torch::NoGradGuard noGrad;
  Classifier model({.arch = kTiny}, 10, {224, 448}, 1);
  model.eval();
  try {
    model.forward(testing::referenceImages(1, 448, 224));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("224,448"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("448,224"), std::string::npos) << error.what();
  }
  EXPECT_THROW(model.setImageSize({256, 224}), Error);
  EXPECT_THROW(Classifier({.arch = kTiny}, 10, {224, 192}, 1), Error);
}

// Tokens are numbered, so that where each one goes can be read off.
TEST(Windows, SplitAndJoinAreInverse) {
  const WindowLayout layout{{4, 6}, {2, 3}, {0, 0}};
  const auto tokens = torch::arange(24).view({1, 24, 1});
  const auto q = tokens * 100 + torch::arange(4).view({1, 1, 4}), k = q + 10,
             v = q + 20;  // two heads of width two
  const auto split = splitIntoWindows(torch::cat({q, k, v}, 2), layout, 2);
  EXPECT_EQ(split.sizes().vec(), (std::vector<std::int64_t>{3, 1, 4, 2, 6, 2}));
  for (int part = 0; part < 3; ++part) {
    // Window 1 is the upper right one; its token 4 lies in row 1, column 4: token 10 of the grid.
    EXPECT_EQ(split[part][0][1][1][4][0].item<std::int64_t>(), 1000 + 10 * part + 2);
  }
  EXPECT_TRUE(torch::equal(joinWindows(split[0], layout), q));
}

TEST(Windows, TokensThatMetOnlyByWrappingAreMasked) {
  const WindowLayout layout{{8, 8}, {4, 4}, {2, 2}};
  const auto tokens = torch::arange(64).view({1, 64, 1});
  const auto rolled = rolledToWindows(tokens, layout);
  EXPECT_EQ(rolled[0][0][0].item<std::int64_t>(), 2 * 8 + 2);
  EXPECT_TRUE(torch::equal(rolledBack(rolled, layout), tokens));
  const auto windows = splitIntoWindows(rolled.repeat({1, 1, 3}), layout, 1)[0].view({4, 16});
  const auto mask = shiftMask(layout);
  const auto at = mask.accessor<float, 3>();
  const auto token = windows.accessor<std::int64_t, 2>();
  for (int window = 0; window < 4; ++window) {
    for (int query = 0; query < 16; ++query) {
      for (int key = 0; key < 16; ++key) {
        const auto a = token[window][query], b = token[window][key];
        const bool near =
            std::abs(a / 8 - b / 8) < 4 && std::abs(a % 8 - b % 8) < 4;  // neighbours in the image itself
        EXPECT_EQ(at[window][query][key], near ? 0 : -100) << window << " " << a << " " << b;
      }
    }
  }
}

TEST(Windows, MergingTakesUpperLeftLowerLeftUpperRightLowerRight) {
  const auto merged = mergedTokens(torch::arange(24).view({1, 24, 1}), {4, 6});
  EXPECT_EQ(merged.sizes().vec(), (std::vector<std::int64_t>{1, 6, 4}));
  EXPECT_TRUE(torch::equal(merged[0][1], torch::tensor({2, 8, 3, 9}, torch::kInt64)));
}

}  // namespace
}  // namespace panicle
