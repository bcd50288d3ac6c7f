#include "core/runs/background_writer.h"

#include <algorithm>
#include <utility>

#include "core/base/thread_name.h"
#include "core/base/thread_priority.h"

namespace panicle {
namespace {

constexpr int kNice = 5;  // the training comes first

}  // namespace

BackgroundWriter::BackgroundWriter() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

BackgroundWriter::~BackgroundWriter() = default;

void BackgroundWriter::submit(std::string slot, Work work, Done done) {
  std::vector<Task> dropped;  // what they hold goes outside the lock
  {
    const std::lock_guard lock(mutex_);
    const auto old = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Task& task) { return task.slot != slot; });
    std::move(old, waiting_.end(), std::back_inserter(dropped));
    waiting_.erase(old, waiting_.end());
    waiting_.push_back({std::move(slot), std::move(work), std::move(done), nullptr});
  }
  changed_.notify_all();
}

bool BackgroundWriter::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && !working_;
}

void BackgroundWriter::report() {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (ended_.empty()) return;
    const Task task = std::move(ended_.front());
    ended_.erase(ended_.begin());
    lock.unlock();
    task.done(task.failure);
  }
}

void BackgroundWriter::finish() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.empty() && !working_; });
  }
  report();
}

void BackgroundWriter::run(const std::stop_token& stop) {
  nameThread("writer");
  stepBack(kNice);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (waiting_.empty()) return;
    Task task = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    working_ = true;
    lock.unlock();
    try {
      task.work();
    } catch (...) {
      task.failure = std::current_exception();
    }
    task.work = nullptr;
    lock.lock();
    working_ = false;
    ended_.push_back(std::move(task));
    changed_.notify_all();
  }
}

}  // namespace panicle
