#include "app/cli/interrupt.h"

#include <unistd.h>

#include <ctime>

#include "core/base/log.h"

namespace panicle::cli {
namespace {

constexpr int kInterruptedStatus = 130;  // 128 + SIGINT, as shells report it

void watch(const std::stop_token& stop, const sigset_t& signals, TrainControl& control) {
  bool asked = false;
  const timespec pause{0, 100'000'000};
  while (!stop.stop_requested()) {
    if (::sigtimedwait(&signals, nullptr, &pause) < 0) continue;
    if (asked) ::_exit(kInterruptedStatus);
    asked = true;
    spdlog::warn("stopping after this batch and keeping what there is; press Ctrl+C again to end at once");
    control.stopNow();
  }
}

}  // namespace

InterruptWatch::InterruptWatch(TrainControl& control) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  thread_ = std::jthread([signals, &control](const std::stop_token& stop) { watch(stop, signals, control); });
}

InterruptWatch::~InterruptWatch() {
  thread_.request_stop();
  thread_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace panicle::cli
