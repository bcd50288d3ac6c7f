#include "tests/models/timm_cases.h"

#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/container/any.h>
#include <torch/nn/modules/container/sequential.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle::testing {
namespace {

namespace nn = torch::nn;

constexpr double kLogitTolerance = 2e-5;
constexpr double kGradientTolerance = 2e-5;  // relative to the length of each

// The largest difference of a check.
class Worst {
 public:
  explicit Worst(std::string what) : what_(std::move(what)) {}
  ~Worst() {
    char text[32];
    std::snprintf(text, sizeof text, "%.2e", difference_);
    std::printf("%s: worst difference %s\n", what_.c_str(), text);
    std::string key = what_;
    std::replace_if(
        key.begin(), key.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
    ::testing::Test::RecordProperty(key, text);
  }
  Worst(const Worst&) = delete;
  Worst& operator=(const Worst&) = delete;

  void expectNear(double actual, double expected, double tolerance, const std::string& where) {
    const double difference = std::abs(actual - expected);
    if (!(difference <= difference_)) difference_ = difference;
    EXPECT_LE(difference, tolerance) << where << ": " << actual << " instead of " << expected;
  }

 private:
  std::string what_;
  double difference_ = 0;
};

Json expectedOf(const std::string& arch) {
  return readJson(reference("timm/" + arch + ".json"));
}

ModelOptions plainOptions(const std::string& arch) {
  ModelOptions options;
  options.arch = arch;
  options.head = HeadKind::Timm;
  options.drop_path = 0;
  options.dropout = 0;
  return options;
}

std::vector<std::int64_t> shapeOf(const Json& row) {
  return row["shape"].get<std::vector<std::int64_t>>();
}

Size sizeOf(const Json& input) {
  return {input[2].get<int>(), input[3].get<int>()};
}

Size firstSize(const Json& reference) {
  return sizeOf(reference["eval"][0]["input"]);
}

torch::Tensor imagesOf(const Json& input) {
  return referenceImages(input[0], input[2], input[3]);
}

// Shape, first values and statistics over all. `tolerance` is absolute for values of up to one in size.
void expectStatistics(const torch::Tensor& actual, const Json& expected, double tolerance,
                      const std::string& where, Worst& worst) {
  ASSERT_EQ(actual.sizes().vec(), shapeOf(expected)) << where;
  const auto values = actual.detach().to(torch::kDouble).contiguous().flatten();
  const auto first = expected["first"].get<std::vector<double>>();
  const double std = expected["std"];
  for (std::size_t i = 0; i < first.size(); ++i) {
    const auto value = values[static_cast<std::int64_t>(i)].item<double>();
    worst.expectNear(value, first[i], tolerance * std::max(1.0, std), where + " [" + std::to_string(i) + "]");
  }
  const double mean = values.mean().item<double>();
  EXPECT_NEAR(mean, expected["mean"].get<double>(), tolerance * std) << where;
  EXPECT_NEAR((values - mean).square().mean().sqrt().item<double>(), std, tolerance * std) << where;
  const double length = expected["l2"];
  EXPECT_NEAR(values.norm().item<double>(), length, tolerance * length) << where;
  const double largest = expected["absmax"];
  EXPECT_NEAR(values.abs().max().item<double>(), largest, tolerance * std::max(1.0, largest)) << where;
}

// `worst` is of the logits.
void expectRow(Classifier& model, const Json& row, Worst& worst) {
  const torch::NoGradGuard noGrad;
  const std::string where = "images " + row["input"].dump();
  model.setImageSize(sizeOf(row["input"]));
  const auto images = imagesOf(row["input"]);
  Worst features(where + ": features");
  const auto map = model.body().forwardFeatures(images);
  expectStatistics(map, row["features"], kLogitTolerance, where + ": features", features);
  expectStatistics(model.body().pool(map), row["pooled"], kLogitTolerance, where + ": pooled features",
                   features);
  const auto logits = model.forward(images);
  expectStatistics(logits, row["logits"], kLogitTolerance, where + ": logits", worst);
  const auto largest = row["argmax"].get<std::vector<std::int64_t>>();
  for (std::size_t i = 0; i < largest.size(); ++i) {
    EXPECT_EQ(logits[static_cast<std::int64_t>(i)].argmax().item<std::int64_t>(), largest[i]) << where;
  }
  const auto probabilities = logits[0].softmax(0);
  for (const Json& entry : row["softmax_top5"]) {
    EXPECT_NEAR(probabilities[entry[0].get<std::int64_t>()].item<double>(), entry[1].get<double>(),
                kLogitTolerance)
        << where;
  }
}

std::set<std::string> parameterNames(const Classifier& model) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : model.stateDict()) {
    if (tensor.requires_grad()) names.insert(name);
  }
  return names;
}

