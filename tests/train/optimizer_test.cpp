// Our optimizers against fastai's, step by step, in both ways of computing, and what a schedule and a trainer
// rely on.
#include "core/train/optimizer.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include <algorithm>
#include <cmath>

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

double difference(const torch::Tensor& a, const Json& b) {
  return (a.detach() - tensorOf(b)).abs().max().item<double>();
}

OptimizerOptions optionsOf(const Json& json) {
  OptimizerOptions options;
  std::vector<std::string> problems;
  fromJson(options, json, "", problems);
  throwProblems("a reference case", problems);
  return options;
}

// Parameters by name, as the reference cases hold them: W decays, b does not.
struct Named {
  std::map<std::string, torch::Tensor> tensors;
  std::vector<OptimizedParameter> optimized;

  Named(const Json& init, const std::vector<std::string>& first, const std::vector<std::string>& second) {
    for (std::size_t group = 0; group < 2; ++group) {
      for (const auto& name : group == 0 ? first : second) {
        tensors[name] = tensorOf(init[name]).contiguous().requires_grad_();
        optimized.push_back({tensors[name], group, name != "b"});
      }
    }
  }

  // As a backward pass does: adds to a gradient that is there, and only of what learns.
  void addGradients(const Json& gradients) {
    const torch::NoGradGuard noGrad;
    for (const auto& [name, gradient] : gradients.items()) {
      auto& parameter = tensors[name];
      if (!parameter.requires_grad()) continue;
      if (parameter.grad().defined()) {
        parameter.mutable_grad() += tensorOf(gradient);
      } else {
        parameter.mutable_grad() = tensorOf(gradient);
      }
    }
  }

  // Within `tolerance`, of weights above 1 relative to the largest.
  void expect(const Json& after, double tolerance, const std::string& where) const {
    for (const auto& [name, tensor] : tensors) {
      const double largest = tensorOf(after[name]).abs().max().item<double>();
      EXPECT_LT(difference(tensor, after[name]), tolerance * std::max(1.0, largest)) << where << " " << name;
    }
  }
};

StepRates ratesOf(const Json& row) {
  StepRates rates{row["lr"].get<std::vector<double>>(), std::nullopt};
  if (!row["mom"].is_null()) rates.momentum = row["mom"].get<double>();
  return rates;
}

// Both ways of computing: one pass over memory, and multi-tensor operations.
class OptimizerCases : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Way, OptimizerCases, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "MultiTensor" : "OnePass"; });

TEST_P(OptimizerCases, AdamsStepsEqualFastais) {
  const Json all = readJson(reference("fastai/data/07_adam_steps.json"));
  for (const char* name : {"default", "wd0.1_lr0.05", "scheduled_lr_and_mom"}) {
    const Json& expected = all[name];
    Named named(expected["init"], {"W", "b"}, {"g"});
    const Json& hypers = expected["hypers0"][0];
    Optimizer adam(named.optimized,
                   {.sqr_mom = hypers["sqr_mom"], .eps = hypers["eps"].get<double>(), .wd = hypers["wd"]},
                   {.multi_tensor = GetParam()});
    for (const auto& step : expected["steps"]) {
      named.addGradients(step["grads"]);
      adam.step({{step["hypers"][0]["lr"], step["hypers"][1]["lr"]}, step["hypers"][0]["mom"].get<double>()});
      adam.zeroGrad();
      named.expect(step["params_after"], 1e-6, name);
    }
  }
}

TEST_P(OptimizerCases, StepsOfAllEqualFastais) {
  const Json all = readJson(reference("fastai/optimizer_cases.json"));
  for (const Json& expected : all["cases"]) {
    const std::string name = expected["name"];
    Named named(expected["init"], {"W", "b"}, {"g", "u"});
    Optimizer optimizer(named.optimized, optionsOf(expected["options"]), {.multi_tensor = GetParam()});
    for (std::size_t i = 0; i < all["grads"].size(); ++i) {
      if (i == all["clear_before"]) optimizer.clearState();
      named.addGradients(all["grads"][i]);
      optimizer.step(ratesOf(all["hypers"][i]));
      optimizer.zeroGrad();
      named.expect(expected["params"][i], 2e-6, name + ", step " + std::to_string(i));
    }
  }
}

