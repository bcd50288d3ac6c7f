// Reads the memory meter four times a second on a thread of its own, and lists the processes that hold memory
// once a second while somebody looks at them.
#pragma once

#include <QObject>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/memory/meter.h"

namespace panicle::ui {

class MemorySampler : public QObject {
  Q_OBJECT
 public:
  static constexpr int kPerSecond = 4;
  static constexpr std::size_t kProcesses = 20;  // that are listed at most

  explicit MemorySampler(QObject* parent = nullptr);
  ~MemorySampler() override;

  void start();  // does nothing when it runs already
  void listProcesses(bool on);

 Q_SIGNALS:
  // On the thread this object lives on.
  void sampled(const panicle::MemoryReading& reading);
  void listed(const std::vector<panicle::ProcessMemory>& processes);

 private:
  void work(std::stop_token stop);
  void sample(MemoryMeter& meter, bool list);

  std::atomic<bool> listing_ = false;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it is stopped and joined before the rest goes
};

}  // namespace panicle::ui
