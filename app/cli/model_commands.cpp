// models, weights, download: the architectures there are, and the files that they start from.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/models/architecture.h"
#include "core/models/weight_search.h"

namespace panicle::cli {
namespace {

constexpr std::size_t kTensorsShown = 20;

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f}", static_cast<double>(bytes) / 1e6);
}

std::string millions(std::uint64_t count) {
  return fmt::format("{:.1f} M", static_cast<double>(count) / 1e6);
}

// ---- models

struct ModelsArguments {
  std::string filter, workspace;
  bool json = false;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool matches(const Architecture& architecture, const std::string& filter) {
  const std::string wanted = lower(filter);
  for (const std::string& text : {architecture.name, architecture.modern_name, architecture.family}) {
    if (lower(text).find(wanted) != std::string::npos) return true;
  }
  return false;
}

Json pretrainedJson(const Architecture& architecture) {
  Json list = Json::array();
  for (const Pretrained& weights : architecture.pretrained) {
    list.push_back({{"name", architecture.modern_name + "." + weights.tag},
                    {"classes", weights.classes},
                    {"hub_url", hubUrl(architecture, weights)},
                    {"original_url", weights.url.empty() ? Json(nullptr) : Json(weights.url)}});
  }
  return list;
}

Json modelJson(const Architecture& architecture, const std::optional<FoundWeights>& found) {
  return {{"name", architecture.name},
          {"modern_name", architecture.modern_name},
          {"family", architecture.family},
          {"params", architecture.params},
          {"features", architecture.features},
          {"input_size", {architecture.input_size.height, architecture.input_size.width}},
          {"multiply_adds", architecture.multiply_adds(architecture.input_size)},
          {"weights", found ? Json(found->file.string()) : Json(nullptr)},
          {"weights_place", found ? Json(toString(found->place)) : Json(nullptr)},
          {"pretrained", pretrainedJson(architecture)},
          {"finding", architecture.finding}};
}

void printModels(const ModelsArguments& arguments) {
  Json models = Json::array();
  TextTable table({"name", "family", "parameters", "input size", "GMACs", "weights"}, Align::Left);
  for (const Architecture& architecture : architectures()) {
    if (!matches(architecture, arguments.filter)) continue;
    const auto found = findWeights(architecture.name, arguments.workspace);
    models.push_back(modelJson(architecture, found));
    const auto operations = static_cast<double>(architecture.multiply_adds(architecture.input_size));
    table.add({architecture.name, architecture.family,
               millions(static_cast<std::uint64_t>(architecture.params)), toString(architecture.input_size),
               fmt::format("{:.2f}", operations / 1e9),
               found ? found->file.string() : "not here: panicle-cli download " + architecture.name});
  }
  if (models.empty()) throw Error("no architecture has '" + arguments.filter + "' in its name or family");
  if (arguments.json) {
    printJson(models);
  } else {
    table.print();
  }
}

void addModels(CLI::App& program) {
  auto arguments = std::make_shared<ModelsArguments>();
  auto* command =
      program.add_subcommand("models", "List the architectures: parameters, input size, weights found");
  command->add_option("filter", arguments->filter, "Only those with this in their name or family")
      ->type_name("TEXT");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer(
      "GMACs: thousand millions of multiplications, each with its addition, for one image of the input "
      "size.\n"
      "Weights are looked for in WORKSPACE/weights/NAME.safetensors (.pth, .pt, .bin, .npz), then in the torch "
      "hub cache and the\n"
      "Hugging Face hub cache, where fastai and timm leave them.");
  command->callback([arguments] { printModels(*arguments); });
}

// ---- weights

struct WeightsArguments {
  std::string file, workspace, arch;
  bool all = false, import = false, replace = false, json = false;
};

Json weightsJson(const WeightsArguments& arguments, const WeightFileFacts& facts,
                 const std::optional<std::filesystem::path>& imported) {
  Json list = Json::array();
  for (const auto& tensor : facts.list) {
    list.push_back({{"name", tensor.name},
                    {"dtype", tensor.dtype},
                    {"shape", tensor.shape},
                    {"timm_name", tensor.timm_name.empty() ? Json(nullptr) : Json(tensor.timm_name)}});
  }
  return {{"file", arguments.file},
          {"format", facts.format},
          {"layout", facts.layout},
          {"bytes", facts.bytes},
          {"parameters", facts.parameters},
          {"arch", facts.arch.empty() ? Json(nullptr) : Json(facts.arch)},
          {"classes", facts.classes},
          {"nearest", facts.nearest},
          {"imported", imported ? Json(imported->string()) : Json(nullptr)},
          {"tensors", std::move(list)}};
}

void printTensors(const WeightFileFacts& facts, bool all) {
  TextTable table({"name", "shape", "type", "in timm 0.6"}, Align::Left);
  const std::size_t shown = all ? facts.list.size() : std::min(facts.list.size(), kTensorsShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& tensor = facts.list[i];
    const std::string timm = tensor.timm_name == tensor.name ? "the same" : tensor.timm_name;
    table.add({tensor.name, shapeText(tensor.shape), tensor.dtype, timm.empty() ? "-" : timm});
  }
  table.print();
  if (shown < facts.list.size())
    fmt::print("and {} more (--all lists them)\n", grouped(facts.list.size() - shown));
}

void printFacts(const WeightFileFacts& facts) {
  fmt::print("format:        {}, {} MB\n", facts.format, megabytes(facts.bytes));
  fmt::print("layout:        {}\n", facts.layout);
  fmt::print("tensors:       {}, with {} parameters\n", grouped(facts.tensors), millions(facts.parameters));
  fmt::print("architecture:  {}\n", facts.arch.empty() ? "none that Panicle knows" : facts.arch);
  for (const std::string& sentence : facts.nearest) fmt::print("               {}\n", sentence);
  fmt::print("classifier:    {}\n\n", facts.classes == 0 ? "none" : fmt::format("{} classes", facts.classes));
}

std::filesystem::path importFile(const WeightsArguments& arguments) {
  std::stop_source source;
  const InterruptWatch watch("stopping; nothing is imported", [source]() mutable { source.request_stop(); });
  ProgressLine line;
  return importWeights(arguments.file, arguments.workspace, arguments.arch, arguments.replace,
                       source.get_token(), [&](std::uint64_t done, std::uint64_t total) {
                         line.show(fmt::format("importing: {} of {} MB", megabytes(done), megabytes(total)));
                       });
}

void printWeights(const WeightsArguments& arguments) {
  const WeightFileFacts facts = inspectWeights(arguments.file);
  std::optional<std::filesystem::path> imported;
  if (arguments.import) imported = importFile(arguments);
  if (arguments.json) {
    printJson(weightsJson(arguments, facts, imported));
    return;
  }
  printFacts(facts);
  printTensors(facts, arguments.all);
  if (imported) fmt::print("\nimported as {}\n", imported->string());
}

void addWeights(CLI::App& program) {
  auto arguments = std::make_shared<WeightsArguments>();
  auto* command =
      program.add_subcommand("weights", "Show what is in a weight file, and which architecture it fits");
  command->add_option("file", arguments->file, "safetensors, PyTorch (.pth, .pt, .bin) or NumPy (.npz) file")
      ->required()
      ->type_name("FILE");
  command->add_flag("--all", arguments->all, "List all tensors, not the first 20 alone");
  auto* import = command->add_flag("--import", arguments->import,
                                   "Write it under timm's names to WORKSPACE/weights/, where runs find it");
  command
      ->add_option("--arch", arguments->arch,
                   "Import it as this architecture, not as the one that it is seen to fit")
      ->needs(import)
      ->type_name("NAME");
  command->add_flag("--replace", arguments->replace, "Import over a file that is there already")
      ->needs(import);
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { printWeights(*arguments); });
}

