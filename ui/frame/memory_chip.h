// The chip beside Start: what the recipe would take of the memory here.
#pragma once

#include "ui/frame/recipe_words.h"

namespace panicle::ui {

class MemoryForecast;

ChipText memoryChip(const MemoryForecast& forecast);

}  // namespace panicle::ui
