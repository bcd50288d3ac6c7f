#include "app/cli/interrupt.h"

#include <unistd.h>

#include <ctime>

#include "core/base/log.h"

namespace panicle::cli {
namespace {

constexpr int kInterruptedStatus = 130;  // 128 + SIGINT, as shells report it

void watch(const std::stop_token& ended, const sigset_t& signals, const std::string& message, const std::function<void()>& stop,
           const std::map<int, std::function<void()>>& actions) {
  bool asked = false;
  const timespec pause{0, 100'000'000};
  while (!ended.stop_requested()) {
    const int signal = ::sigtimedwait(&signals, nullptr, &pause);
    if (signal < 0) continue;
    if (const auto action = actions.find(signal); action != actions.end()) {
      action->second();
      continue;
    }
    if (asked) ::_exit(kInterruptedStatus);
    asked = true;
    spdlog::warn("{}; press Ctrl+C again to end at once", message);
    stop();
  }
}

}  // namespace

InterruptWatch::InterruptWatch(std::string message, std::function<void()> stop) : InterruptWatch(std::move(message), std::move(stop), {}) {}

InterruptWatch::InterruptWatch(std::string message, std::function<void()> stop, Actions actions) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  for (const auto& [signal, action] : actions) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  thread_ = std::jthread([signals, message = std::move(message), stop = std::move(stop), actions = std::move(actions)](
                             const std::stop_token& ended) { watch(ended, signals, message, stop, actions); });
}

InterruptWatch::InterruptWatch(TrainControl& control)
    : InterruptWatch("stopping after this batch and keeping what there is", [&control] { control.stopNow(); },
                     {{SIGUSR1, [&control] { control.pauseAndFreeDevice(); }}, {SIGUSR2, [&control] { control.resume(); }}}) {}

InterruptWatch::~InterruptWatch() {
  thread_.request_stop();
  thread_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace panicle::cli
