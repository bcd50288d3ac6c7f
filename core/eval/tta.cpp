#include "core/eval/tta.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/error.h"

namespace panicle {
namespace {

std::vector<bool> highestColumns(bool useMax, std::span<const Target> targets) {
  std::vector<bool> highest;
  for (const Target& target : targets)
    highest.insert(highest.end(), target.outputs(), useMax && !target.isNumber());
  return highest;
}

// Cross-entropy of the probabilities in `outputs`.
std::vector<float> lossesOf(const Outputs& outputs, std::span<const Target> targets) {
  std::vector<float> losses;
  losses.reserve(outputs.items.size() * targets.size());
  for (std::size_t i = 0; i < outputs.items.size(); ++i) {
    std::size_t first = 0;
    for (const Target& target : targets) {
      const int actual = classOf(target, outputs.items[i]);
      losses.push_back(actual < 0 ? 0.0f
                                  : -std::log(outputs.row(i)[first + static_cast<std::size_t>(actual)]));
      first += target.outputs();
    }
  }
  return losses;
}

}  // namespace

TtaPasses::TtaPasses(const TtaOptions& options, std::span<const Target> targets)
    : options_(options), targets_(targets), highest_(highestColumns(options.use_max, targets)) {}

void TtaPasses::requireSameItems(const Outputs& pass) const {
  if (pass.items == sum_.items) return;
  throw Error(
      "test-time augmentation read " + std::to_string(sum_.items.size()) + " images in one pass and " +
      std::to_string(pass.items.size()) +
      " in another; see that the data set's folder can be read and that nothing changes it meanwhile");
}

void TtaPasses::add(const Outputs& pass) {
  if (passes_++ == 0) {
    sum_ = {.items = pass.items, .values = pass.values, .losses = {}};
    return;
  }
  requireSameItems(pass);
  for (std::size_t i = 0; i < sum_.values.size(); ++i) {
    float& value = sum_.values[i];
    value = highest_[i % highest_.size()] ? std::max(value, pass.values[i]) : value + pass.values[i];
  }
}

Outputs TtaPasses::combine(const Outputs& plain) const {
  if (passes_ == 0) throw std::logic_error("test-time augmentation without a pass");
  requireSameItems(plain);
  Outputs result{.items = plain.items, .values = plain.values, .losses = {}};
  const auto passes = static_cast<float>(passes_);
  const auto beta = static_cast<float>(options_.beta);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    float& value = result.values[i];
    if (highest_[i % highest_.size()]) {
      value = std::max(value, sum_.values[i]);
    } else {
      const float mean = sum_.values[i] / passes;
      value = beta < 0.5f ? mean + beta * (value - mean)
                          : value - (value - mean) * (1 - beta);  // as torch.lerp rounds
    }
  }
  result.losses = lossesOf(result, targets_);
  return result;
}

}  // namespace panicle
