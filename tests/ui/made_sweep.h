// A rate sweep without a network, for tests of the page that shows it.
#pragma once

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <string>

#include "core/base/error.h"
#include "core/runs/lr_find.h"

namespace panicle::ui {

// A sweep that goes on batch by batch as the test lets it, along a curve that falls and blows up.
struct MadeSweep {
  std::mutex mutex;
  std::condition_variable_any more;
  int allowed = 1000;  // batches
  std::string error;   // thrown at the first batch
  bool suggests = true;
  double minimum = 0.0145;
  std::atomic<int> started = 0;
  std::atomic<int> stage = -1;
  LrFindOptions options;

  void allow(int batches) {
    const std::scoped_lock lock(mutex);
    allowed = batches;
    more.notify_all();
  }

  LrSweep find(const RunSpec&, const LrFindOptions& wanted, TrainControl& control, const LrFindObserver& observer) {
    {
      const std::scoped_lock lock(mutex);
      options = wanted;
    }
    stage = wanted.stage;
    ++started;
    observer.phase("reading the data set");
    LrSweep sweep;
    for (int i = 0; i < wanted.sweep.num_it; ++i) {
      std::unique_lock lock(mutex);
      more.wait(lock, control.token(), [&] { return i < allowed; });
      if (control.token().stop_requested()) throw Cancelled();
      if (!error.empty()) throw Error(error);
      const double share = static_cast<double>(i) / wanted.sweep.num_it;
      const double lr = wanted.sweep.start_lr * std::pow(wanted.sweep.end_lr / wanted.sweep.start_lr, share);
      const double loss = 2 - 1.5 / (1 + std::exp(-20 * (share - 0.5))) + (share > 0.8 ? std::exp(40 * (share - 0.8)) : 0);
      const LrPoint point{.iteration = i, .lr = lr, .loss = loss * (i % 2 ? 1.1 : 0.9), .smooth_loss = loss};
      sweep.points.push_back(point);
      observer.point(point);
    }
    observer.warning("blast/001.jpg cannot be read: it is empty");
    if (suggests) sweep.suggestions = {.valley = 8.317637e-4, .slide = 0.0302, .minimum = minimum, .steep = 2.51e-4};
    sweep.frozen = "the body is frozen (11.2 of 11.7 million parameters); the head and the norm layers learn";
    sweep.start = "scratch: no weights";
    sweep.ended = "100 batches";
    return sweep;
  }
};

}  // namespace panicle::ui