// ---- download

struct DownloadArguments {
  std::vector<std::string> names;
  std::string workspace;
  bool json = false;
};

// The file, and whether it was fetched just now.
std::pair<std::filesystem::path, bool> fetch(const std::string& name, const std::string& workspace,
                                             const std::stop_token& stop) {
  if (const auto found = findWeights(name, workspace)) return {found->file, false};
  ProgressLine line;
  const auto file = downloadWeights(name, workspace, stop, [&](std::uint64_t done, std::uint64_t total) {
    line.show(fmt::format("{}: {} of {} MB", name, megabytes(done), total == 0 ? "?" : megabytes(total)));
  });
  return {file, true};
}

void downloadAll(const DownloadArguments& arguments) {
  for (const std::string& name : arguments.names)
    architecture(name);  // an unknown one is said before anything is fetched
  std::stop_source source;
  const InterruptWatch watch("stopping; what has come is kept, and the same command goes on from there",
                             [source]() mutable { source.request_stop(); });
  Json files = Json::array();
  for (const std::string& name : arguments.names) {
    const auto [file, fetched] = fetch(name, arguments.workspace, source.get_token());
    files.push_back({{"name", name}, {"file", file.string()}, {"downloaded", fetched}});
    if (!arguments.json) fmt::print("{}: {}{}\n", name, file.string(), fetched ? "" : " (was here already)");
  }
  if (arguments.json) printJson(files);
}

void addDownload(CLI::App& program) {
  auto arguments = std::make_shared<DownloadArguments>();
  auto* command =
      program.add_subcommand("download", "Fetch an architecture's weights from the Hugging Face hub");
  command->add_option("name", arguments->names, "Architectures, by timm's names")
      ->required()
      ->type_name("NAME");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer(
      "Files go to WORKSPACE/weights/. What is on this machine already is not fetched again. A download that "
      "was broken off\n"
      "goes on where it ended. HF_ENDPOINT names another hub, https_proxy a proxy.");
  command->callback([arguments] { downloadAll(*arguments); });
}

}  // namespace

void addModelCommands(CLI::App& program) {
  addModels(program);
  addWeights(program);
  addDownload(program);
}

}  // namespace panicle::cli
