// What a metric is worth when images that it is measured on, or twins of them, were trained on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/eval/interval.h"
#include "core/eval/predictions.h"

namespace panicle {

struct ErrorCount {
  std::size_t images = 0;  // labelled ones
  std::size_t wrong = 0;

  double rate() const;  // NaN without an image
};

struct LeakReport {
  ErrorCount all;
  ErrorCount leaked;   // those that have a twin among the training images
  ErrorCount without;  // the others
  Interval range;      // of the error rate without the leaked images: Wilson's 95 % interval
};

// `leaked`: image ids, in any order and any number; ids that are not among the predictions count for nothing.
LeakReport withoutLeaks(const Predictions& predictions, const std::vector<std::string>& leaked);

// The predictions of the images that are not leaked, in their order: for every other metric.
Predictions leaveOut(const Predictions& predictions, const std::vector<std::string>& leaked);

}  // namespace panicle
