// An architecture in words, and the size that it gets of a recipe.
#pragma once

#include <QString>
#include <vector>

#include "core/models/architecture.h"
#include "core/runs/run_spec.h"

namespace panicle::ui {

// The sides up to `most` pixels that images may have.
std::vector<int> takenSides(const Architecture& architecture, int most);
// "from 32 on", "steps of 16", "224, 448 …".
QString sidesWords(const Architecture& architecture);

// What the network gets in `stage`: the final size of the batch transform, else the size of the item
// transform.
Size networkSize(const StageOptions& stage);
void setNetworkSize(StageOptions& stage, Size size);

// The architecture of the recipe, by any of its names; null when it is not known.
const Architecture* recipeArchitecture(const ModelOptions& model);

// "224×224" as the field writes it: height times width.
QString pixelWords(Size size);
// Millions with three figures: "66.3", "0.412".
QString millions(std::int64_t count);
// Billions likewise.
QString billions(std::int64_t count);

}  // namespace panicle::ui
