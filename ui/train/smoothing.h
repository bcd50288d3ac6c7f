// Smoothing of a curve over its steps, always over every step: what is drawn does not depend on the zoom.
#pragma once

#include <vector>

namespace panicle::ui {

// fastai's AvgSmoothLoss smooths with beta .98, which weighs about the last 50 batches.
constexpr int kFastaiWindow = 50;

// A debiased exponential moving average: beta = 1 - 1 / window. Source: fastai.learner.AvgSmoothLoss, in double.
class MovingAverage {
 public:
  explicit MovingAverage(int window) : beta_(1 - 1.0 / window) {}

  // The average with `value`; a value that is not finite is left out and answered by NaN, a gap in the curve.
  double add(double value);

 private:
  double beta_;
  double weight_ = 1;  // beta to the power of the number of values
  double average_ = 0;
};

// The windows that can be chosen, from 1 (no smoothing) to 5,000.
const std::vector<int>& smoothingWindows();

}  // namespace panicle::ui
