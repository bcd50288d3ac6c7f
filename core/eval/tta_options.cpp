#include "core/eval/tta_options.h"

#include <array>

namespace panicle {

std::span<const Field<TtaOptions>> fieldTable(const TtaOptions*) {
  static constexpr std::array table{
      field<&TtaOptions::n>(
          {.name = "n",
           .label = "Passes",
           .help =
               "How many times every photo is predicted with the random changes of training, before it is "
               "predicted once without. Each takes as long as a plain prediction; beyond 4 there is little "
               "to gain.",
           .fastai = "n of tta()",
           .min = 1,
           .max = 100}),
      field<&TtaOptions::beta>({.name = "beta",
                                .label = "Plain share",
                                .help = "How much the plain prediction counts; the mean of the passes has "
                                        "the rest. 0 leaves it out, 1 "
                                        "takes nothing else.",
                                .fastai = "beta of tta()",
                                .min = 0.0,
                                .max = 1.0}),
      field<&TtaOptions::use_max>(
          {.name = "use_max",
           .label = "Highest instead of mean",
           .help = "Takes, class by class, the highest probability of all passes instead of their mean: one "
                   "clear look at the disease is enough. Rows no longer add up to 1. Numbers are averaged as "
                   "without it.",
           .fastai = "use_max of tta()"}),
  };
  return table;
}

}  // namespace panicle
