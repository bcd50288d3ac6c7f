#include "app/cli/spec_argument.h"

#include <filesystem>
#include <iostream>
#include <iterator>

#include "app/cli/commands.h"

namespace panicle::cli {

void addSpecArgument(CLI::App& command, SpecArgument& argument) {
  command
      .add_option("SPEC", argument.file,
                  "The run's JSON document ('panicle-cli spec' prints one); - reads standard input")
      ->required();
  addSettings(command, argument.settings);
}

RunSpec readSpecArgument(const SpecArgument& argument) {
  RunSpec spec;
  if (argument.file == "-") {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    spec = specFromJson(parseJson(text, "standard input"), "standard input");
  } else {
    spec = readSpec(argument.file);
  }
  return settledSpec(std::move(spec), argument.settings);
}

RunSpec settledSpec(RunSpec spec, const std::vector<std::string>& settings) {
  applySettings(spec, settings);
  if (!spec.data.root.empty())
    spec.data.root = std::filesystem::absolute(spec.data.root).lexically_normal().string();
  throwProblems("the run cannot start:", check(spec));
  return spec;
}

}  // namespace panicle::cli
