// How sure a share is that was counted.
#pragma once

#include <cstdint>

namespace panicle {

struct Interval {
  double low = 0;
  double high = 0;
};

// Wilson's score interval (Wilson 1927, "Probable inference, the law of succession, and statistical inference") of a share that was seen as
// `successes` of `trials`: it stays within 0 and 1, and holds its level also for few trials. 0 to 1 without trials.
Interval wilson(std::uint64_t successes, std::uint64_t trials, double confidence = 0.95);

// The value below which a standard normal lies with `probability`, between 0 and 1.
double normalQuantile(double probability);

}  // namespace panicle
