// The predictions of runs and files that the commands are given.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "core/eval/predictions.h"
#include "core/runs/run_predictions.h"

namespace panicle::cli {

// Which of a run's predictions are meant.
struct KeptArgument {
  WhichPredictions which;
  std::string target;  // "": the label
};

// "RUN" as `positional` and --split, --model, --tta, --target.
void addKept(CLI::App& command, KeptArgument& argument);

struct FoundPredictions {
  PredictionPlace place;  // the stem is the target's
  bool number = false;    // of a target that is a number
};

// Throws Error that says how to make what is not there.
FoundPredictions requirePredictions(const RunStore& store, const KeptArgument& argument);
// The same of predictions of classes.
Predictions requireClasses(const RunStore& store, const KeptArgument& argument);

// Test-time augmentation where the run has it.
bool hasTta(const RunStore& store, const KeptArgument& argument);

}  // namespace panicle::cli
