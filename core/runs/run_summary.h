// A run in one row: what a table of all runs shows, searches and sorts. RunStore::summaries() reads them all.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/runs/run_spec.h"
#include "core/train/events.h"

namespace panicle {

// Numbers that are not known are NaN, bytes 0, texts empty.
struct RunSummary {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  std::string id;
  std::string name;
  RunStatus status = RunStatus::Queued;
  std::string message;   // of a failure
  std::string created;   // ISO 8601, UTC
  std::string finished;  // "" while it runs
  std::string trashed;   // when it went to the trash; "" for one that is not in it
  double seconds = 0;

  std::string architecture;
  std::string transforms;  // of all stages: "squish 480 → aug 128, min_scale 0.75"
  std::string schedule;    // of all stages: "fine_tune 3 at 0.01"
  std::string data;        // the data set's folder
  std::string device;      // that it ran on ("CPU, 8 threads"), else what the spec asks for
  std::string precision;
  std::uint64_t seed = 0;
  int batch = 0;           // images that a step of the optimizer sees: batch.size * accum
  // Equal for runs that differ in nothing but seed, name, and what changes no result: these are repetitions.
  std::string settings;

  std::string monitor;          // what makes an epoch the best: RunRecord::monitor()
  bool smaller_is_better = true;
  double best = kUnknown;       // by the monitor
  int best_epoch = -1;          // from 0; -1: none
  double last = kUnknown;
  double error = kUnknown;      // error rate of the best epoch, whatever the monitor
  double train_loss = kUnknown; // of the last epoch
  double valid_loss = kUnknown;
  double tta = kUnknown;        // error rate of the label with test-time augmentation
  std::vector<float> curve;     // the monitor, epoch by epoch
  int epochs = 0;               // that it has done
  int planned_epochs = 0;       // that it was asked to do
  double seconds_per_epoch = kUnknown;  // mean of its epochs

  std::uint64_t peak_bytes = 0;            // measured: the most that tensors held at a time
  std::uint64_t predicted_peak_bytes = 0;  // by the plan that was made before it ran

  std::vector<std::string> tags;  // sorted
  std::string note;
  bool starred = false;
};

// What a spec alone says of a run: architecture, transforms, schedule, data, device, precision, seed, batch, settings,
// planned_epochs.
RunSummary summarize(const RunSpec& spec);

// "squish 480 → aug 224, min_scale 0.75"; ", mixup 0.2" where photos are mixed; stages apart by "; ".
std::string transformsInWords(const RunSpec& spec);
// "fine_tune 3 at 0.01", "fit_one_cycle 6 at 1e-6 to 1e-4".
std::string scheduleInWords(const RunSpec& spec);

}  // namespace panicle
