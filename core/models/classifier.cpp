#include "core/models/classifier.h"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>

#include <cctype>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/models/device.h"

namespace panicle {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kHeadWidth = 512;
constexpr double kHeadNormBias = 0.001;  // fastai's init_default for batch norm
constexpr double kHeadDropout = 0.5;     // fastai's ps
// Of fastai's head: children 0 and 1 pool and flatten where it pools; they have no weights.
constexpr int kPoolingChildren = 2;

bool isNorm(const nn::Module& module) {
  return module.as<nn::BatchNorm2d>() || module.as<nn::BatchNorm1d>() || module.as<LayerNorm>();
}

void appendState(const nn::Module& module, const std::string& prefix, StateDict& out) {
  for (const auto& item : module.named_parameters(/*recurse=*/false))
    out.push_back({prefix + item.key(), item.value()});
  for (const auto& item : module.named_buffers(/*recurse=*/false))
    out.push_back({prefix + item.key(), item.value()});
  for (const auto& child : module.named_children())
    appendState(*child.value(), prefix + child.key() + ".", out);
}

void appendGroup(const nn::Module& module, ParameterGroup& group) {
  for (const auto& item : module.named_parameters(/*recurse=*/false)) {
    (isNorm(module) || item.key() == "bias" ? group.undecayed : group.decayed).push_back(item.value());
  }
  for (const auto& child : module.children()) appendGroup(*child, group);
}

// fastai's create_head behind the pooling: BN-Dropout(p/2)-Linear-ReLU-BN-Dropout(p)-Linear; no biases before
// a batch norm.
nn::Sequential fastaiHead(std::int64_t features, std::int64_t classes, double dropout) {
  return nn::Sequential(nn::BatchNorm1d(features), SeededDropout(dropout / 2),
                        Linear(features, kHeadWidth, /*bias=*/false), nn::ReLU(nn::ReLUOptions(true)),
                        nn::BatchNorm1d(kHeadWidth), SeededDropout(dropout),
                        Linear(kHeadWidth, classes, /*bias=*/false));
}

at::Generator generatorOf(std::uint64_t seed, const std::string& name) {
  return makeGenerator(torch::kCPU, streamSeed(seed, "weights " + name));
}

// kaiming_normal_ for linear layers; fastai's constants for norms.
void initialiseFastaiHead(nn::Module& head, std::uint64_t seed) {
  for (const auto& child : head.named_children()) {
    if (auto* linear = child.value()->as<Linear>()) {
      const double std = std::sqrt(2.0 / static_cast<double>(linear->weight.size(1)));
      linear->weight.normal_(0, std, generatorOf(seed, "head." + child.key()));
    } else if (auto* norm = child.value()->as<nn::BatchNorm1d>()) {
      norm->weight.fill_(1);
      norm->bias.fill_(kHeadNormBias);
    }
  }
}

}  // namespace

Classifier::Classifier(const ModelOptions& options, std::int64_t classes, Size imageSize, std::uint64_t seed)
    : architecture_(panicle::architecture(options.arch)), classes_(classes), headKind_(options.head) {
  const BodyOptions bodyOptions{imageSize, options.drop_path, options.gradient_checkpointing};
  body_ = register_module("body", makeBody(options.arch, bodyOptions));
  makeHead(options);
  for (const auto& module : modules(/*include_self=*/false)) {
    if (dynamic_cast<RandomMask*>(module.get())) masked_.push_back(module);
  }
  if (!WithoutMemory::active()) initialise(seed);
  seedDropout(seed);
}

void Classifier::makeHead(const ModelOptions& options) {
  const std::int64_t features = body_->featureCount();
  if (headKind_ == HeadKind::Fastai) {
    const std::int64_t pooled = body_->fastaiPools() ? 2 * features : features;
    head_ = register_module("head", fastaiHead(pooled, classes_, options.dropout.value_or(kHeadDropout)));
  } else {
    linearDropout_ = register_module("head_drop", SeededDropout(options.dropout.value_or(0)));
    linear_ = register_module("classifier", Linear(features, classes_));
  }
}

void Classifier::initialise(std::uint64_t seed) {
  const torch::NoGradGuard noGrad;
  for (const auto& item : body_->named_parameters()) {
    body_->initialise(item.key(), item.value(), generatorOf(seed, item.key()));
  }
  if (headKind_ == HeadKind::Fastai) {
    initialiseFastaiHead(*head_, seed);
  } else {
    body_->initialiseClassifier(linear_->weight, linear_->bias, generatorOf(seed, body_->classifierName()));
  }
}

torch::Tensor Classifier::forward(torch::Tensor images) {
  const torch::Tensor features = body_->forwardFeatures(std::move(images));
  if (headKind_ == HeadKind::Timm) return linear_->forward(linearDropout_->forward(body_->pool(features)));
  if (!body_->fastaiPools()) return head_->forward(body_->pool(features));
  const torch::Tensor average = torch::adaptive_avg_pool2d(features, {1, 1}).flatten(1);
  const torch::Tensor maximum = std::get<0>(torch::adaptive_max_pool2d(features, {1, 1})).flatten(1);
  return head_->forward(
      torch::cat({maximum, average}, 1));  // fastai's AdaptiveConcatPool2d: the maximum first
}

void Classifier::setImageSize(Size size) {
  if (const std::string problem = sizeProblem(architecture_, size); !problem.empty()) throw Error(problem);
  body_->setImageSize(size);
}

void Classifier::seedDropout(std::uint64_t seed) {
  for (std::size_t i = 0; i < masked_.size(); ++i) {
    dynamic_cast<RandomMask&>(*masked_[i]).seed(streamSeed(seed, "dropout", i));
  }
}

void Classifier::toChannelsLast() {
  const torch::NoGradGuard noGrad;
  for (auto& parameter : parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
  }
}

StateDict Classifier::stateDict() const {
  StateDict state;
  appendState(*body_, "", state);
  if (headKind_ == HeadKind::Timm) {
    appendState(*linear_, body_->classifierName() + ".", state);
    return state;
  }
  int child = body_->fastaiPools() ? kPoolingChildren : 0;
  for (const auto& module : head_->children())
    appendState(*module, "head." + std::to_string(child++) + ".", state);
  return state;
}

bool Classifier::isHead(const std::string& name) const {
  if (headKind_ == HeadKind::Timm) return name.starts_with(body_->classifierName() + ".");
  return name.starts_with("head.") && name.size() > 5 && std::isdigit(static_cast<unsigned char>(name[5]));
}

std::vector<ParameterGroup> Classifier::parameterGroups() const {
  std::vector<ParameterGroup> groups(2);
  appendGroup(*body_, groups[0]);
  if (headKind_ == HeadKind::Timm) {
    appendGroup(*linear_, groups[1]);
  } else {
    appendGroup(*head_, groups[1]);
  }
  return groups;
}

void Classifier::setFrozen(bool frozen) {
  for (auto& module : body_->modules()) {
    for (auto& parameter : module->parameters(/*recurse=*/false))
      parameter.set_requires_grad(!frozen || isNorm(*module));
  }
}

torch::Tensor targetsTensor(const std::vector<std::int64_t>& targets, torch::Device device) {
  const auto count = static_cast<std::int64_t>(targets.size());
  const auto tensor = torch::from_blob(const_cast<std::int64_t*>(targets.data()), {count}, torch::kInt64);
  return device.is_cpu() ? tensor : tensor.to(device);
}

}  // namespace panicle
