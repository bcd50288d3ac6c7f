// How a gradient becomes a change of the weights: the `optimizer` section of a RunSpec.
#pragma once

#include <array>

#include "core/base/fields.h"

namespace panicle {

enum class OptimizerKind { Adam, Sgd, RAdam, Ranger, Lamb };

template <>
struct EnumNames<OptimizerKind> {
  static constexpr std::array names{"adam", "sgd", "radam", "ranger", "lamb"};
};

// fastai's optimizers with its defaults: decoupled weight decay, none on biases and norms. null takes the
// kind's default.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::Adam;
  std::optional<double> mom;  // where no schedule sets it; .9, of sgd 0, of ranger .95
  double sqr_mom = 0.99;      // of all but sgd
  std::optional<double> eps;  // likewise; 1e-5, of ranger 1e-6
  double wd = 0.01;
  bool wd_bn_bias = false;  // whether norms and biases decay too

  double momentum() const;  // mom, or the kind's default
  double epsilon() const;
};

std::span<const Field<OptimizerOptions>> fieldTable(const OptimizerOptions*);

}  // namespace panicle
