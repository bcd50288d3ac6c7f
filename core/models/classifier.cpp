#include "core/models/classifier.h"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/normalization.h>

#include <cmath>

#include "core/base/random.h"
#include "core/models/device.h"

namespace panicle {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kHeadWidth = 512;
constexpr double kHeadNormBias = 0.001;  // fastai's init_default for batch norm
// Children 0 and 1 of fastai's head pool and flatten; they have no weights, so the numbering starts with the first norm.
constexpr int kFirstHeadChild = 2;

bool isNorm(const nn::Module& module) {
  return module.as<nn::BatchNorm2d>() || module.as<nn::BatchNorm1d>() || module.as<nn::LayerNorm>();
}

void appendState(const nn::Module& module, const std::string& prefix, std::vector<NamedTensor>& out) {
  for (const auto& item : module.named_parameters(/*recurse=*/false)) out.push_back({prefix + item.key(), item.value()});
  for (const auto& item : module.named_buffers(/*recurse=*/false)) out.push_back({prefix + item.key(), item.value()});
  for (const auto& child : module.named_children()) appendState(*child.value(), prefix + child.key() + ".", out);
}

void appendGroup(const nn::Module& module, ParameterGroup& group) {
  for (const auto& item : module.named_parameters(/*recurse=*/false)) {
    (isNorm(module) || item.key() == "bias" ? group.undecayed : group.decayed).push_back(item.value());
  }
  for (const auto& child : module.children()) appendGroup(*child, group);
}

// fastai's create_head behind the pooling: BN-Dropout(p/2)-Linear-ReLU-BN-Dropout(p)-Linear; no biases before a batch norm.
nn::Sequential makeHead(std::int64_t features, std::int64_t classes, std::vector<SeededDropout>& dropouts) {
  dropouts = {SeededDropout(0.25), SeededDropout(0.5)};
  return nn::Sequential(nn::BatchNorm1d(features), dropouts[0], nn::Linear(nn::LinearOptions(features, kHeadWidth).bias(false)),
                        nn::ReLU(nn::ReLUOptions(true)), nn::BatchNorm1d(kHeadWidth), dropouts[1],
                        nn::Linear(nn::LinearOptions(kHeadWidth, classes).bias(false)));
}

void initialiseHead(nn::Module& head, at::Generator generator) {
  for (auto& module : head.children()) {
    if (auto* linear = module->as<nn::Linear>()) {
      linear->weight.normal_(0, std::sqrt(2.0 / static_cast<double>(linear->weight.size(1))), generator);  // kaiming_normal_
    } else if (auto* norm = module->as<nn::BatchNorm1d>()) {
      norm->weight.fill_(1);
      norm->bias.fill_(kHeadNormBias);
    }
  }
}

}  // namespace

torch::Tensor SeededDropoutImpl::forward(torch::Tensor x) {
  if (!is_training()) return x;
  const double keep = 1 - probability_;
  return x * torch::empty_like(x).bernoulli_(keep, generator_).div_(keep);
}

void SeededDropoutImpl::seed(std::uint64_t seed, torch::Device device) { generator_ = makeGenerator(device, seed); }

Classifier::Classifier(const std::string& arch, HeadKind head, std::int64_t classes, std::uint64_t seed)
    : arch_(arch), classes_(classes), headKind_(head), body_(register_module("body", makeBody(arch))) {
  torch::NoGradGuard noGrad;
  at::Generator generator = makeGenerator(torch::kCPU, streamSeed(seed, "weights"));
  body_->initialise(generator);
  if (head == HeadKind::Fastai) {
    head_ = register_module("head", makeHead(2 * body_->featureCount(), classes, dropouts_));
    initialiseHead(*head_, generator);
  } else {
    linear_ = register_module(body_->classifierName(), nn::Linear(body_->featureCount(), classes));
    const double bound = 1 / std::sqrt(static_cast<double>(body_->featureCount()));
    linear_->weight.uniform_(-bound, bound, generator);
    linear_->bias.uniform_(-bound, bound, generator);
  }
  seedDropout(seed);
}

torch::Tensor Classifier::forward(torch::Tensor images) {
  const torch::Tensor map = body_->forwardFeatures(std::move(images));
  const torch::Tensor average = torch::adaptive_avg_pool2d(map, {1, 1}).flatten(1);
  if (headKind_ == HeadKind::Timm) return linear_->forward(average);
  const torch::Tensor maximum = std::get<0>(torch::adaptive_max_pool2d(map, {1, 1})).flatten(1);
  return head_->forward(torch::cat({maximum, average}, 1));  // fastai's AdaptiveConcatPool2d: the maximum first
}

void Classifier::seedDropout(std::uint64_t seed) {
  const torch::Device device = parameters().front().device();
  for (std::size_t i = 0; i < dropouts_.size(); ++i) dropouts_[i]->seed(streamSeed(seed, "dropout", i), device);
}

void Classifier::toChannelsLast() {
  torch::NoGradGuard noGrad;
  for (auto& parameter : parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
  }
}

std::vector<NamedTensor> Classifier::stateDict() const {
  std::vector<NamedTensor> state;
  appendState(*body_, "", state);
  if (headKind_ == HeadKind::Timm) {
    appendState(*linear_, body_->classifierName() + ".", state);
    return state;
  }
  int child = kFirstHeadChild;
  for (const auto& module : head_->children()) appendState(*module, "head." + std::to_string(child++) + ".", state);
  return state;
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

torch::Tensor targetsTensor(const std::vector<std::int64_t>& targets, torch::Device device) {
  const auto count = static_cast<std::int64_t>(targets.size());
  const auto tensor = torch::from_blob(const_cast<std::int64_t*>(targets.data()), {count}, torch::kInt64);
  return device.is_cpu() ? tensor : tensor.to(device);
}

void Classifier::setFrozen(bool frozen) {
  for (auto& module : body_->modules()) {
    for (auto& parameter : module->parameters(/*recurse=*/false)) parameter.set_requires_grad(!frozen || isNorm(*module));
  }
}

}  // namespace panicle
