#include "core/train/objective.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/error.h"

namespace panicle {
namespace {

// Below this a focal factor's slope would be infinite for a gamma below 1.
constexpr double kLeastDoubt = 1e-12;

bool isNumber(const TargetColumn& column) {
  return column.kind.classes == 0;
}

// The values of `items`; NaN where one has none.
std::vector<float> valuesOf(const TargetColumn& column, const std::vector<std::uint32_t>& items) {
  std::vector<float> values;
  values.reserve(items.size());
  for (const std::uint32_t item : items) {
    const float value = column.values.at(item);
    const bool none = !isNumber(column) && value < 0;
    values.push_back(none ? std::numeric_limits<float>::quiet_NaN() : value);
  }
  return values;
}

bool complete(const std::vector<float>& values) {
  return std::ranges::none_of(values, [](float value) { return std::isnan(value); });
}

void checkValues(const std::vector<TargetColumn>& targets) {
  for (const TargetColumn& target : targets) {
    if (isNumber(target)) continue;
    const auto classes = static_cast<float>(target.kind.classes);
    if (std::ranges::any_of(target.values, [&](float value) { return value >= classes; })) {
      throw std::invalid_argument("Objective: target '" + target.kind.name + "' has a value that is not among its classes");
    }
  }
}

void checkWeights(const std::vector<double>& weights, const std::vector<TargetColumn>& targets) {
  if (weights.empty() || weights.size() == targets.size()) return;
  std::string message = "loss.target_weights has " + std::to_string(weights.size()) + " numbers, but there are " +
                        std::to_string(targets.size()) + " targets:";
  for (const TargetColumn& target : targets) message += (&target == &targets.front() ? " " : ", ") + target.kind.name;
  throw Error(message + "; give one for each, or leave it empty");
}

// images / (classes * images of the class), at most the cap.
std::vector<float> balancedWeights(const TargetColumn& column, const std::vector<std::uint32_t>& train, double cap) {
  std::vector<std::uint64_t> counts(column.kind.classes);
  std::uint64_t images = 0;
  for (const float value : valuesOf(column, train)) {
    if (std::isnan(value)) continue;
    ++counts[static_cast<std::size_t>(value)];
    ++images;
  }
  std::vector<float> weights;
  for (const std::uint64_t count : counts) {
    const double weight = static_cast<double>(images) / (static_cast<double>(counts.size()) * static_cast<double>(count));
    weights.push_back(static_cast<float>(count == 0 ? cap : std::min(weight, cap)));
  }
  return weights;
}

torch::Tensor regressionLoss(RegressionLoss kind, const torch::Tensor& predicted, const torch::Tensor& truth) {
  switch (kind) {
    case RegressionLoss::Mse: return torch::mse_loss(predicted, truth);
    case RegressionLoss::L1: return torch::l1_loss(predicted, truth);
    case RegressionLoss::SmoothL1: return torch::smooth_l1_loss(predicted, truth);
  }
  throw std::invalid_argument("Objective: no such loss of numbers");
}

// The partners' values in the order of the images.
std::vector<float> partnersOf(const std::vector<float>& values, const MixDraw& mix) {
  std::vector<float> partners;
  partners.reserve(values.size());
  for (const std::uint32_t partner : mix.partner) partners.push_back(values.at(partner));
  return partners;
}

// What each image's loss counts, and their sum.
struct Counted {
  std::vector<float> weights;
  double sum = 0;
};

Counted countKnown(const std::vector<float>& values, const std::vector<float>& shares, bool rest) {
  Counted counted;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float weight = std::isnan(values[i]) ? 0 : rest ? 1 - shares[i] : shares[i];
    counted.weights.push_back(weight);
    counted.sum += weight;
  }
  return counted;
}

}  // namespace

Objective::Objective(std::shared_ptr<const std::vector<TargetColumn>> targets, LossOptions options,
                     const std::vector<std::uint32_t>& train, c10::Device device)
    : targets_(std::move(targets)), options_(std::move(options)), device_(device) {
  checkWeights(options_.target_weights, *targets_);
  checkValues(*targets_);
  for (const TargetColumn& target : *targets_) {
    outputs_ += static_cast<std::int64_t>(target.kind.outputs());
    const bool weighted = options_.class_weights == ClassWeights::Balanced && !isNumber(target);
    classWeights_.push_back(
        weighted ? torch::tensor(balancedWeights(target, train, options_.class_weight_cap)).to(device_) : torch::Tensor());
  }
}

