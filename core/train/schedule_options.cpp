#include "core/train/schedule_options.h"

namespace panicle {

std::span<const Field<ScheduleOptions>> fieldTable(const ScheduleOptions*) {
  static const std::array rows{
      field<&ScheduleOptions::kind>(
          {.name = "kind",
           .label = "Schedule",
           .help = "fit_one_cycle trains with one rise and fall of the learning rate: right from scratch. "
                   "fine_tune first trains the head alone, then everything at lower rates: right with "
                   "pretrained weights. fit_flat_cos keeps the rate and lets it fall at the end; fit never "
                   "changes it.",
           .fastai = "learn.fit_one_cycle, learn.fine_tune, learn.fit_flat_cos, learn.fit"}),
      field<&ScheduleOptions::epochs>(
          {.name = "epochs",
           .label = "Epochs",
           .help = "Passes over the training images (of fine_tune: after the frozen ones). More help "
                   "until the validation loss stops falling.",
           .fastai = "n_epoch, epochs",
           .min = 1,
           .max = 10000}),
      field<&ScheduleOptions::lr_max>(
          {.name = "lr_max",
           .label = "Highest learning rate",
           .help = "A number; slice(HIGH), which gives all layers but the head a tenth of it; or "
                   "slice(LOW,HIGH), from the first layers to the head. Not of fine_tune, which has a base "
                   "rate. Lower it when the loss jumps or becomes NaN; the Rate page finds one.",
           .fastai = "lr_max; lr of fit and fit_flat_cos",
           .min = 1e-9,
           .max = 100}),
      field<&ScheduleOptions::base_lr>(
          {.name = "base_lr",
           .label = "Base learning rate",
           .help = "Of fine_tune: the rate of the head while the body is frozen; half of it afterwards.",
           .fastai = "base_lr",
           .min = 1e-9,
           .max = 100}),
      field<&ScheduleOptions::freeze_epochs>(
          {.name = "freeze_epochs",
           .label = "Frozen epochs",
           .help = "Of fine_tune: epochs in which only the head (and the norm layers) learn.",
           .fastai = "freeze_epochs",
           .min = 0,
           .max = 10000}),
      field<&ScheduleOptions::lr_mult>(
          {.name = "lr_mult",
           .label = "Rate ratio head to first layers",
           .help = "Of fine_tune: after unfreezing, the first layers learn this many times slower than the "
                   "head.",
           .fastai = "lr_mult",
           .min = 1,
           .max = 1e6}),
      field<&ScheduleOptions::freeze_to>(
          {.name = "freeze_to",
           .label = "Learning from group",
           .help = "Of all but fine_tune: 0, everything learns; -1 or 1, the second of the two parameter groups "
                   "alone, which is the head (freeze). Norm layers always learn. For a stage that fits the "
                   "head before the next one trains everything.",
           .fastai = "learn.freeze_to(n); freeze() is -1, unfreeze() is 0",
           .min = -2,
           .max = 1}),
      field<&ScheduleOptions::pct_start>(
          {.name = "pct_start",
           .label = "Share before the fall",
           .help = "The part of the steps before the learning rate falls. Default .25, of fine_tune .3 "
                   "(after unfreezing), of fit_flat_cos .75; fit has none.",
           .fastai = "pct_start",
           .min = 0.001,
           .max = 0.999}),
      field<&ScheduleOptions::div>(
          {.name = "div",
           .label = "Start divisor",
           .help =
               "Of fit_one_cycle and fine_tune (after unfreezing): the first learning rate is the highest "
               "divided by this. Default 25, of fine_tune 5.",
           .fastai = "div",
           .min = 1,
           .max = 1e9}),
      field<&ScheduleOptions::div_final>(
          {.name = "div_final",
           .label = "End divisor",
           .help = "Of all but fit: the learning rate ends near the highest divided by this.",
           .fastai = "div_final",
           .min = 1,
           .max = 1e12}),
      field<&ScheduleOptions::moms>(
          {.name = "moms",
           .label = "Momentum",
           .help = "Of fit_one_cycle and fine_tune: momentum at the start, where the rate is highest, and at "
                   "the end. It goes down where the rate goes up.",
           .fastai = "moms",
           .min = 0,
           .max = 0.9999}),
  };
  return rows;
}

std::vector<std::string> check(const ScheduleOptions& options) {
  std::vector<std::string> problems;
  if (options.moms.size() != 3) {
    problems.push_back("moms must hold three numbers such as [0.95, 0.85, 0.95], not " +
                       std::to_string(options.moms.size()));
  }
  return problems;
}

}  // namespace panicle