TEST_P(OptimizerCases, FrozenDecayRepeatsFastaisDefectAndTheDefaultDoesNot) {
  const Json all = readJson(reference("fastai/optimizer_cases.json"));
  for (const Json& expected : all["frozen"]) {
    for (const bool defect : {true, false}) {
      const std::string name = expected["options"].dump();
      Named named(all["frozen_init"], {"W", "b"}, {"g", "u"});
      Optimizer optimizer(named.optimized, optionsOf(expected["options"]),
                          {.frozen_decay = defect, .multi_tensor = GetParam()});
      torch::Tensor frozen;
      for (std::size_t i = 0; i < all["grads"].size(); ++i) {
        if (i == expected["frozen_before"]) {
          named.tensors["W"].set_requires_grad(false);
          frozen = named.tensors["W"].detach().clone();
          optimizer.clearState();
        }
        named.addGradients(all["grads"][i]);
        optimizer.step(ratesOf(all["hypers"][i]));
        optimizer.zeroGrad();
        if (defect) named.expect(expected["params"][i], 2e-6, name + ", step " + std::to_string(i));
      }
      EXPECT_EQ(named.tensors["W"].equal(frozen), !defect) << name;
    }
  }
}

TEST_P(OptimizerCases, ClipsGradientsAsTorchDoes) {
  const Json all = readJson(reference("fastai/optimizer_cases.json"));
  const Json& gradients = all["grads"][0];
  for (const Json& expected : all["clip"]) {
    for (const double divisor : {1.0, 4.0}) {  // gradients of a scaled loss
      Named named(all["frozen_init"], {"W", "b"}, {"g", "u"});
      named.addGradients(gradients);
      for (auto& [name, tensor] : named.tensors) {
        if (tensor.grad().defined()) tensor.mutable_grad() *= divisor;
      }
      Optimizer optimizer(named.optimized, {}, {.multi_tensor = GetParam()});
      EXPECT_NEAR(optimizer.clipGradients(expected["max_norm"], divisor), expected["norm"].get<double>(),
                  1e-5);
      for (const auto& [name, gradient] : expected["grads"].items()) {
        EXPECT_LT(difference(named.tensors[name].grad() / divisor, gradient), 1e-6) << name;
      }
    }
  }
}

constexpr std::array kKinds{OptimizerKind::Adam, OptimizerKind::Sgd, OptimizerKind::RAdam,
                            OptimizerKind::Ranger, OptimizerKind::Lamb};

// Tensors of several blocks and odd ends, on one thread, on two, and multi-tensor.
TEST(Optimizer, LargeTensorsTakeTheSameStepInBothWaysAndWithAnyThreads) {
  torch::manual_seed(1);
  const auto start = torch::randn({70001}), gradient = torch::randn({8, 70001});
  const int before = at::get_num_threads();
  for (const OptimizerKind kind : kKinds) {
    const auto train = [&](bool multiTensor, int threads) {
      at::set_num_threads(threads);
      auto p = start.clone().requires_grad_();
      Optimizer optimizer({{p, 0, true}}, {.kind = kind, .mom = 0.9}, {.multi_tensor = multiTensor});
      for (int i = 0; i < 8; ++i) {
        p.mutable_grad() = gradient[i].clone();
        optimizer.step({{0.01}, 0.9}, 2);
      }
      return p.detach();
    };
    const auto one = train(false, 1), two = train(false, 2), together = train(true, 2);
    EXPECT_TRUE(one.equal(two)) << enumName(kind);
    EXPECT_TRUE(torch::allclose(one, together, 1e-5, 1e-6)) << enumName(kind);
    EXPECT_FALSE(one.equal(start)) << enumName(kind);
  }
  at::set_num_threads(before);
}

