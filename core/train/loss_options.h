// What training makes small: the `loss` section of a stage.
#pragma once

#include <array>
#include <vector>

#include "core/base/fields.h"

namespace panicle {

enum class LossKind { CrossEntropy, Focal };
enum class ClassWeights { None, Balanced };
enum class RegressionLoss { Mse, L1, SmoothL1 };

template <>
struct EnumNames<LossKind> {
  static constexpr std::array names{"cross_entropy", "focal"};
};
template <>
struct EnumNames<ClassWeights> {
  static constexpr std::array names{"none", "balanced"};
};
template <>
struct EnumNames<RegressionLoss> {
  static constexpr std::array names{"mse", "l1", "smooth_l1"};
};

struct LossOptions {
  LossKind kind = LossKind::CrossEntropy;
  double label_smoothing = 0;       // of cross_entropy: fastai's LabelSmoothingCrossEntropy(eps); its default there is .1
  double focal_gamma = 2;           // of focal
  ClassWeights class_weights = ClassWeights::None;  // balanced: images / (classes * images of the class), at most the cap
  double class_weight_cap = 10;
  RegressionLoss regression = RegressionLoss::Mse;  // of targets that are numbers
  std::vector<double> target_weights;  // of several targets, in the order of data.label_columns; empty: all 1
};

std::span<const Field<LossOptions>> fieldTable(const LossOptions*);
std::vector<std::string> check(const LossOptions& options);

}  // namespace panicle
