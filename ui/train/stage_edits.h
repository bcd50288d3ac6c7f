// What can be done with a recipe's list of stages. Every function returns the changed recipe; `stage` counts from 0.
#pragma once

#include <QString>
#include <cstddef>

#include "core/runs/run_spec.h"

namespace panicle::ui {

// A further stage on the photos of the last one, with a schedule of its own to be set.
RunSpec withStageAdded(RunSpec spec);
RunSpec withStageDuplicated(RunSpec spec, std::size_t stage);  // the copy comes right after it
RunSpec withStageRemoved(RunSpec spec, std::size_t stage);     // but the last that is left
RunSpec withStageMoved(RunSpec spec, std::size_t stage, int by);  // -1: before the one that it follows

// "squish 560 → aug 448 · fit_one_cycle 5"
QString stageWords(const StageOptions& stage);

}  // namespace panicle::ui
