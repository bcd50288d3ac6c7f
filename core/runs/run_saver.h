// What a run keeps on disk while it trains, and waiting where the disk is full: the model of the newest epoch that is worth it, and checkpoints.
// The training only copies bytes in memory; the disk is waited for by another thread. Internal to core/runs (includes torch).
#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/models/classifier.h"
#include "core/runs/background_writer.h"
#include "core/runs/checkpoint_keeper.h"
#include "core/runs/disk_patience.h"
#include "core/train/events.h"

namespace panicle {

// All functions are called by the run's thread, and so are both observers.
class RunSaver {
 public:
  // Of the model that is on disk.
  struct Saved {
    int epochs = 0;
    std::map<std::string, double> metrics;  // of the last of them
  };

  // `tell` stores an event and hands it on; `show` only hands it on, for what cannot be stored.
  RunSaver(std::filesystem::path folder, const CheckpointOptions& options, TrainControl& control, TrainObserver tell, TrainObserver show);

  // Does `work`, which may throw DiskFull: then the run is paused until it succeeds (DiskPatience).
  void patiently(const std::function<void()>& work) { patience_(work); }

  std::filesystem::path modelFile() const { return folder_ / "model.safetensors"; }
  // Brings it on its way to the disk. A model that comes while the one before waits takes its place. Throws DiskFull.
  void saveModel(const Classifier& model, const std::map<std::string, std::string>& metadata, const Saved& what);
  // The network is another one than the file.
  void modelMoved() { holdsModel_ = false; }
  bool holdsModel() const { return holdsModel_; }
  const Saved& saved() const { return saved_; }

  // Takes a checkpoint where one is due, after `store` has stored the history up to here: a run that is killed goes on from its checkpoint, and
  // nothing before it may be missing. What goes wrong is told, and the training goes on.
  void atBoundary(Boundary boundary, const Trainer& trainer, double seconds, const std::function<void()>& store);
  // Takes one whether it is due or not, and waits until it is on the disk, as is all that was on its way. False where it is not: that was told.
  bool saveNow(const Trainer& trainer, double seconds, const std::function<void()>& store);
  // The run goes on from there.
  void goOnFrom(const Checkpoint& checkpoint);

  // Tells what has come to the disk, or has not, since the last call.
  void report() { writer_.report(); }
  // Waits until nothing is on its way any more, and tells.
  void wait() { writer_.finish(); }
  // Likewise; throws what kept the newest model from the disk.
  void finish();

 private:
  void warn(const std::string& what);

  std::filesystem::path folder_;
  TrainObserver tell_;
  std::string spec_;  // its checksum
  DiskPatience patience_;
  BackgroundWriter writer_;
  CheckpointKeeper keeper_;
  bool kept_ = false;                // of checkpoints, the newest that was to be
  std::shared_ptr<HeldMemory> modelMemory_;
  std::exception_ptr modelFailure_;  // of the newest that was to be saved
  bool holdsModel_ = false;
  Saved saved_;
  std::set<std::string> warned_;
};

}  // namespace panicle
