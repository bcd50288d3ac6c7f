// The transforms of well-known recipes, each as it was used there.
#pragma once

#include <QString>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle::ui {

struct TransformPreset {
  QString name;  // "squish 480 → 224"
  QString help;  // where it comes from and what it is for
  ResizeOptions resize;
  AugOptions augment;
};

const std::vector<TransformPreset>& transformPresets();

// The preset that `stage` is, or -1.
int presetOf(const StageOptions& stage);

}  // namespace panicle::ui