void expectEntry(const NamedTensor& actual, const Json& expected) {
  const std::string name = expected["name"];
  EXPECT_EQ(actual.name, name);
  EXPECT_EQ(actual.tensor.sizes().vec(), shapeOf(expected)) << name;
  const bool integer = expected.contains("dtype") && expected["dtype"] == "int64";
  EXPECT_EQ(actual.tensor.scalar_type(), integer ? torch::kInt64 : torch::kFloat32) << name;
  if (!expected["fill"].is_null() && expected.contains("sum") && expected["sum"].is_number()) {
    const double sum = expected["sum"];
    EXPECT_NEAR(actual.tensor.detach().sum(torch::kDouble).item<double>(), sum, 1e-6 + 1e-8 * std::abs(sum))
        << name;
  }
}

// Stands in the place of a module of a Sequential and keeps what it gives.
class RecorderImpl : public nn::Module {
 public:
  RecorderImpl(nn::AnyModule inner, std::vector<std::string> names,
               std::map<std::string, torch::Tensor>& outputs)
      : inner_(std::move(inner)), names_(std::move(names)), outputs_(outputs) {}

  torch::Tensor forward(torch::Tensor x) {
    x = inner_.forward(std::move(x));
    for (const auto& name : names_) outputs_[name] = x.detach().clone();
    return x;
  }

 private:
  nn::AnyModule inner_;
  std::vector<std::string> names_;
  std::map<std::string, torch::Tensor>& outputs_;
};

// The last module of a Sequential gives what the Sequential does: recorded under both names.
void recordOutputs(Body& body, std::map<std::string, torch::Tensor>& outputs) {
  for (const auto& item : body.named_modules("", /*include_self=*/false)) {
    auto* sequential = item.value()->as<nn::Sequential>();
    if (sequential == nullptr) continue;
    std::size_t index = 0;
    for (nn::AnyModule& module : *sequential) {
      std::vector<std::string> names{item.key() + "." + std::to_string(index)};
      if (++index == sequential->size()) names.push_back(item.key());
      module = nn::AnyModule(std::make_shared<RecorderImpl>(module, names, outputs));
    }
  }
}

// "stages.0.blocks.1": a member of a list, which stands in a Sequential.
bool isListMember(const std::string& name) {
  return name.find('.') != std::string::npos && std::isdigit(static_cast<unsigned char>(name.back()));
}

// `expected` holds a gradient's length, sum and first values. Errors of rounding spread evenly over the
// elements: ten times what that gives is allowed for one.
void expectGradient(const torch::Tensor& gradient, const Json& expected, const std::string& name,
                    Worst& worst) {
  ASSERT_TRUE(gradient.defined()) << name;
  const auto values = gradient.detach().to(torch::kDouble).contiguous().flatten();
  const double length = expected["l2"];
  const double allowed = kGradientTolerance * length + 1e-9;
  worst.expectNear(values.norm().item<double>() / length, 1, allowed / length, name + ": relative length");
  EXPECT_NEAR(values.sum().item<double>(), expected["sum"].get<double>(), 10 * allowed) << name;
  const auto first = expected["first"].get<std::vector<double>>();
  const double each = allowed * std::min(1.0, 10 / std::sqrt(static_cast<double>(values.numel())));
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_NEAR(values[static_cast<std::int64_t>(i)].item<double>(), first[i], each)
        << name << " [" << i << "]";
  }
}

void expectImageGradient(const torch::Tensor& gradient, const Json& expected, double tolerance) {
  Worst worst("gradient of the images");
  const double largest = expected["absmax"];
  auto scaled = expected;  // to values of up to one, as expectStatistics() takes its tolerance
  for (const char* key : {"mean", "std", "l2", "absmax"}) scaled[key] = expected[key].get<double>() / largest;
  for (Json& value : scaled["first"]) value = value.get<double>() / largest;
  expectStatistics(gradient.to(torch::kDouble) / largest, scaled, tolerance, "gradient of the images", worst);
}

void expectRunningStatistics(const Classifier& model, const Json& expected, double tolerance) {
  std::size_t compared = 0;
  for (const auto& [name, tensor] : model.stateDict()) {
    if (name.ends_with("num_batches_tracked")) {
      EXPECT_EQ(tensor.item<std::int64_t>(), 1) << name;
    }
    if (!expected.contains(name)) continue;
    ++compared;
    const double length = expected[name]["l2"];
    EXPECT_NEAR(tensor.to(torch::kDouble).norm().item<double>(), length, tolerance * length) << name;
    const auto first = expected[name]["first"].get<std::vector<double>>();
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_NEAR(tensor[static_cast<std::int64_t>(i)].item<double>(), first[i], tolerance)
          << name << " [" << i << "]";
    }
  }
  EXPECT_EQ(compared, expected.size());
}

