// The learning-rate sweep's options and points. Source: fastai.callback.schedule.LRFinder.
#pragma once

namespace panicle {

struct LrSweepOptions {
  double start_lr = 1e-7;
  double end_lr = 10;
  int num_it = 100;       // steps of the optimizer (Fidelity::Fastai: batches); below 6 counts as 6
  bool stop_div = true;   // ends when the smoothed loss is above 4 times its best
};

struct LrPoint {
  int iteration = 0;      // from 0
  double lr = 0;          // start_lr * (end_lr / start_lr) ^ (iteration / num_it), of all groups, frozen ones too
  double loss = 0;        // of the step
  double smooth_loss = 0;
};

}  // namespace panicle
