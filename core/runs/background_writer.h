// Brings files to disk on a thread of its own, so that a training does not wait for it. Internal to core/runs.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace panicle {

// One work at a time, in the order of submit(). All functions are called by one thread, the owner's.
class BackgroundWriter {
 public:
  using Work = std::function<void()>;
  using Done = std::function<void(std::exception_ptr failure)>;  // null: it went well

  BackgroundWriter();
  ~BackgroundWriter();  // does what is left; nobody is told
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;

  // Returns at once. Work of the same `slot` that has not begun is dropped, and its `done` with it. `done` is called by report().
  void submit(std::string slot, Work work, Done done);
  bool idle() const;
  // Tells of what has ended since the last call, on the caller's thread.
  void report();
  // Waits for all work, and tells of it.
  void finish();

 private:
  struct Task {
    std::string slot;
    Work work;
    Done done;
    std::exception_ptr failure;
  };

  void run(const std::stop_token& stop);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Task> waiting_, ended_;
  bool working_ = false;
  std::jthread thread_;  // last: it ends before what it uses goes
};

}  // namespace panicle
