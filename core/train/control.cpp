#include "core/train/control.h"

#include <utility>

namespace panicle {

void TrainControl::pause() {
  std::lock_guard lock(mutex_);
  paused_ = true;
}

void TrainControl::pauseAndFreeDevice() {
  {
    std::lock_guard lock(mutex_);
    paused_ = true;
    freesDevice_ = true;
  }
  changed_.notify_all();
}

void TrainControl::resume() {
  {
    std::lock_guard lock(mutex_);
    paused_ = false;
    freesDevice_ = false;
  }
  changed_.notify_all();
}

bool TrainControl::paused() const {
  std::lock_guard lock(mutex_);
  return paused_;
}

bool TrainControl::freesDevice() const {
  std::lock_guard lock(mutex_);
  return freesDevice_ && !stop_.stop_requested();
}

void TrainControl::stopNow() { stop_.request_stop(); }

void TrainControl::stopAfterEpoch() {
  {
    std::lock_guard lock(mutex_);
    stopAfterEpoch_ = true;
    paused_ = false;
    freesDevice_ = false;
  }
  changed_.notify_all();
}

bool TrainControl::stopAfterEpochRequested() const {
  std::lock_guard lock(mutex_);
  return stopAfterEpoch_;
}

void TrainControl::change(const RateChange& change) {
  std::lock_guard lock(mutex_);
  change_ = change;
}

std::optional<RateChange> TrainControl::takeChange() {
  std::lock_guard lock(mutex_);
  return std::exchange(change_, std::nullopt);
}

void TrainControl::waitWhilePaused() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop_.get_token(), [this] { return !paused_ || freesDevice_; });
}

void TrainControl::keepDevice() {
  std::lock_guard lock(mutex_);
  freesDevice_ = false;
}

void TrainControl::waitWithoutDevice() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop_.get_token(), [this] { return !paused_; });
}

bool TrainControl::stillPausedAfter(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop_.get_token(), most, [this] { return !paused_; });
  return paused_ && !stop_.stop_requested();
}

}  // namespace panicle