std::vector<float> Objective::classWeights(std::size_t target) const {
  const torch::Tensor& weights = classWeights_.at(target);
  if (!weights.defined()) return {};
  const torch::Tensor here = weights.cpu();
  return {here.data_ptr<float>(), here.data_ptr<float>() + here.numel()};
}

torch::Tensor Objective::loss(const torch::Tensor& logits, const std::vector<std::uint32_t>& items, const MixDraw* mix) const {
  const auto rows = static_cast<std::int64_t>(items.size());
  if (logits.dim() != 2 || logits.size(0) != rows || logits.size(1) != outputs_) {
    throw std::invalid_argument("Objective: logits must be a row for each item and a column for each output of the targets");
  }
  if (mix && (mix->partner.size() != items.size() || mix->share.size() != items.size())) {
    throw std::invalid_argument("Objective: the draw is of another number of images");
  }
  const torch::Tensor scores = logits.to(torch::kFloat32);
  torch::Tensor total;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < targets_->size(); ++i) {
    const TargetColumn& target = (*targets_)[i];
    const auto width = static_cast<std::int64_t>(target.kind.outputs());
    const torch::Tensor outputs = scores.narrow(1, first, width);
    first += width;
    const double weight = options_.target_weights.empty() ? 1 : options_.target_weights[i];
    if (weight == 0) continue;
    const std::vector<float> values = valuesOf(target, items);
    torch::Tensor part = mix ? mixedLoss(i, outputs, values, *mix) : plainLoss(i, outputs, values);
    if (!part.defined()) continue;
    if (weight != 1) part = part * weight;
    total = total.defined() ? total + part : part;
  }
  return total.defined() ? total : scores.sum() * 0;
}

torch::Tensor Objective::plainLoss(std::size_t target, const torch::Tensor& outputs, const std::vector<float>& values) const {
  std::vector<std::int64_t> rows;
  std::vector<float> known;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    rows.push_back(static_cast<std::int64_t>(i));
    known.push_back(values[i]);
  }
  if (known.empty()) return {};
  const bool all = known.size() == values.size();
  const torch::Tensor scores = all ? outputs : outputs.index_select(0, torch::tensor(rows, torch::kInt64).to(device_));
  if (!isNumber((*targets_)[target])) return classLoss(target, scores, known, at::Reduction::Mean);
  return regressionLoss(options_.regression, scores.squeeze(1), torch::tensor(known).to(device_));
}

torch::Tensor Objective::mixedLoss(std::size_t target, const torch::Tensor& outputs, const std::vector<float>& own,
                                   const MixDraw& mix) const {
  std::vector<float> partners = partnersOf(own, mix);
  if (isNumber((*targets_)[target])) {
    // Not std::lerp, which may answer a number where one of the two is missing.
    std::vector<float> mixed = std::move(partners);
    for (std::size_t i = 0; i < own.size(); ++i) mixed[i] = own[i] - (own[i] - mixed[i]) * (1 - mix.share[i]);
    return plainLoss(target, outputs, mixed);
  }
  const torch::Tensor withOwn = classLoss(target, outputs, own, at::Reduction::None);
  const torch::Tensor withPartners = classLoss(target, outputs, partners, at::Reduction::None);
  if (complete(own)) return torch::lerp(withPartners, withOwn, torch::tensor(mix.share).to(device_)).mean();
  const Counted ownCounted = countKnown(own, mix.share, false);
  const Counted partnersCounted = countKnown(partners, mix.share, true);
  const double sum = ownCounted.sum + partnersCounted.sum;
  if (sum == 0) return {};
  return (withOwn * torch::tensor(ownCounted.weights).to(device_) +
          withPartners * torch::tensor(partnersCounted.weights).to(device_))
             .sum() /
         sum;
}

