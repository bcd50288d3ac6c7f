// The recipes that ship with Panicle: resources/recipes/*.json, part of the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle {

struct Recipe {
  std::string name;             // "first-baseline": the file's name without its number and .json
  std::string title;            // "First baseline"
  std::string purpose;          // what it is for, one or two sentences
  std::vector<RunSpec> runs;    // one, or the members of a sweep or an ensemble, each with a name of its own
  std::vector<double> weights;  // of an ensemble: how much the predictions of each run count; else empty
};

// In the order of the files' numbers.
const std::vector<Recipe>& recipes();
// Throws Error naming the nearest one.
const Recipe& recipe(std::string_view name);

// The document of a recipe: "title", "purpose", "run" (a RunSpec, absent keys at their defaults), and for several runs "members", each an object
// of dotted keys that change `run`, and "weights". Throws Error listing all problems; `source` names where the text came from.
Recipe recipeFromText(const std::string& name, std::string_view text, const std::string& source);

// `run` of a recipe on one's own data: what the recipe says, and the default where it says nothing, with the data set (folder, table, columns, photos,
// subset), device, threads, cache and seed of `mine`. What the recipe itself says about data is taken over, its label columns but for the first, which
// is the label wherever it is: so a recipe with one label column learns that alone. Of the split, a column of `mine` that marks the validation photos
// belongs to the data set and stays unless the recipe splits in its own way; a random split is the recipe's, seed and all.
RunSpec onMyData(const RunSpec& run, const RunSpec& mine);

}  // namespace panicle
