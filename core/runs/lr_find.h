// The learning-rate finder: a short training with a rising rate, on a model of its own. Source: fastai's Learner.lr_find.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/runs/run_spec.h"
#include "core/train/control.h"
#include "core/train/lr_suggest.h"
#include "core/train/lr_sweep.h"

namespace panicle {

struct LrFindOptions {
  LrSweepOptions sweep;
  int stage = 0;  // index into RunSpec::stages: its transforms, batch and loss, and the layers that its first fit trains
};

struct LrSweep {
  std::vector<LrPoint> points;
  LrSuggestions suggestions;
  std::string frozen;     // what learns, in words: "everything learns", "the body is frozen (86.6 of 90.1 million parameters); the head and the norm layers learn"
  std::string start;      // what the network starts from, as RunStarted::start
  std::string ended;      // "100 steps", "the loss passed 4 times its best at a rate of 0.83"
};

// What a sweep tells while it works; called on the sweep's thread.
struct LrFindObserver {
  std::function<void(const std::string&)> phase;    // "reading the data set", "sweeping"
  std::function<void(const LrPoint&)> point;
  std::function<void(const std::string&)> warning;  // a bad image ...
};

// Builds what a run of `spec` would train and sweeps it. Writes nothing to the data folder and makes no run. Pausing and stopping by `control`, as for
// execute(); throws Cancelled after a stop, Error when the spec is wrong or the loss is not finite at the first batch. To sweep after other training set spec.model.weights
// to that run's model.safetensors.
LrSweep findLearningRate(const RunSpec& spec, const std::filesystem::path& workspace, const LrFindOptions& options,
                         TrainControl& control, const LrFindObserver& observer = {});

}  // namespace panicle
