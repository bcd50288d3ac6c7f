// Test-time augmentation: several looks at each image, taken together. Source: fastai.learner.Learner.tta.
#pragma once

#include <span>
#include <vector>

#include "core/eval/outputs.h"
#include "core/eval/tta_options.h"

namespace panicle {

class TtaPasses {
 public:
  TtaPasses(const TtaOptions& options, std::span<const Target> targets);

  // A pass with the random transforms of training. Throws Error when it read other images than the passes
  // before.
  void add(const Outputs& pass);

  // The plain pass and the mean of the others: mean + beta * (plain - mean), or with use_max the highest of
  // all of them, class by class; numbers have no highest, they are averaged as without it. Losses are those
  // of the result. Throws as add(), and std::logic_error before the first pass.
  Outputs combine(const Outputs& plain) const;

 private:
  void requireSameItems(const Outputs& pass) const;

  TtaOptions options_;
  std::span<const Target> targets_;
  std::vector<bool> highest_;  // by column: its highest value counts, not its mean
  int passes_ = 0;
  Outputs sum_;  // or the highest; losses are not kept
};

}  // namespace panicle
