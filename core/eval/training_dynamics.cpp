#include "core/eval/training_dynamics.h"

#include <cmath>
#include <numeric>

namespace panicle {
namespace {

double mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Dynamics dynamicsOf(const ImageHistory& history) {
  Dynamics dynamics;
  if (history.epochs() == 0) return dynamics;
  dynamics.mean_loss = mean(history.losses);
  dynamics.mean_probability = mean(history.probabilities);
  dynamics.area_under_margin = mean(history.margins);
  double squares = 0;
  for (const float p : history.probabilities) squares += (p - dynamics.mean_probability) * (p - dynamics.mean_probability);
  dynamics.variability = std::sqrt(squares / static_cast<double>(history.epochs()));
  bool was = false;
  for (std::size_t epoch = 0; epoch < history.epochs(); ++epoch) {
    const bool is = history.margins[epoch] > 0;
    if (was && !is) ++dynamics.forgotten;
    if (!is) dynamics.learnt = -1;
    if (is && !was) dynamics.learnt = static_cast<int>(epoch);
    was = is;
  }
  return dynamics;
}

}  // namespace panicle