TEST(Optimizer, LeavesFrozenParametersAlone) {
  for (const OptimizerKind kind : kKinds) {
    auto parameter = torch::ones({4}).requires_grad_();
    parameter.mutable_grad() = torch::ones({4});
    Optimizer optimizer({{parameter, 0, true}}, {.kind = kind});
    optimizer.step({{0.1}, 0.9});
    const auto after = parameter.detach().clone();
    EXPECT_FALSE(after.equal(torch::ones({4})));
    parameter.set_requires_grad(false);
    for (int i = 0; i < 6; ++i) optimizer.step({{0.1}, 0.9});
    EXPECT_TRUE(parameter.equal(after)) << enumName(kind);
  }
}

TEST(Optimizer, ChannelsLastWeightsTakeTheSameStep) {
  torch::manual_seed(1);
  const auto start = torch::randn({8, 4, 3, 3});
  const auto gradient = torch::randn({8, 4, 3, 3});
  for (const OptimizerKind kind : kKinds) {
    auto plain = start.clone().requires_grad_();
    auto last = start.clone().contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_();
    plain.mutable_grad() = gradient.clone();
    last.mutable_grad() = gradient.clone();  // another memory order than its parameter
    Optimizer a({{plain, 0, true}}, {.kind = kind}), b({{last, 0, true}}, {.kind = kind});
    for (int i = 0; i < 7; ++i) {
      a.step({{0.01}, 0.9});
      b.step({{0.01}, 0.9});
    }
    EXPECT_TRUE(torch::allclose(plain, last, 1e-6, 1e-7)) << enumName(kind);
  }
}

TEST(Optimizer, DivisorAveragesAccumulatedGradients) {
  for (const OptimizerKind kind : kKinds) {
    auto a = torch::ones({5}).requires_grad_(), b = torch::ones({5}).requires_grad_();
    a.mutable_grad() = torch::full({5}, 0.5f);
    b.mutable_grad() = torch::full({5}, 1.5f);
    Optimizer first({{a, 0, true}}, {.kind = kind}), second({{b, 0, true}}, {.kind = kind});
    first.step({{0.1}, 0.9}, 1);
    second.step({{0.1}, 0.9}, 3);
    EXPECT_TRUE(torch::allclose(a, b, 1e-6, 1e-7)) << enumName(kind);
  }
}

TEST(Optimizer, MomentumStaysAfterTheScheduleThatSetIt) {
  auto parameter = torch::ones({4}).requires_grad_();
  Optimizer optimizer({{parameter, 0, true}}, {.kind = OptimizerKind::Ranger});
  EXPECT_EQ(optimizer.momentum(), 0.95);
  optimizer.step({{0.1}, 0.87});
  optimizer.step({{0.1}, std::nullopt});
  optimizer.clearState();
  EXPECT_EQ(optimizer.momentum(), 0.87);
}

TEST(Optimizer, WeightDecayChangesFromTheNextStepOn) {
  auto parameter = torch::ones({4}).requires_grad_();
  Optimizer optimizer({{parameter, 0, true}}, {.kind = OptimizerKind::Sgd, .wd = 0.5});
  parameter.mutable_grad() = torch::zeros({4});
  optimizer.step({{0.1}, std::nullopt});
  EXPECT_NEAR(parameter[0].item<double>(), 0.95, 1e-6);
  optimizer.setWeightDecay(0);
  EXPECT_EQ(optimizer.weightDecay(), 0);
  optimizer.step({{0.1}, std::nullopt});
  EXPECT_NEAR(parameter[0].item<double>(), 0.95, 1e-6);
}

