# Puts the recipes into the program: writes a source file that defines recipeFiles() (core/runs/recipe_files.h).
function(panicle_embed_recipes output)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/resources/recipes/*.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(rows "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND rows "      {\"${name}\", R\"recipe(${text})recipe\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [[
#include "core/runs/recipe_files.h"

namespace panicle {

std::span<const RecipeFile> recipeFiles() {
  static constexpr RecipeFile files[] = {
@rows@  };
  return files;
}

}  // namespace panicle
]])
endfunction()
