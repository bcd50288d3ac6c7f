// Commands to a run from another thread. Pause and stop are honoured within one batch, changes of the rates at the next step.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

namespace panicle {

// What a user changes while a run is paused; it holds from the next step to the end of the run.
struct RateChange {
  double lr_scale = 1;       // the scheduled learning rates are multiplied by this (not by earlier changes)
  std::optional<double> wd;  // nullopt: the weight decay stays
};

class TrainControl {
 public:
  void pause();
  // Likewise, and the device is given back: the run saves what it goes on from (at the next step of the optimizer, where gradients are added up),
  // lets go of network, optimizer and batches, and waits so until resume(), then goes on as the same run, on the CPU bit for bit. It tells a
  // PhaseChanged when the device is free. Where saving fails it says so, and pauses with what it holds. May be called in a pause.
  void pauseAndFreeDevice();
  void resume();
  bool paused() const;
  bool freesDevice() const;  // paused so, and not stopped
  void stopNow();          // after the batch in work
  void stopAfterEpoch();   // after the validation of the epoch in work
  bool stopAfterEpochRequested() const;
  std::stop_token token() const { return stop_.get_token(); }

  void change(const RateChange& change);          // the last one before a step counts
  std::optional<RateChange> takeChange();         // called by the trainer before each step

  // Called by the trainer between batches: returns at once, or when a pause ends, a stop comes or the device is to be freed.
  void waitWhilePaused();
  // Called by the run: the device cannot be freed, so that this is a pause as any; and, when it is free: returns when the pause ends or a
  // stop comes.
  void keepDevice();
  void waitWithoutDevice();
  // As above for at most so long: true when it is still paused then.
  bool stillPausedAfter(std::chrono::milliseconds most);

 private:
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool paused_ = false;
  bool freesDevice_ = false;  // only while paused
  bool stopAfterEpoch_ = false;
  std::optional<RateChange> change_;
};

}  // namespace panicle
