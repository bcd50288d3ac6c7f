// Reads the memory meter four times a second on a thread of its own.
#pragma once

#include <QObject>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/memory/meter.h"

namespace panicle::ui {

class MemorySampler : public QObject {
  Q_OBJECT
 public:
  static constexpr int kPerSecond = 4;

  explicit MemorySampler(QObject* parent = nullptr);
  ~MemorySampler() override;

  void start();  // does nothing when it runs already

 Q_SIGNALS:
  void sampled(const panicle::MemoryReading& reading);  // on the thread this object lives on

 private:
  void work(std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it is stopped and joined before the rest goes
};

}  // namespace panicle::ui
