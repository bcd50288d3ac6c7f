// A learning-rate sweep as a picture.
#pragma once

#include <string>

#include "core/base/image.h"
#include "core/runs/lr_find.h"

namespace panicle::cli {

// The smoothed loss over the rate, which has a logarithmic axis, and a labelled line for each suggestion. As
// fastai's plot it is scaled to all points but the last 5, where the loss runs away. `title` and the sweep's
// words stand above it; OpenCV's letters are ASCII. Throws Error for fewer than 2 points.
Image drawSweep(const LrSweep& sweep, const std::string& title);

}  // namespace panicle::cli
