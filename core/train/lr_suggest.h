// Learning rates suggested by the curve of a sweep. Source: fastai.callback.schedule (valley, slide, minimum, steep), to the bit where the
// inputs are float32 as fastai's are.
#pragma once

#include <optional>
#include <vector>

namespace panicle {

// Absent where the curve has too few points for the rule (fastai raises an exception there).
struct LrSuggestions {
  std::optional<double> valley, slide, minimum, steep;
};

// `lrs` and `losses` (smoothed) of all batches of a sweep, the one that stopped it included; as fastai, the first num_it / 10 points and the last 5 are
// not looked at, and what follows the first not-a-number neither.
LrSuggestions suggestRates(const std::vector<double>& lrs, const std::vector<double>& losses, int num_it);

// The rules on the points that they are given, as fastai's functions take them.
std::optional<double> valley(const std::vector<float>& lrs, const std::vector<float>& losses);
std::optional<double> slide(const std::vector<float>& lrs, const std::vector<float>& losses);
std::optional<double> minimum(const std::vector<float>& lrs, const std::vector<float>& losses);
std::optional<double> steep(const std::vector<float>& lrs, const std::vector<float>& losses);

}  // namespace panicle
