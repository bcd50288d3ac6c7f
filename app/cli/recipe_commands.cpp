// recipes: what ships with Panicle, and the runs of one recipe.
#include <spdlog/fmt/fmt.h>

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/runs/recipes.h"

namespace panicle::cli {
namespace {

Json recipeJson(const Recipe& recipe) {
  Json runs = Json::array();
  for (const RunSpec& run : recipe.runs) runs.push_back(run.name);
  Json json{{"name", recipe.name}, {"title", recipe.title}, {"purpose", recipe.purpose}, {"runs", runs}};
  if (!recipe.weights.empty()) json["weights"] = recipe.weights;
  return json;
}

void printOverview() {
  for (const Recipe& recipe : recipes()) {
    const std::string runs = recipe.runs.size() == 1 ? "" : fmt::format(" ({} runs)", recipe.runs.size());
    fmt::print("{}\n    {}{}. {}\n", recipe.name, recipe.title, runs, recipe.purpose);
  }
  fmt::print("\nTrain one: panicle-cli spec --recipe {} --set data.root=FOLDER > run.json && panicle-cli train run.json\n",
             recipes().front().name);
}

void printRuns(const Recipe& recipe) {
  fmt::print("{}. {}\n\n", recipe.title, recipe.purpose);
  std::vector<std::string> header{"member", "run"};
  if (!recipe.weights.empty()) header.emplace_back("weight");
  TextTable table(header, Align::Left);
  for (std::size_t i = 0; i < recipe.runs.size(); ++i) {
    std::vector<std::string> row{std::to_string(i + 1), recipe.runs[i].name};
    if (!recipe.weights.empty()) row.push_back(fmt::format("{}", recipe.weights[i]));
    table.add(row);
  }
  table.print();
}

}  // namespace

void addRecipeCommands(CLI::App& program) {
  struct Arguments {
    std::string name;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand("recipes", "List the recipes that come with Panicle, or the runs of one");
  command->add_option("name", arguments->name, "A recipe, to list its runs");
  addJson(*command, arguments->json);
  command->callback([arguments] {
    if (!arguments->name.empty()) {
      const Recipe& one = recipe(arguments->name);
      return arguments->json ? printJson(recipeJson(one)) : printRuns(one);
    }
    if (!arguments->json) return printOverview();
    Json all = Json::array();
    for (const Recipe& each : recipes()) all.push_back(recipeJson(each));
    printJson(all);
  });
}

RunSpec recipeRun(const std::string& name, std::optional<int> member) {
  const Recipe& chosen = recipe(name);
  const int runs = static_cast<int>(chosen.runs.size());
  if (!member && runs > 1) {
    fmt::print(stderr, "note: '{}' has {} runs, and this is the first; --member 1 to {} chooses another ('panicle-cli recipes {}' lists them)\n", name,
               runs, runs, name);
  }
  const int index = member.value_or(1);
  if (index < 1 || index > runs) {
    throw Error(fmt::format("recipe '{}' has {} {}, numbered from 1; --member {} is not one of them", name, runs,
                            runs == 1 ? "run" : "runs", index));
  }
  return chosen.runs[static_cast<std::size_t>(index - 1)];
}

}  // namespace panicle::cli
