#include "core/eval/outputs.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace panicle {
namespace {

// The first column of a target.
std::size_t firstColumn(std::span<const Target> targets, std::size_t target) {
  return outputCount(targets.first(target));
}

}  // namespace

std::size_t outputCount(std::span<const Target> targets) {
  return std::accumulate(targets.begin(), targets.end(), std::size_t{0},
                         [](std::size_t sum, const Target& target) { return sum + target.outputs(); });
}

std::vector<Target> withoutValues(std::vector<Target> targets) {
  for (Target& target : targets) target.values.clear();
  return targets;
}

int classOf(const Target& target, std::uint32_t item) {
  if (target.isNumber() || target.values.empty() || std::isnan(target.values[item])) return -1;
  return static_cast<int>(target.values[item]);
}

Predictions classPredictions(const Outputs& outputs, std::span<const Target> targets, std::size_t target,
                             const std::vector<Item>& list) {
  const std::size_t first = firstColumn(targets, target);
  const std::size_t images = outputs.items.size();
  Predictions predictions{.vocab = targets[target].vocab};
  predictions.ids.reserve(images);
  predictions.paths.reserve(images);
  predictions.probabilities.reserve(images * predictions.vocab.size());
  predictions.targets.reserve(images);
  predictions.losses.reserve(images);
  for (std::size_t i = 0; i < images; ++i) {
    const Item& item = list[outputs.items[i]];
    const auto row = outputs.row(i).subspan(first, predictions.vocab.size());
    predictions.ids.push_back(item.id);
    predictions.paths.push_back(item.path);
    predictions.probabilities.insert(predictions.probabilities.end(), row.begin(), row.end());
    predictions.targets.push_back(classOf(targets[target], outputs.items[i]));
    predictions.losses.push_back(outputs.losses[i * targets.size() + target]);
  }
  return predictions;
}

NumberPredictions numberPredictions(const Outputs& outputs, std::span<const Target> targets,
                                    std::size_t target, const std::vector<Item>& list) {
  const std::size_t column = firstColumn(targets, target);
  const std::vector<float>& truths = targets[target].values;
  NumberPredictions predictions{.name = targets[target].name};
  for (std::size_t i = 0; i < outputs.items.size(); ++i) {
    const Item& item = list[outputs.items[i]];
    predictions.ids.push_back(item.id);
    predictions.paths.push_back(item.path);
    predictions.values.push_back(outputs.row(i)[column]);
    predictions.truths.push_back(truths.empty() ? std::numeric_limits<float>::quiet_NaN()
                                                : truths[outputs.items[i]]);
  }
  return predictions;
}

void writeOutputs(const std::filesystem::path& folder, const std::string& stem, const Outputs& outputs,
                  std::span<const Target> targets, const std::vector<Item>& list) {
  // The label goes last: who finds its predictions finds those of all targets.
  for (std::size_t t = targets.size(); t-- > 0;) {
    const std::string name = t == 0 ? stem : targetStem(stem, targets[t].name);
    if (targets[t].isNumber()) {
      writeNumberPredictions(folder, name, numberPredictions(outputs, targets, t, list));
    } else {
      writePredictions(folder, name, classPredictions(outputs, targets, t, list));
    }
  }
}

}  // namespace panicle
