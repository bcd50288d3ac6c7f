// A stage's transforms in a few words.
#pragma once

#include <QString>

#include "core/runs/run_spec.h"

namespace panicle::ui {

// "squish 480 → aug 224, min_scale 0.75"; "crop 224 → aug" where the batch transforms leave the size alone;
// "squish 480" without batch transforms; ", mixup 0.2" where photos are mixed.
QString transformWords(const StageOptions& stage);

}  // namespace panicle::ui
