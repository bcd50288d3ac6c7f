#include "core/runs/checkpoint_options.h"

#include <array>

namespace panicle {

std::span<const Field<CheckpointOptions>> fieldTable(const CheckpointOptions*) {
  using O = CheckpointOptions;
  static constexpr std::array table{
      field<&O::every_minutes>({.name = "every_minutes",
                                .label = "Checkpoint every",
                                .help = "What a run can be resumed from is saved at the end of every epoch, and within long epochs after so many "
                                        "minutes: that much work a crash can cost at most.",
                                .unit = "minutes",
                                .min = 0,
                                .max = 1440}),
      field<&O::max_share>({.name = "max_share",
                            .label = "Checkpoints' share",
                            .help = "The share of the run's time that saving may take from the training. Where epochs are so short that saving each "
                                    "would take more, some are passed over. 1 saves every one.",
                            .min = 0.0001,
                            .max = 1}),
      field<&O::keep_last>({.name = "keep_last",
                            .label = "Checkpoints kept",
                            .help = "Saved states that stay on disk while the run is not finished, the newest. Each takes three to five times the "
                                    "size of the model.",
                            .unit = "checkpoints",
                            .min = 1,
                            .max = 1000}),
  };
  return table;
}

}  // namespace panicle
