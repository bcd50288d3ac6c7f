#include "ui/shared/memory_sampler.h"

#include <QMetaObject>
#include <chrono>
#include <exception>
#include <utility>

#include "core/base/log.h"

namespace panicle::ui {

MemorySampler::MemorySampler(QObject* parent) : QObject(parent) {}

MemorySampler::~MemorySampler() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void MemorySampler::start() {
  if (thread_.joinable()) return;
  thread_ = std::jthread([this](std::stop_token stop) { work(std::move(stop)); });
}

void MemorySampler::listProcesses(bool on) {
  listing_ = on;
}

void MemorySampler::sample(MemoryMeter& meter, bool list) {
  const MemoryReading reading = meter.read();
  QMetaObject::invokeMethod(this, [this, reading] { Q_EMIT sampled(reading); }, Qt::QueuedConnection);
  if (!list) return;
  QMetaObject::invokeMethod(
      this, [this, processes = meter.processes(kProcesses)] { Q_EMIT listed(processes); },
      Qt::QueuedConnection);
}

void MemorySampler::work(std::stop_token stop) {
  try {
    MemoryMeter meter;
    int unlisted = kPerSecond;  // samples since the processes were listed
    while (!stop.stop_requested()) {
      const bool list = listing_ && ++unlisted >= kPerSecond;
      if (list) unlisted = 0;
      sample(meter, list);
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, std::chrono::milliseconds(1000 / kPerSecond), [] { return false; });
    }
  } catch (const std::exception& error) {
    // The meter is a convenience: without it the window works on.
    spdlog::warn("The memory meter stopped: {}", error.what());
  }
}

}  // namespace panicle::ui
