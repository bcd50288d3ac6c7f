#include "core/runs/recipes.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/runs/recipe_files.h"

namespace panicle {
namespace {

std::vector<RunSpec> readRuns(const Json& document, const std::string& source) {
  const Json run = document.value("run", Json::object());
  if (!document.contains("members")) return {specFromJson(run, source + ", run")};
  // Alone, what the members share need not be a run.
  RunSpec shared;
  std::vector<std::string> problems;
  fromJson(shared, run, "run", problems);
  throwProblems(source + " is not a recipe:", problems);
  std::vector<RunSpec> runs;
  for (const Json& member : document["members"]) {
    RunSpec changed = shared;
    for (const auto& [key, value] : member.items()) setByPath(changed, key, value);
    // Read again, so that what no single key shows is checked too.
    runs.push_back(specFromJson(specToJson(changed), source + ", member '" + changed.name + "'"));
  }
  return runs;
}

// What else has to hold of a recipe.
std::vector<std::string> problemsOf(const Recipe& recipe, const Json& document) {
  std::vector<std::string> problems;
  static const std::set<std::string> known{"title", "purpose", "run", "members", "weights"};
  for (const auto& [key, value] : document.items()) {
    if (!known.contains(key)) problems.push_back("unknown key '" + key + "'");
  }
  if (recipe.title.empty()) problems.emplace_back("title is empty");
  if (recipe.purpose.empty()) problems.emplace_back("purpose is empty; say in one or two sentences what the recipe is for");
  if (recipe.runs.empty()) problems.emplace_back("members is empty; leave it out for a single run");
  std::set<std::string> names;
  for (const RunSpec& run : recipe.runs) {
    if (run.name.empty()) problems.emplace_back("a run has no name");
    if (!names.insert(run.name).second) problems.push_back("two runs are named '" + run.name + "'");
  }
  if (!recipe.weights.empty() && recipe.weights.size() != recipe.runs.size()) {
    problems.push_back("weights must hold one number for each of the " + std::to_string(recipe.runs.size()) + " runs");
  }
  return problems;
}

// "1-first-baseline": the number only orders the files.
std::string withoutNumber(const std::string& file) {
  const std::size_t dash = file.find('-');
  const bool numbered = dash != std::string::npos && file.find_first_not_of("0123456789") == dash;
  return numbered ? file.substr(dash + 1) : file;
}

std::vector<Recipe> readAll() {
  std::vector<RecipeFile> files(recipeFiles().begin(), recipeFiles().end());
  const auto number = [](const RecipeFile& file) { return std::atoi(file.name); };
  std::sort(files.begin(), files.end(), [&](const RecipeFile& a, const RecipeFile& b) { return number(a) < number(b); });
  std::vector<Recipe> all;
  for (const RecipeFile& file : files) {
    all.push_back(recipeFromText(withoutNumber(file.name), file.text, std::string("resources/recipes/") + file.name + ".json"));
  }
  return all;
}

}  // namespace

Recipe recipeFromText(const std::string& name, std::string_view text, const std::string& source) {
  const Json document = parseJson(text, source);
  Recipe recipe;
  recipe.name = name;
  std::vector<std::string> problems;
  try {
    recipe.title = document.value("title", "");
    recipe.purpose = document.value("purpose", "");
    recipe.weights = document.value("weights", std::vector<double>{});
    recipe.runs = readRuns(document, source);
    problems = problemsOf(recipe, document);
  } catch (const Json::exception& error) {
    problems.push_back(std::string("a member is of the wrong kind: ") + error.what());
  }
  throwProblems(source + " is not a recipe:", problems);
  return recipe;
}

const std::vector<Recipe>& recipes() {
  static const std::vector<Recipe> all = readAll();
  return all;
}

const Recipe& recipe(std::string_view name) {
  std::vector<std::string> names;
  for (const Recipe& known : recipes()) {
    if (known.name == name) return known;
    names.push_back(known.name);
  }
  const std::string asked(name);
  const std::string near = nearestName(asked, names);
  throw Error("unknown recipe '" + asked + "'; " + (near.empty() ? "panicle-cli recipes lists them" : "did you mean '" + near + "'?"));
}

RunSpec onMyData(const RunSpec& run, const RunSpec& mine) {
  RunSpec result = run;
  result.seed = mine.seed;
  result.device = mine.device;
  result.threads = mine.threads;
  result.loader_threads = mine.loader_threads;
  result.cache = mine.cache;
  Json data = toJson(mine.data);
  const Json standard = toJson(DataOptions{});
  const Json own = toJson(run.data);
  for (const auto& [key, value] : own.items()) {
    if (value != standard[key]) data[key] = value;
  }
  // What an earlier recipe added to the label, or how it drew its split, is not asked for by this one.
  data["label_columns"] = run.data.label_columns;
  data["regression_columns"] = run.data.regression_columns;
  if (!mine.data.label_columns.empty()) data["label_columns"][0] = mine.data.label_columns.front();
  const bool ofTheData = mine.data.split.kind == SplitKind::Column || mine.data.split.kind == SplitKind::Grouped;
  if (!ofTheData) data["split"] = own["split"];
  std::vector<std::string> problems;
  result.data = DataOptions{};
  fromJson(result.data, data, "data", problems);
  throwProblems("the recipe does not fit this data:", problems);
  return result;
}

}  // namespace panicle
