// Which fields of a recipe the form shows, and in which order.
#pragma once

#include <string>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle::ui {

std::vector<FieldDescription> shownFields(const RunSpec& spec);

// Where a field stands within its section: before the folds (0), or in one of them.
int placeOf(const std::string& path);

}  // namespace panicle::ui
