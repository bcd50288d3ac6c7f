// The ResNets against timm 0.6.13: names, order, shapes, parameter counts, logits under the reference fill.
#include "core/base/error.h"
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::reference;

class ResnetTest : public ::testing::TestWithParam<const char*> {
 protected:
  Json expected_ = readJson(reference(std::string("timm/") + GetParam() + ".json"));
};

TEST_P(ResnetTest, StateDictHasTimmsNamesOrderAndShapes) {
  const Classifier model(GetParam(), HeadKind::Timm, 1000, 1);
  const auto state = model.stateDict();
  ASSERT_EQ(state.size(), expected_["state_dict"].size());
  for (std::size_t i = 0; i < state.size(); ++i) {
    EXPECT_EQ(state[i].name, expected_["state_dict"][i]["name"].get<std::string>());
    EXPECT_EQ(state[i].tensor.sizes().vec(), expected_["state_dict"][i]["shape"].get<std::vector<std::int64_t>>());
  }
  std::int64_t count = 0;
  for (const auto& parameter : model.parameters()) count += parameter.numel();
  EXPECT_EQ(count, expected_["param_count"].get<std::int64_t>());
  EXPECT_EQ(architecture(GetParam()).params, count);
}

TEST_P(ResnetTest, LogitsEqualTimms) {
  const torch::NoGradGuard noGrad;
  Classifier model(GetParam(), HeadKind::Timm, 1000, 1);
  testing::fillAll(model);
  model.eval();
  for (const bool channelsLast : {false, true}) {
    if (channelsLast) model.toChannelsLast();
    for (const auto& row : expected_["eval"]) {
      const auto logits = model.forward(testing::referenceImages(1, row["input"][2], row["input"][3]));
      const auto first = row["logits"]["first"].get<std::vector<float>>();
      for (std::size_t i = 0; i < first.size(); ++i) {
        EXPECT_NEAR(logits[0][static_cast<std::int64_t>(i)].item<float>(), first[i], 2e-5) << row["input"] << " logit " << i;
      }
      EXPECT_EQ(logits.argmax(1).item<std::int64_t>(), row["argmax"].is_array() ? row["argmax"][0].get<std::int64_t>()
                                                                                : row["argmax"].get<std::int64_t>());
      EXPECT_NEAR(logits.norm().item<double>(), row["logits"]["l2"].get<double>(), 1e-4 * row["logits"]["l2"].get<double>());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ResnetTest, ::testing::Values("resnet18", "resnet26d", "resnet34", "resnet50"));

TEST(Fill, ReproducesTheReferenceVectors) {
  const Json vectors = readJson(reference("timm/fill_vectors.json"));
  auto tensor = torch::empty({32, 3, 3, 3});
  testing::fill("conv1.0.weight", tensor);
  EXPECT_FLOAT_EQ(tensor.flatten()[0].item<float>(), 0.197121903f);
  EXPECT_FLOAT_EQ(tensor.flatten()[4].item<float>(), 0.294461608f);
}

// One optimisation step's worth of gradients, in training mode: batch statistics, stride and shortcut all take part.
TEST(Resnet26d, GradientsEqualTimms) {
  const Json all = readJson(reference("timm/resnet26d.json"))["num_classes_10"];
  const Json& expected = all["train"];
  Classifier model("resnet26d", HeadKind::Timm, 10, 1);
  testing::fillAll(model);
  model.train();
  const auto targets = torch::tensor({1, 3}, torch::kInt64);
  const std::int64_t side = expected["input"][2];
  const auto loss = torch::nn::functional::cross_entropy(model.forward(testing::referenceImages(2, side, side)), targets);
  EXPECT_NEAR(loss.item<double>(), expected["loss"].get<double>(), 2e-4);
  loss.backward();
  const Json& gradients = expected["grad"];
  std::size_t compared = 0;
  for (auto& [name, tensor] : model.stateDict()) {
    if (!tensor.requires_grad()) continue;
    ASSERT_TRUE(gradients.contains(name)) << name;
    const double norm = gradients[name]["l2"];
    EXPECT_NEAR(tensor.grad().norm().item<double>(), norm, 5e-3 * norm + 1e-7) << name;
    ++compared;
  }
  EXPECT_EQ(compared, gradients.size());
}

TEST(Architecture, UnknownNameSuggestsTheNearest) {
  try {
    architecture("resnet18d");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'resnet18'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace panicle
