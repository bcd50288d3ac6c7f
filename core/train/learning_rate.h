// A learning rate as fastai's fit functions take it, one for every parameter group.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fields.h"

namespace panicle {

// fastai's three ways (Learner.fit_one_cycle's lr_max; groups go from the first layers to the head):
//   0.003              the same for all groups
//   slice(0.003)       the last group has it, all others a tenth
//   slice(1e-6,1e-4)   from the first group to the last in equal ratios (fastai's even_mults)
// JSON holds a number, or one of the two texts.
struct LearningRate {
  double high = 3e-3;           // of the last group
  std::optional<double> low{};  // slice(low,high): of the first group
  bool slice = false;           // slice(high); of no meaning beside `low`

  // One rate a group; `groups` is at least 1.
  std::vector<double> of(std::size_t groups) const;
  std::string text() const;  // "0.003", "slice(0.003)", "slice(1e-06,0.0001)": what JSON and the form show

  friend bool operator==(const LearningRate& a, const LearningRate& b) {
    return a.high == b.high && a.low == b.low && (a.slice || a.low) == (b.slice || b.low);
  }
};

// fastai's even_mults(low, high, groups).
std::vector<double> evenMults(double low, double high, std::size_t groups);

// The field table's leaf (core/base/fields.h): a number, or a text of the forms above. The limits are info's.
Json leafToJson(const LearningRate& rate);
std::string leafFromJson(LearningRate& out, const Json& json, const FieldInfo& info);

}  // namespace panicle
