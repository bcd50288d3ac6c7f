#include "ui/shared/memory_sampler.h"

#include <QMetaObject>

namespace panicle::ui {

MemorySampler::MemorySampler(QObject* parent) : QObject(parent) {}

void MemorySampler::start() {
  if (!sampler_) sampler_.emplace([this] { sample(); });
}

void MemorySampler::listProcesses(bool on) {
  listing_ = on;
}

void MemorySampler::sample() {
  if (!meter_) meter_.emplace();  // opening the driver's library takes a while: not on the window's thread
  const MemoryReading reading = meter_->read();
  QMetaObject::invokeMethod(this, [this, reading] { Q_EMIT sampled(reading); }, Qt::QueuedConnection);
  if (!listing_) {
    unlisted_ = 0;
    return;
  }
  if (unlisted_++ % panicle::MemorySampler::kPerSecond > 0) return;
  QMetaObject::invokeMethod(
      this, [this, processes = meter_->processes(kProcesses)] { Q_EMIT listed(processes); },
      Qt::QueuedConnection);
}

}  // namespace panicle::ui
