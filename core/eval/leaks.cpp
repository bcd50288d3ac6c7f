#include "core/eval/leaks.h"

#include <limits>
#include <string_view>
#include <unordered_set>

namespace panicle {
namespace {

using Ids = std::unordered_set<std::string_view>;

Ids idsOf(const std::vector<std::string>& leaked) {
  return {leaked.begin(), leaked.end()};
}

void count(ErrorCount& counts, bool wrong) {
  ++counts.images;
  if (wrong) ++counts.wrong;
}

}  // namespace

double ErrorCount::rate() const {
  return images == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(wrong) / static_cast<double>(images);
}

LeakReport withoutLeaks(const Predictions& predictions, const std::vector<std::string>& leaked) {
  const Ids ids = idsOf(leaked);
  LeakReport report;
  for (std::size_t row = 0; row < predictions.size(); ++row) {
    if (predictions.targets[row] < 0) continue;
    const bool wrong = predictions.predicted(row) != predictions.targets[row];
    count(report.all, wrong);
    count(ids.contains(predictions.ids[row]) ? report.leaked : report.without, wrong);
  }
  report.range = wilson(report.without.wrong, report.without.images);
  return report;
}

Predictions leaveOut(const Predictions& predictions, const std::vector<std::string>& leaked) {
  const Ids ids = idsOf(leaked);
  Predictions kept{.vocab = predictions.vocab};
  for (std::size_t row = 0; row < predictions.size(); ++row) {
    if (ids.contains(predictions.ids[row])) continue;
    kept.ids.push_back(predictions.ids[row]);
    kept.paths.push_back(predictions.paths[row]);
    const auto probabilities = predictions.row(row);
    kept.probabilities.insert(kept.probabilities.end(), probabilities.begin(), probabilities.end());
    kept.targets.push_back(predictions.targets[row]);
    kept.losses.push_back(predictions.losses[row]);
  }
  return kept;
}

}  // namespace panicle
