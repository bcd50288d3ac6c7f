#include "ui/frame/memory_sampler.h"

#include <QMetaObject>
#include <chrono>
#include <exception>

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

void MemorySampler::work(std::stop_token stop) {
  try {
    MemoryMeter meter;
    while (!stop.stop_requested()) {
      const MemoryReading reading = meter.read();
      QMetaObject::invokeMethod(this, [this, reading] { Q_EMIT sampled(reading); }, Qt::QueuedConnection);
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, std::chrono::milliseconds(1000 / kPerSecond), [] { return false; });
    }
  } catch (const std::exception& error) {
    // The meter is a convenience: without it the window works on.
    spdlog::warn("The memory meter stopped: {}", error.what());
  }
}

}  // namespace panicle::ui
