// models: the architectures there are.
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/models/model_options.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string workspace;
  bool json = false;
};

// Where weights "auto" finds them, or "".
std::string weightsFile(const std::string& workspace, const std::string& arch) {
  const auto file = std::filesystem::path(workspace) / "weights" / (arch + ".safetensors");
  return std::filesystem::is_regular_file(file) ? file.string() : std::string();
}

void printModels(const Arguments& arguments) {
  Json models = Json::array();
  TextTable table({"name", "parameters", "input size", "weights"}, Align::Left);
  for (const auto& architecture : architectures()) {
    const std::string weights = weightsFile(arguments.workspace, architecture.name);
    models.push_back({{"name", architecture.name},
                      {"family", architecture.family},
                      {"params", architecture.params},
                      {"input_size", {architecture.input_size.height, architecture.input_size.width}},
                      {"weights", weights.empty() ? Json(nullptr) : Json(weights)}});
    table.add({architecture.name, fmt::format("{:.1f} M", static_cast<double>(architecture.params) / 1e6),
               toString(architecture.input_size), weights.empty() ? "none" : weights});
  }
  if (arguments.json) {
    printJson(models);
  } else {
    table.print();
  }
}

}  // namespace

void addModelCommands(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command =
      program.add_subcommand("models", "List the architectures: parameters, input size, weights found");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer("Weights are looked for in WORKSPACE/weights/NAME.safetensors.");
  command->callback([arguments] { printModels(*arguments); });
}

}  // namespace panicle::cli
