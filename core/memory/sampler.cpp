#include "core/memory/sampler.h"

#include <chrono>
#include <exception>
#include <utility>

#include "core/base/log.h"

namespace panicle {

MemorySampler::MemorySampler(std::function<void()> take)
    : take_(std::move(take)), thread_([this](const std::stop_token& stop) { work(stop); }) {}

MemorySampler::~MemorySampler() = default;

void MemorySampler::work(const std::stop_token& stop) {
  try {
    while (!stop.stop_requested()) {
      take_();
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, std::chrono::milliseconds(1000 / kPerSecond), [] { return false; });
    }
  } catch (const std::exception& error) {
    spdlog::warn("The memory meter stopped: {}", error.what());
  }
}

}  // namespace panicle