TEST(Optimizer, RestoredStateGoesOnBitForBit) {
  torch::manual_seed(2);
  const auto gradients = torch::randn({20, 9});
  for (const OptimizerKind kind : kKinds) {
    auto parameter = torch::ones({9}).requires_grad_();
    Optimizer optimizer({{parameter, 0, true}}, {.kind = kind, .mom = 0.9});
    const auto train = [&](int from, int to, double momentum) {
      for (int i = from; i < to; ++i) {
        parameter.mutable_grad() = gradients[i].clone();
        optimizer.step({{0.1}, momentum});
      }
      return parameter.detach().clone();
    };
    const auto start = train(0, 8, 0.9);
    const auto state = optimizer.saveState();
    for (int repeat = 0; repeat < 2;
         ++repeat) {  // training on from a restored state must not change what was saved
      const auto expected = train(8, 16, 0.9);
      optimizer.setWeightDecay(0.5);
      train(16, 20, 0.7);
      optimizer.restoreState(*state);
      {
        const torch::NoGradGuard noGrad;
        parameter.copy_(start);
      }
      EXPECT_EQ(optimizer.momentum(), 0.9);
      EXPECT_EQ(optimizer.weightDecay(), 0.01);
      EXPECT_TRUE(train(8, 16, 0.9).equal(expected)) << enumName(kind);
      optimizer.restoreState(*state);
      const torch::NoGradGuard noGrad;
      parameter.copy_(start);
    }
  }
}

TEST(Optimizer, GradientsThatAreNotFiniteAreToldAndLeftAlone) {
  auto parameter = torch::ones({3}).requires_grad_();
  parameter.mutable_grad() = torch::tensor({1.0f, INFINITY, 2.0f});
  Optimizer optimizer({{parameter, 0, true}}, {});
  EXPECT_FALSE(std::isfinite(optimizer.clipGradients(1)));
  EXPECT_TRUE(parameter.grad().equal(torch::tensor({1.0f, INFINITY, 2.0f})));
  optimizer.zeroGrad();
  EXPECT_EQ(optimizer.clipGradients(1), 0);
}

TEST(OptimizerOptions, DefaultsAreThoseOfTheKind) {
  const auto options = [](OptimizerKind kind) { return OptimizerOptions{.kind = kind}; };
  EXPECT_EQ(options(OptimizerKind::Adam).momentum(), 0.9);
  EXPECT_EQ(options(OptimizerKind::Sgd).momentum(), 0);
  EXPECT_EQ(options(OptimizerKind::Ranger).momentum(), 0.95);
  EXPECT_EQ(options(OptimizerKind::Lamb).epsilon(), 1e-5);
  EXPECT_EQ(options(OptimizerKind::Ranger).epsilon(), 1e-6);
  EXPECT_EQ((OptimizerOptions{.kind = OptimizerKind::Ranger, .mom = 0.5, .eps = 1e-3}.epsilon()), 1e-3);
}

// fastai's recorded fit_one_cycle(2, 0.01) of a small network with batch norm, replayed.
TEST(TinyRun, OneCycleEqualsFastais) {
  const Json all = readJson(reference("fastai/data/13_tiny_runs.json"));
  const Json& expected = all["one_cycle_2ep_lr0.01"];
  namespace nn = torch::nn;
  nn::Sequential middle(nn::BatchNorm1d(8), nn::ReLU(), nn::Linear(8, 8));
  nn::Linear first(5, 8), last(8, 3);
  const auto forward = [&](const torch::Tensor& x) {
    return last->forward(middle->forward(first->forward(x)));
  };
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
  Optimizer adam(optimized, {});
  const auto x = tensorOf(expected["train_X"]);
  const auto y = tensorOf(expected["train_Y"]).to(torch::kInt64);
  const std::int64_t batchSize = expected["bs"];
  const std::int64_t batches = x.size(0) / batchSize;  // the last, incomplete one is dropped
  const Json& phase = expected["phases"][0];
  const FitPhase plan = planPhases({.epochs = 2, .lr_max = {0.01}}, 1)[0];
  PositionCounter position(plan.epochs, static_cast<std::size_t>(batches));
  SmoothLoss smooth;
  std::size_t step = 0;
  for (int epoch = 0; epoch < plan.epochs; ++epoch) {
    position.beginEpoch(epoch);
    for (std::int64_t b = 0; b < batches; ++b, ++step, position.advance()) {
      const auto slice = [&](const torch::Tensor& t) {
        return t.slice(0, b * batchSize, (b + 1) * batchSize);
      };
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
