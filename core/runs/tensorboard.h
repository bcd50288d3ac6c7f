// A run's history for TensorBoard: batch/loss, batch/smooth_loss, batch/lr and batch/momentum by step, epoch/train_loss, epoch/valid_loss,
// epoch/seconds and epoch/<metric> by epoch (from 1). Files stay on this machine.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "core/runs/run_store.h"
#include "core/train/events.h"

namespace panicle {

// Writes all that the store has of a run into <folder>/events.out.tfevents.<when it was created>.panicle, which is replaced at once; returns it.
// The store keeps no times of steps: they are spread evenly over the run's seconds. Throws Error.
std::filesystem::path exportTensorBoard(const RunStore& store, const std::string& run, const std::filesystem::path& folder);

// Follows a run that this program carries out: <run folder>/tensorboard/events.out.tfevents.<when it began or went on>.panicle, the history so far
// first. Of a run that goes on there is one file again, the old ones go; a viewer that has read them begins anew with it.
class TensorBoardLog {
 public:
  // `warn` is told once when a file cannot be written; nothing more is written then until the run goes on. The store outlives it.
  TensorBoardLog(const RunStore& store, std::function<void(const std::string&)> warn) : store_(store), warn_(std::move(warn)) {}
  // Of the run's events in their order, each after it was stored.
  void take(const TrainEvent& event);

 private:
  void begin(const std::string& run);
  void write(const std::string& records, bool flush);

  const RunStore& store_;
  std::function<void(const std::string&)> warn_;
  std::filesystem::path file_;
  std::ofstream out_;  // closed: nothing is written
  std::chrono::steady_clock::time_point flushed_;
};

}  // namespace panicle
