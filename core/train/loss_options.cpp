#include "core/train/loss_options.h"

#include <algorithm>

namespace panicle {

std::span<const Field<LossOptions>> fieldTable(const LossOptions*) {
  using O = LossOptions;
  static constexpr std::array table{
      field<&O::kind>(
          {.name = "kind",
           .label = "Loss",
           .help =
               "What training minimises. cross_entropy is the standard for one class a photo; focal pays "
               "less "
               "heed to photos that are already right, which helps where a few hard ones are lost among many "
               "easy ones.",
           .fastai = "CrossEntropyLossFlat, FocalLossFlat"}),
      field<&O::label_smoothing>(
          {.name = "label_smoothing",
           .label = "Label smoothing",
           .help = "This share of each label is spread over all classes, so that the network is less "
                   "sure of itself; 0.1 is usual. Helps where labels are sometimes wrong. Of "
                   "cross_entropy.",
           .fastai = "LabelSmoothingCrossEntropy(eps)",
           .min = 0,
           .max = 0.9}),
      field<&O::focal_gamma>(
          {.name = "focal_gamma",
           .label = "Focal gamma",
           .help = "How much less a photo counts that is already right; 0 is cross-entropy. Of focal.",
           .fastai = "FocalLossFlat(gamma)",
           .min = 0,
           .max = 10}),
      field<&O::class_weights>(
          {.name = "class_weights",
           .label = "Class weights",
           .help = "balanced lets rare classes count as much as common ones, by the counts of the training "
                   "photos: more of the rare ones are found, at the price of some errors among the "
                   "common.",
           .fastai = "CrossEntropyLossFlat(weight)"}),
      field<&O::class_weight_cap>(
          {.name = "class_weight_cap",
           .label = "Largest class weight",
           .help = "A class with a handful of photos must not rule the training: no class counts more "
                   "than this. Of balanced class weights.",
           .min = 1,
           .max = 1e6}),
      field<&O::regression>(
          {.name = "regression",
           .label = "Loss of numbers",
           .help = "Of targets that are numbers: mse squares the difference, l1 takes it as it is and bears "
                   "outliers, smooth_l1 squares only differences below 1.",
           .fastai = "MSELossFlat, L1LossFlat"}),
      field<&O::target_weights>(
          {.name = "target_weights",
           .label = "Weights of the targets",
           .help = "Of several targets: how much the loss of each counts, in the order of the label "
                   "columns, such as 1, 0.5. Empty: all alike.",
           .min = 0,
           .max = 1e6}),
  };
  return table;
}

std::vector<std::string> check(const LossOptions& options) {
  std::vector<std::string> problems;
  const auto& weights = options.target_weights;
  if (!weights.empty() && std::ranges::none_of(weights, [](double weight) { return weight > 0; })) {
    problems.emplace_back(
        "target_weights are all 0, so that nothing would be learnt; give one target a weight above 0");
  }
  return problems;
}

}  // namespace panicle
