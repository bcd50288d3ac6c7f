#include "core/runs/disk_patience.h"

#include <algorithm>
#include <chrono>

#include "core/base/error.h"

namespace panicle {
namespace {

constexpr std::chrono::milliseconds kFirstWait{500}, kLongestWait{30'000};

}  // namespace

void DiskPatience::operator()(const std::function<void()>& work) {
  for (auto wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    try {
      work();
      break;
    } catch (const DiskFull& full) {
      if (control_.token().stop_requested()) throw;
      if (!waiting_) paused_ = control_.paused();
      if (!waiting_) tell_(std::string("paused, for the disk is full: ") + full.what() + ". Make space there; the run goes on by itself then");
      waiting_ = true;
      control_.pause();
      if (!control_.stillPausedAfter(wait)) paused_ = false;
      if (control_.token().stop_requested()) {
        waiting_ = false;
        throw;
      }
    } catch (...) {
      waiting_ = false;
      throw;
    }
  }
  if (!waiting_) return;
  waiting_ = false;
  if (!paused_) control_.resume();
  tell_(paused_ ? "the disk has space again" : "the disk has space again: the run goes on");
}

}  // namespace panicle
