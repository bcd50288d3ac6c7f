// The vision transformers against timm 0.6.13.
#include <algorithm>

#include "core/base/error.h"
#include "tests/models/timm_cases.h"
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

ModelOptions optionsFor(const std::string& arch) {
  ModelOptions options;
  options.arch = arch;
  options.head = HeadKind::Timm;
  return options;
}

torch::Tensor tensorOf(const Classifier& model, const std::string& name) {
  for (const auto& [known, tensor] : model.stateDict()) {
    if (known == name) return tensor;
  }
  return {};
}

class VisionTransformer : public ::testing::TestWithParam<const char*> {};

TEST_P(VisionTransformer, EqualsTimms) {
  testing::expectEqualToTimm(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, VisionTransformer,
                         ::testing::Values("vit_tiny_patch16_224", "vit_small_patch16_224",
                                           "vit_base_patch16_224", "vit_large_patch16_224"),
                         [](const auto& info) { return std::string(info.param); });

TEST(VitTiny, TenClassesEqualTimms) {
  testing::expectTenClasses("vit_tiny_patch16_224");
}

TEST(VitTiny, TrainingStepEqualsTimms) {
  testing::expectTrainingStep("vit_tiny_patch16_224");
}

TEST(VitTiny, CheckpointingChangesNothing) {
  testing::expectCheckpointingChangesNothing("vit_tiny_patch16_224", {64, 96});
}

// Each size twice: a network made for it that takes up the embeddings stored for 224 x 224, as timm loads
// them; and a network made for 224 x 224 that is given such images.
class VitSizes : public ::testing::TestWithParam<std::size_t> {
 protected:
  Json row_ = readJson(testing::reference("timm/vit_other_sizes.json"))["eval"][GetParam()];
  Size size_{row_["input"][2].get<int>(), row_["input"][3].get<int>()};
  Classifier usual_{optionsFor("vit_tiny_patch16_224"), 1000, {224, 224}, 1};

  void SetUp() override {
    testing::fillAll(usual_);
    usual_.eval();
  }

  static void expectFirst(const torch::Tensor& actual, const Json& expected) {
    ASSERT_EQ(actual.sizes().vec(), expected["shape"].get<std::vector<std::int64_t>>());
    const auto values = actual.flatten();
    const auto first = expected["first"].get<std::vector<double>>();
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_NEAR(values[static_cast<std::int64_t>(i)].item<double>(), first[i], 2e-5) << i;
    }
    EXPECT_NEAR(actual.norm().item<double>(), expected["l2"].get<double>(),
                2e-5 * expected["l2"].get<double>());
  }
};

TEST_P(VitSizes, StoredEmbeddingsAreResized) {
  const torch::NoGradGuard noGrad;
  Classifier model(optionsFor("vit_tiny_patch16_224"), 1000, size_, 1);
  testing::fillAll(model);
  const auto stored = tensorOf(usual_, "pos_embed");
  const auto resized = model.body().adapted("pos_embed", stored, {14, 14});
  EXPECT_TRUE(torch::equal(resized.slice(1, 0, 1), stored.slice(1, 0, 1)));
  expectFirst(resized.slice(1, 1), row_["pos_embed"]);
  tensorOf(model, "pos_embed").copy_(resized);
  model.eval();
  expectFirst(model.forward(testing::referenceImages(1, size_.height, size_.width)), row_["logits"]);
}

TEST_P(VitSizes, ImagesOfAnotherSizeGoThrough) {
  const torch::NoGradGuard noGrad;
  usual_.setImageSize(size_);
  const auto images = testing::referenceImages(1, size_.height, size_.width);
  expectFirst(usual_.body().forwardFeatures(images), row_["features"]);
  expectFirst(usual_.forward(images), row_["logits"]);
}

INSTANTIATE_TEST_SUITE_P(TallSmallLarge, VitSizes, ::testing::Values(0, 1, 2));

TEST(VitTiny, EmbeddingsOfAnotherShapeThanTheirGridAreNotAdapted) {
  const auto body = makeBody("vit_tiny_patch16_224", {});
  EXPECT_FALSE(body->adapted("pos_embed", torch::zeros({1, 1 + 6 * 4, 192}), {5, 5}).defined());
  EXPECT_FALSE(body->adapted("pos_embed", torch::zeros({1, 1 + 36, 384}), {6, 6}).defined());
  EXPECT_FALSE(body->adapted("pos_embed", torch::zeros({1, 0, 192}), {0, 0}).defined());
  EXPECT_FALSE(body->adapted("cls_token", torch::zeros({1, 1 + 36, 192}), {6, 6}).defined());
  EXPECT_TRUE(body->adapted("pos_embed", torch::zeros({1, 1 + 36, 192}), {6, 6}).defined());
  EXPECT_TRUE(body->adapted("pos_embed", torch::zeros({1, 1 + 6 * 4, 192}), {6, 4}).defined());
}

TEST(VitTiny, SidesThatAreNoMultiplesOf16AreRefused) {
  EXPECT_THROW(makeBody("vit_tiny_patch16_224", {.image_size = {224, 230}}), Error);
  EXPECT_NO_THROW(makeBody("vit_tiny_patch16_224", {.image_size = {16, 480}}));
  Classifier model(optionsFor("vit_tiny_patch16_224"), 10, {224, 224}, 1);
  EXPECT_THROW(model.setImageSize({230, 224}), Error);
}

// Constants exactly; the drawn ones by their deviation (within five of its own).
TEST(VitTiny, FreshWeightsAreDistributedAsTimms) {
  const Classifier model(optionsFor("vit_tiny_patch16_224"), 10, {224, 224}, 1);
  const double bound = 1 / std::sqrt(3 * 16 * 16);  // torch's default of Conv2d: uniform
  for (const auto& [name, tensor] : model.stateDict()) {
    const bool uniform = name.starts_with("patch_embed.proj.");
    if (tensor.dim() > 1 || uniform) {
      const double std = name == "cls_token" ? 1e-6 : uniform ? bound / std::sqrt(3) : 0.02;
      EXPECT_NEAR(tensor.std().item<double>(), std,
                  5 * std / std::sqrt(2.0 * static_cast<double>(tensor.numel())))
          << name;
      if (uniform) {
        EXPECT_LE(tensor.abs().max().item<double>(), bound) << name;
      }
    } else {
      EXPECT_TRUE(torch::equal(tensor, torch::full_like(tensor, name.ends_with(".weight") ? 1 : 0))) << name;
    }
  }
}

TEST(VitTiny, PositionsLearnFromImagesOfAnotherSize) {
  Classifier model(optionsFor("vit_tiny_patch16_224"), 10, {224, 224}, 1);
  testing::fillAll(model);
  model.forward(testing::referenceImages(1, 96, 96)).square().sum().backward();
  const auto gradient = tensorOf(model, "pos_embed").grad();
  EXPECT_GT(gradient.slice(1, 1).abs().sum(2).min().item<double>(), 0)
      << "every place of the grid has its share";
}

}  // namespace
}  // namespace panicle
