// Commands to a run from another thread. Pause and stop are honoured within one batch.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace panicle {

class TrainControl {
 public:
  void pause();
  void resume();
  bool paused() const;
  void stopNow();          // after the batch in work
  void stopAfterEpoch();   // after the validation of the epoch in work
  bool stopAfterEpochRequested() const;
  std::stop_token token() const { return stop_.get_token(); }

  // Called by the trainer between batches: returns at once, or when a pause ends or a stop comes.
  void waitWhilePaused();

 private:
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool paused_ = false;
  bool stopAfterEpoch_ = false;
};

}  // namespace panicle
