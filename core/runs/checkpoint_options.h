// When a run saves what it can be resumed from: the `checkpoint` section of a RunSpec.
#pragma once

#include <span>

#include "core/base/fields.h"

namespace panicle {

struct CheckpointOptions {
  double every_minutes = 5;  // beside the end of every epoch
  double max_share = 0.01;   // of the run's time, that writing checkpoints may take from the training
  int keep_last = 1;         // checkpoints
};

std::span<const Field<CheckpointOptions>> fieldTable(const CheckpointOptions*);

}  // namespace panicle
