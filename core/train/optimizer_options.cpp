#include "core/train/optimizer_options.h"

namespace panicle {

double OptimizerOptions::momentum() const {
  if (mom) return *mom;
  if (kind == OptimizerKind::Sgd) return 0;
  return kind == OptimizerKind::Ranger ? 0.95 : 0.9;
}

double OptimizerOptions::epsilon() const {
  return eps.value_or(kind == OptimizerKind::Ranger ? 1e-6 : 1e-5);
}

std::span<const Field<OptimizerOptions>> fieldTable(const OptimizerOptions*) {
  static const std::array rows{
      field<&OptimizerOptions::kind>(
          {.name = "kind",
           .label = "Optimizer",
           .help =
               "adam is right nearly always. sgd is the plain gradient, for long trainings with well-set "
               "rates; radam is adam with a careful beginning; ranger is radam that looks ahead, best with "
               "fit_flat_cos; lamb measures each layer's step by its weights, for very large batches.",
           .fastai = "opt_func: Adam, SGD, RAdam, ranger, Lamb"}),
      field<&OptimizerOptions::mom>(
          {.name = "mom",
           .label = "Momentum",
           .help =
               "Where no schedule sets it: fit_one_cycle and fine_tune do. Default .9, of ranger .95, of sgd "
               "0, which takes no momentum from a schedule either.",
           .fastai = "mom",
           .min = 0,
           .max = 0.9999}),
      field<&OptimizerOptions::sqr_mom>(
          {.name = "sqr_mom",
           .label = "Squared-gradient momentum",
           .help = "Of all but sgd: how long squared gradients are remembered (beta 2).",
           .fastai = "sqr_mom",
           .min = 0,
           .max = 0.999999}),
      field<&OptimizerOptions::eps>(
          {.name = "eps",
           .label = "Epsilon",
           .help = "Of all but sgd: added to the root of the squared gradients; keeps steps finite where "
                   "gradients vanish. Default 1e-5, of ranger 1e-6.",
           .fastai = "eps",
           .min = 1e-12,
           .max = 1}),
      field<&OptimizerOptions::wd>(
          {.name = "wd",
           .label = "Weight decay",
           .help = "Pulls weights towards zero at every step, decoupled from the gradient. Raise it against "
                   "overfitting. fastai's own default is .01 for adam and ranger, 0 for the others.",
           .fastai = "wd",
           .min = 0,
           .max = 1}),
      field<&OptimizerOptions::wd_bn_bias>(
          {.name = "wd_bn_bias",
           .label = "Decay norms and biases",
           .help = "Whether weight decay pulls at norm layers and biases too. Off is right nearly always.",
           .fastai = "wd_bn_bias"}),
  };
  return rows;
}

}  // namespace panicle
