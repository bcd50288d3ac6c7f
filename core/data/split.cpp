#include "core/data/split.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/fields.h"
#include "core/data/grouped_split.h"

namespace panicle {
namespace {

bool isOneOf(std::string text, std::initializer_list<std::string_view> words) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool isValidation(const std::string& value, const Item& item, const std::string& column) {
  if (isOneOf(value, {"true", "1", "yes", "1.0"})) return true;
  if (isOneOf(value, {"false", "0", "no", "0.0", ""})) return false;
  throw Error("column '" + column + "' says '" + value + "' for " + item.id +
              "; it must be true, 1 or yes for validation and false, 0, no or empty for training");
}

Split columnSplit(const Dataset& dataset, const std::string& name) {
  const auto column = dataset.column(name);
  if (!column) {
    const std::string near = nearestName(name, dataset.column_names);
    throw Error(dataset.root.string() + ": there is no column '" + name + "' to split by" +
                (near.empty() ? std::string("; choose a random split") : "; did you mean '" + near + "'?"));
  }
  Split split;
  for (std::uint32_t i = 0; i < dataset.items.size(); ++i) {
    const bool valid = isValidation(dataset.columns[*column][i], dataset.items[i], name);
    (valid ? split.valid : split.train).push_back(i);
  }
  return split;
}

// Those that change sides come last on the other, in the order of the items.
void applySides(Split& split, const std::vector<Side>& sides) {
  if (sides.empty()) return;
  const auto leave = [&](std::vector<std::uint32_t>& list, Side wrong) {
    std::vector<std::uint32_t> left;
    std::erase_if(list, [&](std::uint32_t i) {
      if (sides[i] == wrong) left.push_back(i);
      return sides[i] == wrong;
    });
    std::sort(left.begin(), left.end());
    return left;
  };
  const std::vector<std::uint32_t> toValid = leave(split.train, Side::Valid);
  const std::vector<std::uint32_t> toTrain = leave(split.valid, Side::Train);
  split.valid.insert(split.valid.end(), toValid.begin(), toValid.end());
  split.train.insert(split.train.end(), toTrain.begin(), toTrain.end());
}

}  // namespace

Split randomSplit(std::size_t count, double valid_pct, std::uint64_t seed) {
  if (!(valid_pct >= 0.0 && valid_pct <= 1.0)) throw Error("valid_pct must lie between 0 and 1");
  // torch's generator keeps the low 32 bits of the seed, and its randperm takes one 32-bit draw an element.
  std::mt19937 generator(static_cast<std::uint32_t>(seed));
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = 0; i + 1 < count; ++i) std::swap(order[i], order[i + generator() % (count - i)]);
  const auto valid = static_cast<std::ptrdiff_t>(valid_pct * static_cast<double>(count));
  return {.train = {order.begin() + valid, order.end()}, .valid = {order.begin(), order.begin() + valid}};
}

Split splitByNumbers(const Dataset& dataset, const std::vector<std::uint32_t>& groups, const SplitOptions& options) {
  std::vector<int> classes;
  classes.reserve(dataset.items.size());
  for (const Item& item : dataset.items) classes.push_back(item.target);
  return groupedSplit(groups, classes, options.valid_pct, options.seed, dataset.sides);
}

Split splitDataset(const Dataset& dataset, const SplitOptions& options) {
  Split split;
  switch (options.kind) {
    case SplitKind::Random:
      split = randomSplit(dataset.items.size(), options.valid_pct, options.seed);
      break;
    case SplitKind::Column:
      split = columnSplit(dataset, options.column);
      break;
    case SplitKind::Grouped:
      split = splitByNumbers(dataset, itemGroups(dataset, options), options);
      break;
    case SplitKind::None:
      split.train.resize(dataset.items.size());
      std::iota(split.train.begin(), split.train.end(), 0u);
      break;
  }
  if (options.kind != SplitKind::None) applySides(split, dataset.sides);
  if (split.train.empty()) {
    throw Error("the split leaves no image to train on: of " + std::to_string(dataset.items.size()) +
                " images all are validation");
  }
  return split;
}

}  // namespace panicle
