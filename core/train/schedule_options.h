// How learning rate and momentum move: the `schedule` section of a stage.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/train/learning_rate.h"

namespace panicle {

enum class ScheduleKind { FitOneCycle, FineTune, FlatCos, Fit };

template <>
struct EnumNames<ScheduleKind> {
  static constexpr std::array names{"fit_one_cycle", "fine_tune", "fit_flat_cos", "fit"};
};

// fastai's fit functions, with its defaults. null takes the default of the kind.
struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::FitOneCycle;
  int epochs = 5;
  LearningRate lr_max;    // of all but fine_tune: the highest (fit: the only) learning rate
  double base_lr = 2e-3;  // of fine_tune
  int freeze_epochs = 1;  // of fine_tune: epochs with the body frozen before the others
  double lr_mult = 100;   // of fine_tune: the first layers get base_lr / 2 / lr_mult
  // Of all but fine_tune: fastai's freeze_to(n). 0: everything learns; -1: the last group (the head) alone;
  // n: groups from the nth on. Norm layers always learn.
  int freeze_to = 0;
  std::optional<double>
      pct_start;              // share of the steps before the fall; .25, of fine_tune .3, of fit_flat_cos .75
  std::optional<double> div;  // first rate = highest / div; 25, of fine_tune 5
  double div_final = 1e5;     // last rate = highest / div_final
  // Of fit_one_cycle and fine_tune: momentum at the start, at the peak of the rate and at the end.
  std::vector<double> moms{0.95, 0.85, 0.95};
};

std::span<const Field<ScheduleOptions>> fieldTable(const ScheduleOptions*);
// What no single field shows, each beginning with the field's name: "moms must hold three numbers".
std::vector<std::string> check(const ScheduleOptions& options);

}  // namespace panicle
