// Whole trainings of fastai's, repeated batch by batch with the steps that the trainer takes; and where fastai has a
// defect, that the default does not.
#include "core/train/fit_steps.h"

#include <torch/nn.h>

#include <array>
#include <cmath>
#include <set>

#include "tests/testing.h"

namespace panicle {
namespace {

using testing::reference;
namespace nn = torch::nn;

torch::Tensor tensorOf(const Json& json) {
  if (json.is_number_integer()) return torch::tensor(json.get<std::int64_t>());
  if (!json.is_array()) return torch::tensor(json.get<float>());
  std::vector<torch::Tensor> rows;
  for (const auto& row : json) rows.push_back(tensorOf(row));
  return torch::stack(rows);
}

double difference(const torch::Tensor& a, const Json& b) {
  return (a.detach().to(torch::kFloat32) - tensorOf(b).to(torch::kFloat32)).abs().max().item<double>();
}

StepReport train(FitSteps& steps, nn::Sequential& model, const torch::Tensor& x, const torch::Tensor& y, bool last) {
  const auto loss = nn::functional::cross_entropy(model->forward(x), y);
  return steps.take(loss, static_cast<std::size_t>(x.size(0)), last);
}

// The multilayer perceptron of the tiny runs, under its names.
struct TinyRun {
  explicit TinyRun(const Json& run) : x(tensorOf(run["train_X"])), y(tensorOf(run["train_Y"])) {
    model = nn::Sequential(nn::Linear(5, 8), nn::BatchNorm1d(8), nn::ReLU(), nn::Linear(8, 8), nn::Linear(8, 3));
    const torch::NoGradGuard noGrad;
    for (auto& [name, tensor] : state()) tensor.copy_(tensorOf(run["init_state"][name]));
    std::set<std::string> undecayed = run["no_wd_params"].get<std::set<std::string>>();
    for (std::size_t group = 0; group < run["groups"].size(); ++group) {
      for (const std::string name : run["groups"][group]) {
        parameters.push_back({state().at(name), group, !undecayed.contains(name)});
      }
    }
  }

  // Fastai's model has the middle three in a Sequential of their own.
  static std::string nameOf(const std::string& key) {
    static const std::array<std::string, 5> names{"0", "1.0", "1.1", "1.2", "2"};
    return names.at(static_cast<std::size_t>(key.front() - '0')) + key.substr(1);
  }

  std::map<std::string, torch::Tensor> state() {
    std::map<std::string, torch::Tensor> tensors;
    for (const auto& item : model->named_parameters()) tensors.emplace(nameOf(item.key()), item.value());
    for (const auto& item : model->named_buffers()) tensors.emplace(nameOf(item.key()), item.value());
    return tensors;
  }

  // A batch norm takes away what the bias before it adds: that bias has a gradient of nothing but rounding, which Adam makes large. The
  // norm's mean follows it.
  static double tolerance(const std::string& name) { return name == "0.bias" || name == "1.0.running_mean" ? 1e-4 : 1e-5; }

  void learn(const Json& requiresGrad) {
    for (auto& item : model->named_parameters()) item.value().set_requires_grad(requiresGrad[nameOf(item.key())].get<bool>());
  }

