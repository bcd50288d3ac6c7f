// Reads the memory meter four times a second on a thread of its own, and lists the processes that hold memory
// once a second while somebody looks at them.
#pragma once

#include <QObject>
#include <atomic>
#include <optional>
#include <vector>

#include "core/memory/meter.h"
#include "core/memory/sampler.h"

namespace panicle::ui {

class MemorySampler : public QObject {
  Q_OBJECT
 public:
  static constexpr std::size_t kProcesses = 20;  // that are listed at most

  explicit MemorySampler(QObject* parent = nullptr);

  void start();  // does nothing when it runs already
  void listProcesses(bool on);

 Q_SIGNALS:
  // On the thread this object lives on.
  void sampled(const panicle::MemoryReading& reading);
  void listed(const std::vector<panicle::ProcessMemory>& processes);

 private:
  void sample();  // on the sampler's thread

  std::atomic<bool> listing_ = false;
  std::optional<MemoryMeter> meter_;
  int unlisted_ = 0;  // samples since the processes were listed
  std::optional<panicle::MemorySampler> sampler_;  // last: its thread uses the rest
};

}  // namespace panicle::ui
