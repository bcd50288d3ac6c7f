// From the network's outputs to a loss, over one or several targets. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/train/loss_options.h"
#include "core/train/metrics.h"
#include "core/transforms/mix.h"

namespace panicle {

// A target and its value for every item of the data set, by the item's index: a class, or a number; NaN where an item has none.
struct TargetColumn {
  TargetKind kind;
  std::vector<std::string> vocab;  // empty for a number
  std::vector<float> values;
};

// Logits (B, sum of outputs), float32; the columns of one target after the other, in the order of `targets`.
//
// Losses are fastai's: CrossEntropyLossFlat, LabelSmoothingCrossEntropy, FocalLossFlat (a class weight acts inside its p_t, as there). With class
// weights the mean is over the sum of the photos' weights, as torch's; of label smoothing's uniform part and of focal it is over the photos.
class Objective {
 public:
  // `train` are the items that class weights are counted from. Throws Error when target_weights do not fit the targets, and
  // std::invalid_argument for a class that is not below the target's count.
  Objective(std::shared_ptr<const std::vector<TargetColumn>> targets, LossOptions options, const std::vector<std::uint32_t>& train,
            c10::Device device);

  // The mean over the batch, summed over the targets by their weights. A photo without a target's value does not count in it; a batch without
  // any value has loss 0. With `mix` as fastai's MixUp: share * loss with the image's own target + (1 - share) * with its partner's, averaged
  // (by weighted samples: reference section 6); numbers are mixed themselves. Validation calls it too: fastai validates with the loss that it
  // trains with.
  at::Tensor loss(const at::Tensor& logits, const std::vector<std::uint32_t>& items, const MixDraw* mix = nullptr) const;

  const std::vector<TargetColumn>& targets() const { return *targets_; }
  std::int64_t outputs() const { return outputs_; }
  // By class, of the target with this index; empty: none.
  std::vector<float> classWeights(std::size_t target) const;

 private:
  // Of one target's columns; undefined when no photo has a value.
  at::Tensor plainLoss(std::size_t target, const at::Tensor& outputs, const std::vector<float>& values) const;
  at::Tensor mixedLoss(std::size_t target, const at::Tensor& outputs, const std::vector<float>& values, const MixDraw& mix) const;
  at::Tensor classLoss(std::size_t target, const at::Tensor& outputs, const std::vector<float>& labels, std::int64_t reduction) const;

  std::shared_ptr<const std::vector<TargetColumn>> targets_;
  LossOptions options_;
  c10::Device device_;
  std::int64_t outputs_ = 0;
  std::vector<at::Tensor> classWeights_;  // one a target; undefined: none
};

// The metrics of a validation pass over all targets.
class MetricTable {
 public:
  MetricTable(std::vector<std::string> asked, std::shared_ptr<const std::vector<TargetColumn>> targets);
  void add(const at::Tensor& logits, const std::vector<std::uint32_t>& items);
  std::map<std::string, double> values() const;  // by the names of metricNames()
  std::vector<std::string> names() const;        // in the order of the table's columns

 private:
  std::vector<std::string> asked_;
  std::shared_ptr<const std::vector<TargetColumn>> targets_;
  std::map<std::size_t, ClassMetrics> classes_;  // by target
  std::map<std::size_t, NumberMetrics> numbers_;
};

}  // namespace panicle