  // Trains as fastai's fit does: in order, the last batch dropped where it is not full.
  void fit(FitSteps& steps, const FitPhase& phase, const Json& expected) {
    constexpr std::int64_t kBatch = 8;
    const std::int64_t batches = x.size(0) / kBatch;
    steps.beginFit(phase, {.size = kBatch}, static_cast<std::size_t>(batches));
    std::size_t at = 0;
    for (int epoch = 0; epoch < phase.epochs; ++epoch) {
      model->train();
      steps.beginEpoch(epoch);
      for (std::int64_t b = 0; b < batches; ++b, ++at) {
        const auto report = train(steps, model, x.narrow(0, b * kBatch, kBatch), y.narrow(0, b * kBatch, kBatch), b + 1 == batches);
        EXPECT_NEAR(report.loss, expected["train_losses"][at].get<double>(), 1e-5) << at;
        EXPECT_NEAR(report.smooth_loss, expected["smooth"][at].get<double>(), 1e-5) << at;
        EXPECT_EQ(report.rates.lr.size(), expected["lr"][at].size());
        for (std::size_t g = 0; g < report.rates.lr.size(); ++g) {
          EXPECT_NEAR(report.rates.lr[g], expected["lr"][at][g].get<double>(), 1e-12) << at;
        }
        EXPECT_NEAR(*report.rates.momentum, expected["mom"][at][0].get<double>(), 1e-12) << at;
        EXPECT_LT(difference(state().at("0.weight"), expected["params_after_batch_l0w"][at]), 1e-5) << at;
      }
    }
    for (const auto& [name, tensor] : state()) EXPECT_LT(difference(tensor, expected["state_after"][name]), tolerance(name)) << name;
  }

  torch::Tensor x, y;
  nn::Sequential model{nullptr};
  std::vector<OptimizedParameter> parameters;
};

Json tinyRun(const std::string& name) { return readJson(reference("fastai/data/13_tiny_runs.json"))[name]; }

TEST(FitSteps, AOneCycleEqualsFastais) {
  const Json expected = tinyRun("one_cycle_2ep_lr0.01");
  TinyRun run(expected);
  FitSteps steps(run.parameters, {}, {});
  run.fit(steps, planPhases({.epochs = 2, .lr_max = {.high = 0.01}}, 1).front(), expected["phases"][0]);
}

TEST(FitSteps, AFineTuneOfThreeGroupsEqualsFastais) {
  const Json expected = tinyRun("fine_tune_2ep_lr0.01_3groups");
  for (const Fidelity fidelity : {Fidelity::Default, Fidelity::Fastai}) {
    TinyRun run(expected);
    FitSteps steps(run.parameters, {}, {.fidelity = fidelity});
    const auto phases = planPhases({.kind = ScheduleKind::FineTune, .epochs = 2, .base_lr = 0.01}, 3);
    ASSERT_EQ(phases.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
      run.learn(expected["phases"][i]["requires_grad"]);
      steps.optimizer().clearState();
      run.fit(steps, phases[i], expected["phases"][i]);
    }
  }
}

TEST(FitSteps, AConstantRateWithDecayOfNormsEqualsFastais) {
  const Json expected = tinyRun("fit_wd_bn_bias_True_wd.1");
  TinyRun run(expected);
  FitSteps steps(run.parameters, {.wd = 0.1, .wd_bn_bias = true}, {});
  const double lr = expected["phases"][0]["lr"][0][0];
  run.fit(steps, planPhases({.kind = ScheduleKind::Fit, .epochs = 1, .lr_max = {.high = lr}}, 1).front(), expected["phases"][0]);
}

// The linear model of the accumulation cases.
struct LinearRun {
  explicit LinearRun(const Json& json) : x(tensorOf(json["X"])), y(tensorOf(json["Y"])), linear(nn::Linear(5, 3)), model(linear) {
    const torch::NoGradGuard noGrad;
    linear->weight.copy_(tensorOf(json["weight0_3x5"]));
    linear->bias.copy_(tensorOf(json["bias0"]));
    parameters = {{linear->weight, 0, true}, {linear->bias, 0, false}};
  }

