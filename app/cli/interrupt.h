// Ctrl+C while something takes long: the first one stops it in good order, with everything kept; the second
// ends at once.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "core/train/control.h"

namespace panicle::cli {

// While it lives, SIGINT and SIGTERM are taken by a thread of its own, where more is allowed than in a signal
// handler. Make it before other threads: they inherit that these signals are blocked.
class InterruptWatch {
 public:
  // `stop` is called for the first signal, from the watch's thread, after `message` was logged.
  InterruptWatch(std::string message, std::function<void()> stop);
  // Of a run: SIGUSR1 pauses it and frees its device, SIGUSR2 lets it go on.
  explicit InterruptWatch(TrainControl& control);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

 private:
  using Actions = std::map<int, std::function<void()>>;  // by signal, beside SIGINT and SIGTERM
  InterruptWatch(std::string message, std::function<void()> stop, Actions actions);

  sigset_t before_{};
  std::jthread thread_;
};

}  // namespace panicle::cli
