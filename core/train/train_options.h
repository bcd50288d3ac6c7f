// How a stage trains: the `schedule`, `optimizer` and `loss` sections of a RunSpec.
#pragma once

#include <array>

#include "core/base/fields.h"

namespace panicle {

enum class ScheduleKind { FitOneCycle, FineTune };
enum class LossKind { CrossEntropy };

template <>
struct EnumNames<ScheduleKind> {
  static constexpr std::array names{"fit_one_cycle", "fine_tune"};
};
template <>
struct EnumNames<LossKind> {
  static constexpr std::array names{"cross_entropy"};
};

// fastai's fit_one_cycle and fine_tune, with its defaults. null takes the default of the kind.
struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::FitOneCycle;
  int epochs = 5;
  double lr_max = 3e-3;              // of fit_one_cycle: the highest learning rate
  double base_lr = 2e-3;             // of fine_tune
  int freeze_epochs = 1;             // of fine_tune: epochs with the body frozen before the others
  double lr_mult = 100;              // of fine_tune: the first layers get base_lr / 2 / lr_mult
  std::optional<double> pct_start;   // share of the steps that the rate rises; .25, and .3 of fine_tune
  std::optional<double> div;         // first rate = highest / div; 25, and 5 of fine_tune
  double div_final = 1e5;            // last rate = highest / div_final
};

// fastai's Adam: decoupled weight decay, none on biases and norms.
struct OptimizerOptions {
  double wd = 0.01;
  double sqr_mom = 0.99;
  double eps = 1e-5;
};

struct LossOptions {
  LossKind kind = LossKind::CrossEntropy;
};

std::span<const Field<ScheduleOptions>> fieldTable(const ScheduleOptions*);
std::span<const Field<OptimizerOptions>> fieldTable(const OptimizerOptions*);
std::span<const Field<LossOptions>> fieldTable(const LossOptions*);

}  // namespace panicle