// Operations that the backward pass goes through.
std::size_t graphSize(const torch::Tensor& loss) {
  std::set<torch::autograd::Node*> seen;
  std::vector<torch::autograd::Node*> open{loss.grad_fn().get()};
  std::size_t operations = 0;
  while (!open.empty()) {
    auto* node = open.back();
    open.pop_back();
    if (node == nullptr || !seen.insert(node).second) continue;
    if (node->name().find("AccumulateGrad") == std::string::npos) ++operations;
    for (const auto& edge : node->next_edges()) open.push_back(edge.function.get());
  }
  return operations;
}

struct Step {
  double loss = 0;
  std::size_t graph = 0;
  StateDict results;  // gradients of parameters, values of buffers
};

Step checkpointingStep(const std::string& arch, HeadKind head, Size size, bool checkpointing) {
  ModelOptions options = plainOptions(arch);
  options.head = head;
  options.drop_path = 0.2;
  options.dropout = 0.5;
  options.gradient_checkpointing = checkpointing;
  Classifier model(options, 10, size, 1);
  fillAll(model);
  model.train();
  model.seedDropout(7);
  const auto logits = model.forward(referenceImages(4, size.height, size.width));
  const auto loss = nn::functional::cross_entropy(logits, torch::tensor({1, 3, 0, 9}, torch::kInt64));
  Step step{loss.item<double>(), graphSize(loss), {}};
  loss.backward();
  for (auto& [name, tensor] : model.stateDict()) {
    const auto result = tensor.requires_grad() ? tensor.grad() : tensor;
    step.results.push_back({name, result.defined() ? result.detach().clone() : result});
  }
  return step;
}

}  // namespace

TimmCase::TimmCase(const std::string& arch)
    : arch_(arch),
      expected_(expectedOf(arch)),
      model_(plainOptions(arch), expected_["num_classes"], firstSize(expected_), 1) {
  fillAll(model_);
  model_.eval();
}

void TimmCase::expectArchitecture() const {
  const Architecture& facts = architecture(arch_);
  const Json& cfg = expected_["cfg"];
  EXPECT_EQ(facts.name, arch_);
  EXPECT_EQ(facts.params, expected_["param_count"].get<std::int64_t>());
  EXPECT_EQ(facts.features, expected_["num_features"].get<std::int64_t>());
  EXPECT_EQ(facts.input_size, (Size{cfg["input_size"][1], cfg["input_size"][2]}));
  for (std::size_t channel = 0; channel < 3; ++channel) {
    EXPECT_FLOAT_EQ(facts.mean[channel], cfg["mean"][channel].get<float>());
    EXPECT_FLOAT_EQ(facts.std[channel], cfg["std"][channel].get<float>());
  }
  ASSERT_FALSE(facts.pretrained.empty());
  const Pretrained& weights = facts.pretrained.front();
  EXPECT_EQ(weights.classes, cfg["num_classes"].get<int>());
  EXPECT_EQ(weights.url, cfg["url"].get<std::string>());
  const Json names = readJson(reference("timm/names_1.0.json"));
  const std::string modern = names.contains(arch_) ? names[arch_]["tag_1_0"].get<std::string>() : "";
  if (modern.find('.') != std::string::npos) {  // timm 1.0 has these very weights
    EXPECT_EQ(facts.modern_name + "." + weights.tag, modern);
  }
  EXPECT_EQ(const_cast<Classifier&>(model_).body().classifierName(), cfg["classifier"].get<std::string>());
  EXPECT_EQ(const_cast<Classifier&>(model_).body().fastaiPools(), !cfg["pool_size"].is_null());
}

void TimmCase::expectStateDict() const {
  const auto state = model_.stateDict();
  const Json& rows = expected_["state_dict"];
  ASSERT_EQ(state.size(), rows.size());
  const auto parameters = parameterNames(model_);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < state.size(); ++i) {
    expectEntry(state[i], rows[i]);
    const bool isParameter = parameters.contains(state[i].name);
    EXPECT_EQ(isParameter, rows[i]["param"].get<bool>()) << state[i].name;
    if (isParameter) count += state[i].tensor.numel();
  }
  EXPECT_EQ(count, expected_["param_count"].get<std::int64_t>());
}

void TimmCase::expectOutputs() {
  Worst worst(arch_ + ": logits");
  for (const Json& row : expected_["eval"]) expectRow(model_, row, worst);
}

