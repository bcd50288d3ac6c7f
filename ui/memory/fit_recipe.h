// A cell of the fit table put into the recipe.
#pragma once

#include <QString>

#include "core/runs/fit_table.h"

namespace panicle::ui {

// Architecture, the first stage's size, its batch and accum. A weight file that was named for another
// architecture gives way to those that are found.
RunSpec withCell(RunSpec spec, const FitCell& cell);

// Whether the recipe is what the cell says.
bool isOfRecipe(const RunSpec& spec, const FitCell& cell);

// "Use convnext_small_in22k at 128, 64 × 1", the undo step.
QString cellWords(const FitCell& cell);

}  // namespace panicle::ui