  torch::Tensor x, y;
  nn::Linear linear;
  nn::Sequential model;
  std::vector<OptimizedParameter> parameters;
};

TEST(FitSteps, AccumulationWithFidelityFastaiEqualsFastais) {
  const Json all = readJson(reference("fastai/data/08_grad_accum.json"));
  ASSERT_EQ(all.size(), 5u);
  for (const auto& [name, expected] : all.items()) {
    LinearRun run(expected);
    FitSteps steps(run.parameters, {}, {.fidelity = Fidelity::Fastai});
    const BatchOptions batch{.size = expected["rows"][0]["bs"], .effective = expected["n_acc"].get<int>()};
    const std::size_t fits = expected["after_fit"].size();
    const Json& rows = expected["rows"];
    const std::size_t inFit = rows.size() / fits;
    int epochs = 1;
    for (const auto& row : rows) epochs = std::max(epochs, row["epoch"].get<int>() + 1);
    const std::size_t batches = inFit / static_cast<std::size_t>(epochs);
    for (std::size_t at = 0; at < rows.size(); ++at) {
      const std::size_t within = at % inFit;
      if (within == 0) steps.beginFit(planPhases({.epochs = epochs, .lr_max = {.high = 1e-2}}, 1).front(), batch, batches);
      if (within % batches == 0) steps.beginEpoch(static_cast<int>(within / batches));
      const std::int64_t start = static_cast<std::int64_t>(within % batches) * batch.size, count = rows[at]["bs"];
      const auto report = train(steps, run.model, run.x.narrow(0, start, count), run.y.narrow(0, start, count),
                                (within + 1) % batches == 0);
      const std::string where = name + ", batch " + std::to_string(at);
      EXPECT_NEAR(report.loss, rows[at]["loss"].get<double>(), 1e-5) << where;
      EXPECT_EQ(report.stepped, rows[at]["stepped"].get<bool>()) << where;
      EXPECT_NEAR(report.rates.lr[0], rows[at]["lr"].get<double>(), 1e-12) << where;
      EXPECT_NEAR(*report.rates.momentum, rows[at]["mom"].get<double>(), 1e-12) << where;
      EXPECT_LT(difference(run.linear->weight, rows[at]["weight_after"]), 1e-5) << where;
      EXPECT_LT(difference(run.linear->bias, rows[at]["bias_after"]), 1e-5) << where;
    }
  }
}

// Weights after two fits of `epochs` each over 50 items, `size` at a time.
torch::Tensor accumulated(const Json& json, const BatchOptions& batch, int epochs, std::vector<double>* rates = nullptr) {
  LinearRun run(json);
  FitSteps steps(run.parameters, {}, {});
  const std::int64_t batches = (run.x.size(0) + batch.size - 1) / batch.size;
  for (int fit = 0; fit < 2; ++fit) {
    steps.beginFit(planPhases({.epochs = epochs, .lr_max = {.high = 1e-2}}, 1).front(), batch, static_cast<std::size_t>(batches));
    for (int epoch = 0; epoch < epochs; ++epoch) {
      steps.beginEpoch(epoch);
      for (std::int64_t b = 0; b < batches; ++b) {
        const std::int64_t start = b * batch.size, count = std::min<std::int64_t>(batch.size, run.x.size(0) - start);
        const auto report = train(steps, run.model, run.x.narrow(0, start, count), run.y.narrow(0, start, count), b + 1 == batches);
        if (rates && report.stepped) rates->push_back(report.rates.lr[0]);
      }
    }
  }
  return run.linear->weight.detach().clone();
}

TEST(FitSteps, AnAccumulatedEpochEqualsThatOfTheBigBatch) {
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs8_nacc32_50items_2epochs"];
  std::vector<double> bigRates, smallRates;
  const auto big = accumulated(json, {.size = 32}, 3, &bigRates);
  const auto small = accumulated(json, {.size = 8, .accum = 4}, 3, &smallRates);
  EXPECT_LT((big - small).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(bigRates, smallRates);
  EXPECT_EQ(bigRates.size(), 12u);  // 32 and 18 of 50 images, three epochs, two fits
  EXPECT_TRUE(torch::equal(small, accumulated(json, {.size = 8, .effective = 32}, 3)));
  EXPECT_GT((big - accumulated(json, {.size = 8}, 3)).abs().max().item<double>(), 1e-3);
}

TEST(FitSteps, ASurplusIsNotOverweighted) {
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs8_nacc20_40items"];
  EXPECT_LT((accumulated(json, {.size = 8, .effective = 20}, 1) - accumulated(json, {.size = 24}, 1)).abs().max().item<double>(), 1e-6);
}

// What fastai does to weights that are frozen after they have learnt, and what it must not do to ours.
TEST(FitSteps, FrozenWeightsDecayOnlyWithFidelityFastai) {
  const double ratio = readJson(reference("fastai/data/13_quirks.json"))["ratio"];
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs16_nacc16"];
  for (const Fidelity fidelity : {Fidelity::Default, Fidelity::Fastai}) {
    LinearRun run(json);
    FitSteps steps(run.parameters, {}, {.fidelity = fidelity});
    const FitPhase phase = planPhases({.kind = ScheduleKind::Fit, .epochs = 1, .lr_max = {.high = 0.01}}, 1).front();
    const auto fitFive = [&] {
      steps.beginFit(phase, {.size = 8}, 5);
      steps.beginEpoch(0);
      for (int b = 0; b < 5; ++b) train(steps, run.model, run.x.narrow(0, b * 8, 8), run.y.narrow(0, b * 8, 8), b == 4);
    };
    fitFive();
    run.linear->weight.set_requires_grad(false);
    steps.optimizer().clearState();
    const auto before = run.linear->weight.detach().clone();
    fitFive();
    if (fidelity == Fidelity::Default) {
      EXPECT_TRUE(torch::equal(run.linear->weight, before));
    } else {
      EXPECT_LT((run.linear->weight / before - ratio).abs().max().item<double>(), 1e-6);
    }
  }
}

TEST(FitSteps, MomentumStaysWhereAOneCycleLeftIt) {
  const Json misc = readJson(reference("fastai/data/13_misc.json"))["optimizer_state"];
  const Json expected = tinyRun("one_cycle_2ep_lr0.01");
  TinyRun run(expected);
  FitSteps steps(run.parameters, {}, {});
  const auto fit = [&](const ScheduleOptions& schedule) {
    StepReport report;
    steps.beginFit(planPhases(schedule, 1).front(), {.size = 8}, 5);
    steps.beginEpoch(0);
    for (int b = 0; b < 5; ++b) report = train(steps, run.model, run.x.narrow(0, b * 8, 8), run.y.narrow(0, b * 8, 8), b == 4);
    return *report.rates.momentum;
  };
  EXPECT_NEAR(fit({.epochs = 1, .lr_max = {.high = 0.01}}), misc["mom_left_by_one_cycle"].get<double>(), 1e-12);
  EXPECT_NEAR(fit({.kind = ScheduleKind::Fit, .epochs = 1}), misc["mom_used_by_following_plain_fit"].get<double>(), 1e-12);
}

TEST(FitSteps, ChangedRatesHoldToTheEndOfTheRunReductionsToTheEndOfTheFit) {
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs16_nacc16"];
  LinearRun run(json);
  FitSteps steps(run.parameters, {}, {});
  const FitPhase phase = planPhases({.kind = ScheduleKind::Fit, .epochs = 1, .lr_max = {.high = 0.01}}, 1).front();
  const auto rate = [&] { return train(steps, run.model, run.x, run.y, true).rates.lr[0]; };
  steps.beginFit(phase, {.size = 48}, 1);
  EXPECT_DOUBLE_EQ(rate(), 0.01);
  steps.change({.lr_scale = 0.5, .wd = 0.2});
  EXPECT_DOUBLE_EQ(rate(), 0.005);
  EXPECT_DOUBLE_EQ(steps.optimizer().weightDecay(), 0.2);
  steps.reduce(10, 1e-4);
  EXPECT_DOUBLE_EQ(rate(), 0.0005);
  steps.reduce(10, 1e-4);
  EXPECT_DOUBLE_EQ(rate(), 1e-4);
  steps.change({.lr_scale = 2});  // of the scheduled rate, not of what an earlier change made of it
  steps.beginFit(phase, {.size = 48}, 1);
  EXPECT_DOUBLE_EQ(rate(), 0.02);
  EXPECT_DOUBLE_EQ(steps.optimizer().weightDecay(), 0.2);
}

TEST(FitSteps, WithFidelityFastaiAOneCycleIsNotReduced) {
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs16_nacc16"];
  for (const Fidelity fidelity : {Fidelity::Default, Fidelity::Fastai}) {
    LinearRun run(json);
    FitSteps steps(run.parameters, {}, {.fidelity = fidelity});
    steps.beginFit(planPhases({.epochs = 1, .lr_max = {.high = 0.01}}, 1).front(), {.size = 48}, 1);
    steps.reduce(10, 0);
    const double rate = train(steps, run.model, run.x, run.y, true).rates.lr[0];
    EXPECT_DOUBLE_EQ(rate, fidelity == Fidelity::Default ? 0.00004 : 0.0004);
  }
}

TEST(GradientStep, ClippingEqualsTorchs) {
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs16_nacc16"];
  for (const double largest : {0.05, 100.0}) {
    LinearRun clipped(json), reference(json);
    FitSteps steps(clipped.parameters, {.kind = OptimizerKind::Sgd, .wd = 0}, {.clip = largest});
    steps.beginFit(planPhases({.kind = ScheduleKind::Fit, .epochs = 1, .lr_max = {.high = 1}}, 1).front(), {.size = 48}, 1);
    train(steps, clipped.model, clipped.x, clipped.y, true);
    nn::functional::cross_entropy(reference.model->forward(reference.x), reference.y).backward();
    nn::utils::clip_grad_norm_(reference.model->parameters(), largest);
    const auto expected = reference.linear->weight - reference.linear->weight.grad();
    EXPECT_LT((clipped.linear->weight - expected).abs().max().item<double>(), 1e-6) << largest;
  }
}

// On the CPU with a float32 network: a scaled step is the same step, and one that overflows is left out.
TEST(GradientStep, ScaledStepsAreTheSameAndOverflowIsSkipped) {
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs16_nacc16"];
  LinearRun plain(json), scaled(json);
  FitSteps a(plain.parameters, {}, {}), b(scaled.parameters, {}, {.scaled = true});
  const FitPhase phase = planPhases({.epochs = 1, .lr_max = {.high = 0.01}}, 1).front();
  for (FitSteps* steps : {&a, &b}) steps->beginFit(phase, {.size = 24}, 2);
  train(a, plain.model, plain.x, plain.y, false);
  EXPECT_TRUE(train(b, scaled.model, scaled.x, scaled.y, false).stepped);
  EXPECT_LT((plain.linear->weight - scaled.linear->weight).abs().max().item<double>(), 1e-6);

  // A loss whose gradient is infinite: d sqrt(x) at 0.
  const auto before = scaled.linear->weight.detach().clone();
  const auto loss = (scaled.linear->weight * 0).sum().sqrt();
  const StepReport report = b.take(loss, 24, true);
  EXPECT_TRUE(report.skipped);
  EXPECT_FALSE(report.stepped);
  EXPECT_TRUE(torch::equal(scaled.linear->weight, before));
  EXPECT_FALSE(scaled.linear->weight.grad().defined() && scaled.linear->weight.grad().isnan().any().item<bool>());
}

TEST(GradientStep, ALossThatIsNotFiniteChangesNothing) {
  const Json json = readJson(reference("fastai/data/08_grad_accum.json"))["bs16_nacc16"];
  LinearRun run(json);
  FitSteps steps(run.parameters, {}, {});
  steps.beginFit(planPhases({.epochs = 1}, 1).front(), {.size = 24}, 2);
  const auto before = run.linear->weight.detach().clone();
  const StepReport report = steps.take((run.linear->weight.sum() - run.linear->weight.sum()).log() * 1e3, 24, true);
  EXPECT_FALSE(std::isfinite(report.loss));
  EXPECT_FALSE(report.stepped);
  EXPECT_TRUE(torch::equal(run.linear->weight, before));
}

}  // namespace
}  // namespace panicle
