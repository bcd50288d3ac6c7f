// fastai's head, groups, freezing and initialisation.
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::reference;

constexpr Size kSize{224, 224};

// fastai's names are "0.model.<timm name>" for the body and "1.<child>.<name>" for the head. The body of
// ConvNeXt has a "head.norm" too.
std::string fastaiName(const Classifier& model, const std::string& ours) {
  return model.isHead(ours) ? "1." + ours.substr(5) : "0.model." + ours;
}

class FastaiModelTest : public ::testing::TestWithParam<const char*> {};

// Which parameters there are, their group, their weight decay, and what freeze() leaves learning.
TEST_P(FastaiModelTest, GroupsDecayAndFreezeEqualFastais) {
  const Json all = readJson(reference("fastai/data/07_models.json"));
  const Json& expected = all["archs"][GetParam()];
  Classifier model({.arch = GetParam()}, 10, architecture(GetParam()).input_size, 1);
  const auto groups = model.parameterGroups();
  std::map<const void*, std::pair<std::size_t, bool>> placed;  // tensor -> group, decay
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const auto& t : groups[g].decayed) placed[t.unsafeGetTensorImpl()] = {g, true};
    for (const auto& t : groups[g].undecayed) placed[t.unsafeGetTensorImpl()] = {g, false};
  }
  model.setFrozen(true);
  std::map<std::string, torch::Tensor> ours;
  for (auto& [name, tensor] : model.stateDict()) {
    if (placed.count(tensor.unsafeGetTensorImpl())) ours[fastaiName(model, name)] = tensor;
  }
  ASSERT_EQ(ours.size(), expected["params"].size());
  for (const auto& row : expected["params"]) {
    const std::string name = row[0];
    ASSERT_TRUE(ours.count(name)) << name;
    const torch::Tensor& tensor = ours[name];
    EXPECT_EQ(tensor.sizes().vec(), row[1].get<std::vector<std::int64_t>>()) << name;
    EXPECT_EQ(placed[tensor.unsafeGetTensorImpl()].first, row[2].get<std::size_t>()) << name;
    EXPECT_EQ(placed[tensor.unsafeGetTensorImpl()].second, row[3] == 1) << name;
    EXPECT_EQ(tensor.requires_grad(), row[5] == 1) << name;
  }
  model.setFrozen(false);
  for (const auto& parameter : model.parameters()) EXPECT_TRUE(parameter.requires_grad());
}

INSTANTIATE_TEST_SUITE_P(Timm, FastaiModelTest, ::testing::Values("resnet26d", "convnext_small_in22k", "vit_small_patch16_224", "swin_small_patch4_window7_224",
                                           "swinv2_base_window12_192_22k"));

TEST(FastaiHead, StartsAsFastaisDoes) {
  const Classifier model({}, 10, kSize, 7);
  for (const auto& [name, tensor] : model.stateDict()) {
    if (name == "head.2.weight" || name == "head.6.weight") {
      EXPECT_TRUE(tensor.eq(1).all().item<bool>());
    }
    if (name == "head.2.bias" || name == "head.6.bias") {
      EXPECT_TRUE(tensor.eq(0.001f).all().item<bool>());
    }
    if (name == "head.4.weight") {
      EXPECT_NEAR(tensor.std().item<double>(), std::sqrt(2.0 / 1024), 0.001);
    }
    if (name == "head.8.weight") {
      EXPECT_NEAR(tensor.std().item<double>(), std::sqrt(2.0 / 512), 0.003);
    }
    if (name == "layer1.0.bn2.weight") {
      EXPECT_TRUE(tensor.eq(0).all().item<bool>()) << "zero_init_last";
    }
    if (name == "layer1.0.bn1.weight") {
      EXPECT_TRUE(tensor.eq(1).all().item<bool>());
    }
    if (name == "layer2.0.conv1.weight") {
      EXPECT_NEAR(tensor.std().item<double>(), std::sqrt(2.0 / (128 * 9)), 0.001);
    }
  }
}

// The head is made to hand out one pooled value: of a channel's two, the first must be its maximum.
TEST(FastaiHead, MaximumComesBeforeAverage) {
  const torch::NoGradGuard noGrad;
  Classifier model({}, 1, kSize, 7);
  model.eval();
  std::map<std::string, torch::Tensor> state;
  for (auto& [name, tensor] : model.stateDict()) state[name] = tensor;
  const auto images = testing::referenceImages(1, 96, 96);
  const auto pooled = [&](std::int64_t feature) {
    state["head.4.weight"].zero_()[0][feature] = 1;
    state["head.8.weight"].zero_()[0][0] = 1;
    return model.forward(images).item<float>();
  };
  int greater = 0;
  for (std::int64_t channel = 0; channel < 512; channel += 16) {
    const float first = pooled(channel), second = pooled(channel + 512);
    EXPECT_GE(first, second) << channel;
    greater += first > second;
  }
  EXPECT_GT(greater, 8);
}

TEST(Classifier, WeightsAreAFunctionOfTheSeed) {
  const Classifier a({}, 4, kSize, 5), b({}, 4, kSize, 5), c({}, 4, kSize, 6);
  const auto sa = a.stateDict(), sb = b.stateDict(), sc = c.stateDict();
  bool differs = false;
  for (std::size_t i = 0; i < sa.size(); ++i) {
    EXPECT_TRUE(sa[i].tensor.equal(sb[i].tensor)) << sa[i].name;
    differs = differs || !sa[i].tensor.equal(sc[i].tensor);
  }
  EXPECT_TRUE(differs);
}

TEST(Classifier, DropoutIsAFunctionOfItsSeedAlone) {
  Classifier model({}, 4, kSize, 5);
  for (auto& [name, tensor] : model.stateDict()) {
    if (name.ends_with("running_var")) tensor.fill_(1);
  }
  model.train();
  const auto images = testing::referenceImages(4, 64, 64);
  const auto run = [&](std::uint64_t seed) {
    const torch::NoGradGuard noGrad;
    model.seedDropout(seed);
    return model.forward(images).clone();
  };
  const auto first = run(1);
  torch::manual_seed(99);  // the global generator has no say
  EXPECT_TRUE(first.equal(run(1)));
  EXPECT_FALSE(first.equal(run(2)));
}

}  // namespace
}  // namespace panicle
