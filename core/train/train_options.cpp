#include "core/train/train_options.h"

namespace panicle {

std::span<const Field<ScheduleOptions>> fieldTable(const ScheduleOptions*) {
  static const std::array rows{
      field<&ScheduleOptions::kind>({.name = "kind",
                                     .label = "Schedule",
                                     .help = "fit_one_cycle trains all layers with one rise and fall of the learning rate: right from scratch. "
                                             "fine_tune first trains the head alone, then everything at lower rates: right with pretrained "
                                             "weights.",
                                     .fastai = "learn.fit_one_cycle, learn.fine_tune"}),
      field<&ScheduleOptions::epochs>({.name = "epochs",
                                       .label = "Epochs",
                                       .help = "Passes over the training images (of fine_tune: after the frozen ones). More help until the "
                                               "validation loss stops falling.",
                                       .fastai = "n_epoch, epochs",
                                       .min = 1,
                                       .max = 10000}),
      field<&ScheduleOptions::lr_max>({.name = "lr_max",
                                       .label = "Highest learning rate",
                                       .help = "Of fit_one_cycle: the peak of the cycle. Lower it when the loss jumps or becomes NaN.",
                                       .fastai = "lr_max",
                                       .min = 1e-9,
                                       .max = 100}),
      field<&ScheduleOptions::base_lr>({.name = "base_lr",
                                        .label = "Base learning rate",
                                        .help = "Of fine_tune: the rate of the head while the body is frozen; half of it afterwards.",
                                        .fastai = "base_lr",
                                        .min = 1e-9,
                                        .max = 100}),
      field<&ScheduleOptions::freeze_epochs>({.name = "freeze_epochs",
                                              .label = "Frozen epochs",
                                              .help = "Of fine_tune: epochs in which only the head (and the norm layers) learn.",
                                              .fastai = "freeze_epochs",
                                              .min = 0,
                                              .max = 10000}),
      field<&ScheduleOptions::lr_mult>({.name = "lr_mult",
                                        .label = "Rate ratio head to first layers",
                                        .help = "Of fine_tune: after unfreezing, the first layers learn this many times slower than the head.",
                                        .fastai = "lr_mult",
                                        .min = 1,
                                        .max = 1e6}),
      field<&ScheduleOptions::pct_start>({.name = "pct_start",
                                          .label = "Share of rising rate",
                                          .help = "The part of the steps in which the learning rate rises. Default .25, of fine_tune .3.",
                                          .fastai = "pct_start",
                                          .min = 0.001,
                                          .max = 0.999}),
      field<&ScheduleOptions::div>({.name = "div",
                                    .label = "Start divisor",
                                    .help = "The first learning rate is the highest divided by this. Default 25, of fine_tune 5.",
                                    .fastai = "div",
                                    .min = 1,
                                    .max = 1e9}),
      field<&ScheduleOptions::div_final>({.name = "div_final",
                                          .label = "End divisor",
                                          .help = "The learning rate ends near the highest divided by this.",
                                          .fastai = "div_final",
                                          .min = 1,
                                          .max = 1e12}),
  };
  return rows;
}

std::span<const Field<OptimizerOptions>> fieldTable(const OptimizerOptions*) {
  static const std::array rows{
      field<&OptimizerOptions::wd>({.name = "wd",
                                    .label = "Weight decay",
                                    .help = "Pulls weights towards zero at every step, decoupled from the gradient; never biases and norms. Raise "
                                            "it against overfitting.",
                                    .fastai = "wd",
                                    .min = 0,
                                    .max = 1}),
      field<&OptimizerOptions::sqr_mom>({.name = "sqr_mom",
                                         .label = "Squared-gradient momentum",
                                         .help = "Adam's second momentum (beta 2).",
                                         .fastai = "sqr_mom",
                                         .min = 0,
                                         .max = 0.999999}),
      field<&OptimizerOptions::eps>({.name = "eps",
                                     .label = "Adam's epsilon",
                                     .help = "Added to the root of the squared gradients; keeps steps finite where gradients vanish.",
                                     .fastai = "eps",
                                     .min = 1e-12,
                                     .max = 1}),
  };
  return rows;
}

std::span<const Field<LossOptions>> fieldTable(const LossOptions*) {
  static const std::array rows{
      field<&LossOptions::kind>({.name = "kind",
                                 .label = "Loss",
                                 .help = "What training minimises: cross-entropy, the standard for one class per photo.",
                                 .fastai = "CrossEntropyLossFlat"}),
  };
  return rows;
}

}  // namespace panicle
