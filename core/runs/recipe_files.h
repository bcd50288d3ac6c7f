// The texts of resources/recipes/*.json. The build writes their definition: cmake/PanicleRecipes.cmake.
#pragma once

#include <span>

namespace panicle {

struct RecipeFile {
  const char* name;  // "1-first-baseline"
  const char* text;
};

std::span<const RecipeFile> recipeFiles();

}  // namespace panicle
