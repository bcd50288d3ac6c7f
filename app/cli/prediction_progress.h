// What a command shows while a network predicts.
#pragma once

#include "app/cli/output.h"
#include "core/runs/saved_network.h"

namespace panicle::cli {

// Phases and counts on `line`, which outlives it; warnings to the log.
PredictionObserver showPredicting(ProgressLine& line);

}  // namespace panicle::cli