void TimmCase::expectActivations() {
  const torch::NoGradGuard noGrad;
  const Json& row = expected_["eval"][0];
  if (recorded_.empty()) recordOutputs(model_.body(), recorded_);
  model_.setImageSize(sizeOf(row["input"]));
  model_.body().forwardFeatures(imagesOf(row["input"]));
  Worst worst(arch_ + ": activations");
  for (const auto& [name, expected] : row["activations"].items()) {
    const auto found = recorded_.find(name);
    if (found != recorded_.end()) {
      expectStatistics(found->second, expected, kLogitTolerance, name, worst);
    } else {
      EXPECT_FALSE(isListMember(name)) << name << " was not seen";
    }
  }
}

void expectEqualToTimm(const std::string& arch) {
  TimmCase test(arch);
  test.expectArchitecture();
  test.expectStateDict();
  test.expectOutputs();
  test.expectActivations();
}

void expectTenClasses(const std::string& arch) {
  const Json expected = expectedOf(arch)["num_classes_10"];
  Classifier model(plainOptions(arch), 10, firstSize(expected), 1);
  fillAll(model);
  model.eval();
  const auto state = model.stateDict();
  const Json& head = expected["head"];
  for (std::size_t i = 0; i < head.size(); ++i) expectEntry(state[state.size() - head.size() + i], head[i]);
  std::int64_t count = 0;
  for (const auto& parameter : model.parameters()) count += parameter.numel();
  EXPECT_EQ(count, expected["param_count"].get<std::int64_t>());
  Worst worst(arch + " with 10 classes: logits");
  for (const Json& row : expected["eval"]) expectRow(model, row, worst);
}

void expectTrainingStep(const std::string& arch, torch::Dtype type) {
  const Json ten = expectedOf(arch)["num_classes_10"];
  const Json& expected = ten["train"];
  Classifier model(plainOptions(arch), 10, sizeOf(expected["input"]), 1);
  fillAll(model);
  if (type != torch::kFloat32) model.to(type);  // torch 2 turns whole numbers of buffers too
  model.train();
  const auto images = imagesOf(expected["input"]).to(type).requires_grad_();
  const auto logits = model.forward(images);
  const auto loss = nn::functional::cross_entropy(
      logits, torch::tensor(expected["targets"].get<std::vector<std::int64_t>>()));
  loss.backward();

  Worst worstLogits(arch + " in training: logits");
  expectStatistics(logits, expected["logits"], kLogitTolerance, "logits", worstLogits);
  EXPECT_NEAR(loss.item<double>(), expected["loss"].get<double>(), 1e-6);
  Worst worst(arch + ": relative length of gradients");
  std::size_t compared = 0;
  double total = 0;
  for (auto& [name, tensor] : model.stateDict()) {
    if (!tensor.requires_grad()) continue;
    ASSERT_TRUE(expected["grad"].contains(name)) << name;
    expectGradient(tensor.grad(), expected["grad"][name], name, worst);
    total += tensor.grad().to(torch::kDouble).square().sum().item<double>();
    ++compared;
  }
  EXPECT_EQ(compared, expected["grad"].size());
  const double length = expected["total_grad_l2"];
  EXPECT_NEAR(std::sqrt(total), length, kGradientTolerance * length);
  // Of this the reference has float32 alone, with its ties.
  expectImageGradient(images.grad(), expected["input_grad"],
                      type == torch::kDouble ? 10 * kGradientTolerance : kGradientTolerance);
  expectRunningStatistics(model, expected["running_after"], kLogitTolerance);
}

void expectCheckpointingChangesNothing(const std::string& arch, Size size) {
  for (const HeadKind head : {HeadKind::Timm, HeadKind::Fastai}) {
    const Step plain = checkpointingStep(arch, head, size, false);
    const Step checkpointed = checkpointingStep(arch, head, size, true);
    // torch 2's fused attention, which takes no part in a graph, rounds otherwise than the one on the way back; what
    // changes the step (another dropout, a batch norm updated twice) is a thousand times as much.
    constexpr double kRounding = 5e-5;
    EXPECT_NEAR(plain.loss, checkpointed.loss, kRounding);
    EXPECT_LT(checkpointed.graph, plain.graph / 2) << "operations that the way back goes through";
    ASSERT_EQ(plain.results.size(), checkpointed.results.size());
    Worst worst(arch + " with gradient checkpointing");
    for (std::size_t i = 0; i < plain.results.size(); ++i) {
      const auto& [name, expected] = plain.results[i];
      const auto& actual = checkpointed.results[i].tensor;
      ASSERT_EQ(expected.defined(), actual.defined()) << name;
      if (!expected.defined()) continue;
      const double scale = std::max(1.0, expected.abs().max().item<double>());
      worst.expectNear((expected - actual).abs().max().item<double>() / scale, 0, kRounding, name);
    }
  }
}

}  // namespace panicle::testing