torch::Tensor Objective::classLoss(std::size_t target, const torch::Tensor& outputs, const std::vector<float>& values,
                                   std::int64_t reduction) const {
  std::vector<std::int64_t> classes;  // 0 where there is none: the caller leaves such photos out
  classes.reserve(values.size());
  for (const float value : values) classes.push_back(std::isnan(value) ? 0 : static_cast<std::int64_t>(value));
  const torch::Tensor labels = torch::tensor(classes, torch::kInt64).to(device_);
  const torch::Tensor& weights = classWeights_[target];
  if (options_.kind == LossKind::Focal) {
    const torch::Tensor entropy = torch::cross_entropy_loss(outputs, labels, weights, at::Reduction::None);
    const torch::Tensor doubt = torch::expm1(-entropy).neg().clamp_min(kLeastDoubt);
    const torch::Tensor focal = doubt.pow(options_.focal_gamma) * entropy;
    return reduction == at::Reduction::Mean ? focal.mean() : focal;
  }
  const double eps = options_.label_smoothing;
  if (eps == 0) return torch::cross_entropy_loss(outputs, labels, weights, reduction);
  const torch::Tensor logProbabilities = torch::log_softmax(outputs, 1);
  torch::Tensor uniform = -logProbabilities.sum(1);
  if (reduction == at::Reduction::Mean) uniform = uniform.mean();
  return uniform * (eps / static_cast<double>(outputs.size(1))) +
         torch::nll_loss(logProbabilities, labels, weights, reduction) * (1 - eps);
}

MetricTable::MetricTable(std::vector<std::string> asked, std::shared_ptr<const std::vector<TargetColumn>> targets)
    : asked_(std::move(asked)), targets_(std::move(targets)) {
  for (std::size_t i = 0; i < targets_->size(); ++i) {
    const TargetColumn& target = (*targets_)[i];
    if (isNumber(target)) {
      numbers_.emplace(i, NumberMetrics());
    } else {
      classes_.emplace(i, ClassMetrics(target.kind.classes));
    }
  }
}

void MetricTable::add(const torch::Tensor& logits, const std::vector<std::uint32_t>& items) {
  const torch::Tensor here = logits.detach().to(torch::kCPU, torch::kFloat32);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < targets_->size(); ++i) {
    const TargetColumn& target = (*targets_)[i];
    const auto width = static_cast<std::int64_t>(target.kind.outputs());
    const torch::Tensor outputs = here.narrow(1, first, width).contiguous();
    first += width;
    const std::span<const float> scores(outputs.data_ptr<float>(), static_cast<std::size_t>(outputs.numel()));
    const std::vector<float> values = valuesOf(target, items);
    if (isNumber(target)) {
      numbers_.at(i).add(scores, values);
      continue;
    }
    std::vector<std::int64_t> labels;
    for (const float value : values) labels.push_back(std::isnan(value) ? -1 : static_cast<std::int64_t>(value));
    classes_.at(i).add(scores, labels);
  }
}

std::vector<std::string> MetricTable::names() const {
  std::vector<TargetKind> kinds;
  std::vector<std::vector<std::string>> vocabs;
  for (const TargetColumn& target : *targets_) {
    kinds.push_back(target.kind);
    vocabs.push_back(target.vocab);
  }
  return metricNames(asked_, kinds, vocabs);
}

std::map<std::string, double> MetricTable::values() const {
  std::vector<double> values;  // in the order of names()
  for (std::size_t i = 0; i < targets_->size(); ++i) {
    for (const std::string& metric : metricsOf(asked_, (*targets_)[i].kind)) {
      if (isNumber((*targets_)[i])) {
        values.push_back(numbers_.at(i).value(metric));
      } else if (metric == "recall") {
        const std::vector<double> recalls = classes_.at(i).recalls();
        values.insert(values.end(), recalls.begin(), recalls.end());
      } else {
        values.push_back(classes_.at(i).value(metric));
      }
    }
  }
  const std::vector<std::string> columns = names();
  std::map<std::string, double> byName;
  for (std::size_t i = 0; i < columns.size(); ++i) byName[columns[i]] = values.at(i);
  return byName;
}

}  // namespace panicle
