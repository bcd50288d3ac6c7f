#include "ui/train/smoothing.h"

#include <cmath>
#include <limits>

namespace panicle::ui {

double MovingAverage::add(double value) {
  if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
  average_ = beta_ * average_ + (1 - beta_) * value;
  weight_ *= beta_;
  return average_ / (1 - weight_);
}

const std::vector<int>& smoothingWindows() {
  static const std::vector<int> windows{1, 2, 5, 10, 20, kFastaiWindow, 100, 200, 500, 1000, 2000, 5000};
  return windows;
}

}  // namespace panicle::ui
