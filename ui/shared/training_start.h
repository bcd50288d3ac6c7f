// What a run of the recipe would start from, in words: beside Start and in the strip.
#pragma once

#include <QString>

#include "core/models/model_options.h"

namespace panicle::ui {

class WeightStates;

struct TrainingStart {
  enum class Kind {
    Unknown,  // not looked for yet, or the architecture is not known
    Weights,
    Scratch,
  };
  Kind kind = Kind::Unknown;
  bool wanted = false;  // Scratch, because the recipe says so
  QString brief;        // "weights found", "from scratch", the name of a file; "" while Unknown
  QString
      sentence;  // "Training will start from scratch: no weights for resnet18 were found on this machine."
};

TrainingStart trainingStart(const ModelOptions& model, WeightStates& weights);

}  // namespace panicle::ui
