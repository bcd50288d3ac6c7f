// spec, and what all commands share: --set, --json, --workspace.
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/base/error.h"

namespace panicle::cli {
namespace {

// Every key with its default and the first sentence of its help, for `spec --help`.
std::string keyList() {
  std::string text = "Keys, defaults, and what they mean:";
  for (const auto& field : describe(RunSpec{})) {
    const std::string help = field.info.help;
    const std::string first = help.substr(0, help.find(". "));
    text += fmt::format("\n  {} = {}\n      {}", field.path, field.value.dump(), first);
    if (!first.empty() && !first.ends_with('.')) text += ".";
    for (const auto& choice : field.choices)
      text += (&choice == &field.choices.front() ? " One of " : ", ") + choice;
    if (!field.choices.empty()) text += ".";
  }
  return text;
}

}  // namespace

void addSettings(CLI::App& command, std::vector<std::string>& settings) {
  command
      .add_option(
          "--set", settings,
          "KEY=VALUE: change a field of the run, such as stages.0.schedule.epochs=10; may be repeated. "
          "'panicle-cli spec --help' lists the keys")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE")
      ->check([](const std::string& setting) {
        const auto equals = setting.find('=');
        return equals == std::string::npos || equals == 0 ? "write KEY=VALUE, not '" + setting + "'"
                                                          : std::string();
      });
}

void applySettings(RunSpec& spec, const std::vector<std::string>& settings) {
  for (const std::string_view setting : settings) {
    const auto equals = setting.find('=');
    setByPath(spec, setting.substr(0, equals), setting.substr(equals + 1));
  }
}

void addJson(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "Print the answer as JSON");
}

void addWorkspace(CLI::App& command, std::string& workspace) {
  workspace = defaultWorkspace().string();
  command
      .add_option("--workspace", workspace,
                  "Folder that holds the runs; PANICLE_WORKSPACE names another default")
      ->capture_default_str();
}

RunStore openWorkspace(const std::string& workspace) {
  if (!std::filesystem::exists(std::filesystem::path(workspace) / "panicle.db")) {
    throw Error(
        workspace +
        " holds no runs (there is no panicle.db); train one with 'panicle-cli train', or name the folder "
        "with --workspace");
  }
  return RunStore(workspace);
}

void addSpecCommand(CLI::App& program) {
  struct Arguments {
    std::string recipe;
    std::optional<int> member;
    std::vector<std::string> settings;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command =
      program.add_subcommand("spec", "Print the JSON document of a run: the defaults or a recipe, changed by --set");
  auto* recipe = command->add_option("--recipe", arguments->recipe, "Begin with this recipe; 'panicle-cli recipes' lists them");
  command->add_option("--member", arguments->member, "Which run of a recipe that has several, counted from 1")->needs(recipe);
  addSettings(*command, arguments->settings);
  addJson(*command, arguments->json);
  command->footer(keyList);
  command->callback([arguments] {
    RunSpec spec = arguments->recipe.empty() ? RunSpec{} : recipeRun(arguments->recipe, arguments->member);
    applySettings(spec, arguments->settings);
    printJson(specToJson(specFromJson(specToJson(spec), "the spec")));
  });
}

}  // namespace panicle::cli
