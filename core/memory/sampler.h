// Four times a second on a thread of its own: what the meter of a run (core/memory/run_meter.h) and that of the
// window are read by.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace panicle {

class MemorySampler {
 public:
  static constexpr int kPerSecond = 4;
  // `take` is called at once for the first time. Sampling is a convenience: what it throws ends the sampling, and
  // is logged.
  explicit MemorySampler(std::function<void()> take);
  // Waits for a call in work; there is none afterwards.
  ~MemorySampler();
  MemorySampler(const MemorySampler&) = delete;
  MemorySampler& operator=(const MemorySampler&) = delete;

 private:
  void work(const std::stop_token& stop);

  std::function<void()> take_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it is stopped and joined before the rest goes
};

}  // namespace panicle
