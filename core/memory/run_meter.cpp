#include "core/memory/run_meter.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "core/memory/sampler.h"

namespace panicle {
namespace {

using Clock = std::chrono::steady_clock;

// Of a batch that takes longer than these need to come in, some are left out; their peak counts all the same.
constexpr std::size_t kMostWaiting = 1024;

void raise(MemoryPeak& peak, const MemoryPeak& other) {
  peak.tensors = std::max(peak.tensors, other.tensors);
  peak.reserved = std::max(peak.reserved, other.reserved);
  peak.process = std::max(peak.process, other.process);
  peak.others = std::max(peak.others, other.others);
}

}  // namespace

struct RunMeter::Impl {
  Impl(MeterOf of, const TensorTracking& tracking) : tracking(tracking), meter(of) { restart(); }

  // With the tensors of this run where they can be told from others.
  MemoryReading read() {
    MemoryReading reading = meter.read();
    if (reading.cuda) return reading;
    reading.tensors = reading.reserved = tracking.live();
    reading.tensors_peak = reading.reserved_peak = tracking.peak();
    return reading;
  }

  void restart() {
    meter.resetPeaks();
    tracking.resetPeak();
  }

  void fold(const MemoryReading& reading) {
    raise(stretch, {reading.tensors_peak, reading.reserved_peak, reading.process_peak, reading.used_by_others});
  }

  // What was measured since the last call.
  MemoryPeak close() {
    const std::lock_guard lock(mutex);
    fold(read());
    const MemoryPeak closed = std::exchange(stretch, {});
    raise(total, closed);
    restart();
    return closed;
  }

  void sample();

  const TensorTracking& tracking;
  MemoryMeter meter;
  const Clock::time_point begin = Clock::now();
  std::mutex mutex;
  MemoryPeak stretch, total, outside;
  std::vector<MemorySampled> waiting;
  std::uint64_t step = 0;
  std::optional<int> stage;
  std::optional<MemorySampler> sampler;  // last: its thread uses the rest
};

void RunMeter::Impl::sample() {
  const std::lock_guard lock(mutex);
  const MemoryReading reading = read();
  fold(reading);
  if (waiting.size() == kMostWaiting) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  waiting.push_back({seconds, reading.tensors, std::max(total.tensors, stretch.tensors), step, reading.reserved,
                     reading.used_by_process, reading.used_by_others});
}

RunMeter::RunMeter(MeterOf of, const TensorTracking& tracking) : impl_(std::make_unique<Impl>(of, tracking)) {
  impl_->sampler.emplace([impl = impl_.get()] { impl->sample(); });
}

RunMeter::~RunMeter() = default;

void RunMeter::enter(int stage) {
  raise(impl_->outside, impl_->close());
  impl_->stage = stage;
}

bool RunMeter::inStage() const {
  return impl_->stage.has_value();
}

MemoryMeasured RunMeter::leave(bool whole) {
  return {std::exchange(impl_->stage, std::nullopt).value_or(kOutsideStages), whole, impl_->close()};
}

MemoryMeasured RunMeter::outside() {
  raise(impl_->outside, impl_->close());
  return {kOutsideStages, false, impl_->outside};
}

void RunMeter::setStep(std::uint64_t step) {
  const std::lock_guard lock(impl_->mutex);
  impl_->step = step;
}

std::vector<MemorySampled> RunMeter::take() {
  const std::lock_guard lock(impl_->mutex);
  return std::exchange(impl_->waiting, {});
}

MemoryReading RunMeter::read() {
  return impl_->read();
}

MemoryPeak RunMeter::peak() const {
  const std::lock_guard lock(impl_->mutex);
  impl_->fold(impl_->read());  // what came since the last sample
  MemoryPeak peak = impl_->total;
  raise(peak, impl_->stretch);
  return peak;
}

}  // namespace panicle
