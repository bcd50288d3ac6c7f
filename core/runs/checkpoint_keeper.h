// When a run's checkpoints are due, and their writing. Internal to core/runs (includes torch).
#pragma once

#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>

#include "core/runs/background_writer.h"
#include "core/runs/checkpoint.h"
#include "core/runs/checkpoint_options.h"
#include "core/train/trainer.h"

namespace panicle {

class CheckpointKeeper {
 public:
  using Written = std::function<void(const std::filesystem::path& place, std::exception_ptr failure)>;

  // All arguments outlive it. `written` is called by BackgroundWriter::report().
  CheckpointKeeper(std::filesystem::path folder, const CheckpointOptions& options, BackgroundWriter& writer, Written written);

  // Whether to take one here. Not while the one before is still on its way to the disk, and not before the share of the time that it may
  // cost allows it; one that was passed over is due at the next boundary that allows it.
  bool due(Boundary boundary);
  // Copies the state's bytes into a file, and leaves the rest to the writer. Throws DiskFull and Error.
  void take(const TrainerState& state, const CheckpointNote& note);

 private:
  using Clock = std::chrono::steady_clock;

  std::filesystem::path folder_;
  const CheckpointOptions& options_;
  BackgroundWriter& writer_;
  Written written_;
  std::shared_ptr<HeldMemory> memory_;
  std::uint64_t number_;     // of the newest
  Clock::time_point taken_ = Clock::now();
  double cost_ = 0;          // seconds that the last one took from the training
  bool owed_ = false;        // an epoch's was passed over
  bool onItsWay_ = false;
};

}  // namespace panicle
