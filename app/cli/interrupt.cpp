#include "app/cli/interrupt.h"

#include <unistd.h>

#include <ctime>

#include "core/base/log.h"

namespace panicle::cli {
namespace {

constexpr int kInterruptedStatus = 130;  // 128 + SIGINT, as shells report it

void watch(const std::stop_token& ended, const sigset_t& signals, const std::string& message,
           const std::function<void()>& stop) {
  bool asked = false;
  const timespec pause{0, 100'000'000};
  while (!ended.stop_requested()) {
    if (::sigtimedwait(&signals, nullptr, &pause) < 0) continue;
    if (asked) ::_exit(kInterruptedStatus);
    asked = true;
    spdlog::warn("{}; press Ctrl+C again to end at once", message);
    stop();
  }
}

}  // namespace

InterruptWatch::InterruptWatch(std::string message, std::function<void()> stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  thread_ = std::jthread([signals, message = std::move(message), stop = std::move(stop)](
                             const std::stop_token& ended) { watch(ended, signals, message, stop); });
}

InterruptWatch::InterruptWatch(TrainControl& control)
    : InterruptWatch("stopping after this batch and keeping what there is",
                     [&control] { control.stopNow(); }) {}

InterruptWatch::~InterruptWatch() {
  thread_.request_stop();
  thread_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace panicle::cli
