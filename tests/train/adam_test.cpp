// Our Adam against fastai's, step by step, and a whole tiny run of fastai's against schedule, optimizer and smoothing together.
#include "core/train/adam.h"

#include <torch/nn.h>

#include "core/train/schedule.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::reference;

torch::Tensor tensorOf(const Json& json) {
  if (!json.is_array()) return torch::tensor(json.get<float>());
  std::vector<torch::Tensor> rows;
  for (const auto& row : json) rows.push_back(tensorOf(row));
  return torch::stack(rows);
}

double difference(const torch::Tensor& a, const Json& b) { return (a.detach() - tensorOf(b)).abs().max().item<double>(); }

class AdamTest : public ::testing::TestWithParam<const char*> {};

TEST_P(AdamTest, StepsEqualFastais) {
  const Json all = readJson(reference("fastai/data/07_adam_steps.json"));
  const Json& expected = all[GetParam()];
  const std::vector<std::string> names{"W", "b", "g"};
  std::map<std::string, torch::Tensor> parameters;
  std::vector<OptimizedParameter> optimized;
  for (const auto& name : names) {
    parameters[name] = tensorOf(expected["init"][name]).contiguous().requires_grad_();
    optimized.push_back({parameters[name], name == "g" ? 1u : 0u, name != "b"});
  }
  const Json& hypers = expected["hypers0"][0];
  Adam adam(optimized, {.wd = hypers["wd"], .sqr_mom = hypers["sqr_mom"], .eps = hypers["eps"]});
  for (const auto& step : expected["steps"]) {
    for (const auto& name : names) parameters[name].mutable_grad() = tensorOf(step["grads"][name]);
    adam.step({{step["hypers"][0]["lr"], step["hypers"][1]["lr"]}, step["hypers"][0]["mom"]});
    for (const auto& name : names) EXPECT_LT(difference(parameters[name], step["params_after"][name]), 1e-6) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Fastai, AdamTest, ::testing::Values("default", "wd0.1_lr0.05", "scheduled_lr_and_mom"));

TEST(Adam, LeavesFrozenParametersAlone) {
  auto parameter = torch::ones({4}).requires_grad_();
  parameter.mutable_grad() = torch::ones({4});
  Adam adam({{parameter, 0, true}}, {});
  adam.step({{0.1}, 0.9});
  const auto after = parameter.detach().clone();
  parameter.set_requires_grad(false);
  adam.step({{0.1}, 0.9});
  EXPECT_TRUE(parameter.equal(after));
}

TEST(Adam, ChannelsLastWeightsTakeTheSameStep) {
  torch::manual_seed(1);
  const auto start = torch::randn({8, 4, 3, 3});
  const auto gradient = torch::randn({8, 4, 3, 3});
  auto plain = start.clone().requires_grad_();
  auto last = start.clone().contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_();
  plain.mutable_grad() = gradient.clone();
  last.mutable_grad() = gradient.clone();  // another memory order than its parameter
  Adam a({{plain, 0, true}}, {}), b({{last, 0, true}}, {});
  for (int i = 0; i < 3; ++i) {
    a.step({{0.01}, 0.9});
    b.step({{0.01}, 0.9});
  }
  EXPECT_TRUE(torch::allclose(plain, last, 1e-6, 1e-7));
}

TEST(Adam, DivisorAveragesAccumulatedGradients) {
  auto a = torch::ones({5}).requires_grad_(), b = torch::ones({5}).requires_grad_();
  a.mutable_grad() = torch::full({5}, 0.5f);
  b.mutable_grad() = torch::full({5}, 1.5f);
  Adam first({{a, 0, true}}, {}), second({{b, 0, true}}, {});
  first.step({{0.1}, 0.9}, 1);
  second.step({{0.1}, 0.9}, 3);
  EXPECT_TRUE(torch::allclose(a, b, 1e-6, 1e-7));
}

// fastai's recorded fit_one_cycle(2, 0.01) of a small network with batch norm, replayed.
TEST(TinyRun, OneCycleEqualsFastais) {
  const Json all = readJson(reference("fastai/data/13_tiny_runs.json"));
  const Json& expected = all["one_cycle_2ep_lr0.01"];
  namespace nn = torch::nn;
  nn::Sequential middle(nn::BatchNorm1d(8), nn::ReLU(), nn::Linear(8, 8));
  nn::Linear first(5, 8), last(8, 3);
  const auto forward = [&](const torch::Tensor& x) { return last->forward(middle->forward(first->forward(x))); };
  const auto load = [](nn::Module& module, const Json& state, const std::string& prefix) {
    const torch::NoGradGuard noGrad;
    for (auto& item : module.named_parameters()) item.value().copy_(tensorOf(state[prefix + item.key()]));
    for (auto& item : module.named_buffers()) item.value().copy_(tensorOf(state[prefix + item.key()]));
  };
  load(*first, expected["init_state"], "0.");
  load(*middle, expected["init_state"], "1.");
  load(*last, expected["init_state"], "2.");

  std::vector<OptimizedParameter> optimized;
  for (auto* module : std::initializer_list<nn::Module*>{first.get(), middle.get(), last.get()}) {
    for (auto& item : module->named_parameters()) {
      optimized.push_back({item.value(), 0, item.key().ends_with("weight") && item.value().dim() > 1});
    }
  }
  Adam adam(optimized, {});
  const auto x = tensorOf(expected["train_X"]);
  const auto y = tensorOf(expected["train_Y"]).to(torch::kInt64);
  const std::int64_t batchSize = expected["bs"];
  const std::int64_t batches = x.size(0) / batchSize;  // the last, incomplete one is dropped
  const Json& phase = expected["phases"][0];
  const FitPhase plan = planPhases({.epochs = 2, .lr_max = 0.01}, 1)[0];
  PositionCounter position(plan.epochs, static_cast<std::size_t>(batches));
  SmoothLoss smooth;
  std::size_t step = 0;
  for (int epoch = 0; epoch < plan.epochs; ++epoch) {
    position.beginEpoch(epoch);
    for (std::int64_t b = 0; b < batches; ++b, ++step, position.advance()) {
      const auto slice = [&](const torch::Tensor& t) { return t.slice(0, b * batchSize, (b + 1) * batchSize); };
      const auto loss = nn::functional::cross_entropy(forward(slice(x)), slice(y));
      loss.backward();
      adam.step({{plan.lr(0, position.position())}, plan.momentum(position.position())});
      adam.zeroGrad();
      smooth.add(loss.item<float>());
      EXPECT_NEAR(loss.item<double>(), phase["train_losses"][step].get<double>(), 1e-5) << step;
      EXPECT_NEAR(smooth.value(), phase["smooth"][step].get<double>(), 1e-5) << step;
      EXPECT_LT(difference(first->weight, phase["params_after_batch_l0w"][step]), 1e-5) << step;
    }
  }
  EXPECT_EQ(step, phase["train_losses"].size());
}

}  // namespace
}  // namespace panicle
