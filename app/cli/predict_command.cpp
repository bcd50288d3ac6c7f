// predict: what a saved network says of the photos of a folder, or of a run's own.
#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/kept_predictions.h"
#include "app/cli/option_text.h"
#include "app/cli/output.h"
#include "app/cli/prediction_progress.h"
#include "core/base/error.h"
#include "core/eval/provenance.h"
#include "core/models/architecture.h"
#include "core/models/weight_search.h"
#include "core/runs/run_predictions.h"
#include "core/weights/sha256.h"

namespace panicle::cli {
namespace {

struct PredictArguments {
  std::string folder;
  KeptArgument kept{.which = {.run = "", .set = PhotoSet::Test}, .target = ""};
  std::optional<std::string> split;
  WeightFileNetwork file;
  std::string weights, vocab, resize, head, normalize, device;
  std::optional<std::string> padMode, augment;
  std::optional<int> ttaPasses;
  TtaOptions tta;
  std::string out, workspace;
  bool again = false;
  bool json = false;
};

std::optional<TtaOptions> ttaOf(const PredictArguments& arguments) {
  if (!arguments.ttaPasses) return std::nullopt;
  TtaOptions options = arguments.tta;
  options.n = *arguments.ttaPasses;
  return options;
}

template <typename E>
E choice(const std::string& text) {
  std::size_t index = 0;
  while (text != EnumNames<E>::names[index]) ++index;  // CLI11 has let none but these through
  return static_cast<E>(index);
}

SavedNetwork networkOf(const PredictArguments& arguments) {
  SavedNetwork network;
  if (!arguments.kept.which.run.empty()) {
    network = panicle::networkOf(openWorkspace(arguments.workspace), arguments.kept.which.run, arguments.kept.which.model);
  } else {
    WeightFileNetwork asked = arguments.file;
    asked.weights = arguments.weights;
    if (!arguments.vocab.empty()) asked.vocab = readVocab(arguments.vocab);
    if (!arguments.head.empty()) asked.head = choice<HeadKind>(arguments.head);
    if (!arguments.normalize.empty()) asked.normalize = choice<NormalizeInput>(arguments.normalize);
    asked.stage.augment.reset();
    if (arguments.resize.empty()) {
      const std::string arch = asked.arch.empty() ? inspectWeights(asked.weights).arch : asked.arch;
      asked.stage.resize = {.method = ResizeMethod::Squish, .size = architecture(arch).input_size};
    } else {
      readResize(arguments.resize, asked.stage.resize);
    }
    if (arguments.padMode) readSettings("pad_mode=" + *arguments.padMode, asked.stage.resize);
    if (arguments.augment) readAugment(*arguments.augment, asked.stage.augment.emplace());
    network = panicle::networkOf(asked);
  }
  if (!arguments.device.empty()) network.spec.device = arguments.device;
  return network;
}

std::size_t targetOf(const SavedNetwork& network, const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t t = 0; t < network.targets.size(); ++t) {
    if (name.empty() || network.targets[t].name == name) return t;
    names.push_back(network.targets[t].name);
  }
  const std::string near = nearestName(name, names);
  throw Error(network.name + " has not learnt '" + name + "'" + (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
}

Json describeNetwork(const SavedNetwork& network, const PredictArguments& arguments) {
  Json json{{"kind", "network"}, {"network", network.name}, {"arch", network.architecture()}, {"weights", network.weights.string()},
            {"folder", std::filesystem::absolute(arguments.folder).string()}, {"tta", nullptr}, {"stage", toJson(network.spec.stages[network.stage])}};
  if (std::filesystem::is_regular_file(network.weights)) json["weights_sha256"] = sha256OfFile(network.weights);
  if (const auto tta = ttaOf(arguments)) json["tta"] = toJson(*tta);
  return json;
}

struct Told {
  std::string out;
  std::size_t images = 0, leftOut = 0;
  double errorRate = 0;  // NaN without labels
};

void tell(const PredictArguments& arguments, const Told& told) {
  if (arguments.json) {
    printJson({{"out", told.out}, {"images", told.images}, {"left_out", told.leftOut}, {"tta", arguments.ttaPasses.has_value()}, {"error_rate", told.errorRate}});
    return;
  }
  fmt::print("{}: {} images", told.out, grouped(told.images));
  if (told.leftOut > 0) fmt::print(", {} could not be read", grouped(told.leftOut));
  if (told.errorRate == told.errorRate) fmt::print(", error rate {:.4f}", told.errorRate);
  fmt::print("\n");
}

void predictFolder(const PredictArguments& arguments, const std::stop_token& stop) {
  if (arguments.out.empty()) throw CLI::RequiredError("--out");
  const SavedNetwork network = networkOf(arguments);
  const std::size_t target = targetOf(network, arguments.kept.target);
  FolderPredictions made;
  {
    ProgressLine line;
    made = panicle::predictFolder(network, arguments.folder, ttaOf(arguments), showPredicting(line), stop);
  }
  if (network.targets[target].isNumber()) {
    const NumberPredictions numbers = made.ofNumber(target);
    writePredictionTable(arguments.out, {.vocab = {numbers.name}, .ids = numbers.ids, .paths = {}, .probabilities = numbers.values, .targets = {}, .losses = {}});
  } else {
    writePredictionTable(arguments.out, made.ofClasses(target));
  }
  writeProvenance(arguments.out, {{"made_from", describeNetwork(network, arguments)}});
  tell(arguments, {arguments.out, made.outputs.items.size(), made.list.size() - made.outputs.items.size(), std::nan("")});
}

// Kept with the run; with --out also as a table of its own.
void predictSplit(const PredictArguments& arguments, const std::stop_token& stop) {
  const RunStore store = openWorkspace(arguments.workspace);
  KeptArgument kept = arguments.kept;
  kept.which.set = choice<PhotoSet>(*arguments.split);
  kept.which.tta = arguments.ttaPasses.has_value();
  {
    ProgressLine line;
    ensurePredictions(store, kept.which, showPredicting(line), ttaOf(arguments), arguments.again, stop);
  }
  const FoundPredictions found = requirePredictions(store, kept);
  const auto table = found.place.folder / (found.place.stem + "_preds.csv");
  const Predictions predictions = found.number ? readPredictionTable(table) : readPredictions(found.place.folder, found.place.stem);
  if (!arguments.out.empty()) {
    writePredictionTable(arguments.out, predictions);
    writeProvenance(arguments.out, {{"made_from", describePredictions(store, kept.which)}});
  }
  tell(arguments, {arguments.out.empty() ? table.string() : arguments.out, predictions.size(), 0, predictions.errorRate()});
}

void predict(const PredictArguments& arguments) {
  std::stop_source source;
  const InterruptWatch watch("stopping; nothing is written", [source]() mutable { source.request_stop(); });
  if (arguments.folder.empty() != arguments.split.has_value())
    throw CLI::ValidationError("give the photos: a folder, or with --run the --split of its data set");
  if (arguments.split && arguments.kept.which.run.empty()) throw CLI::ValidationError("--split needs --run: a weight file has no data set");
  arguments.split ? predictSplit(arguments, source.get_token()) : predictFolder(arguments, source.get_token());
}

void addFileOptions(CLI::App& command, PredictArguments& arguments, CLI::Option* weights) {
  const auto onlyWithFile = [&](CLI::Option* option) { option->needs(weights); };
  onlyWithFile(command.add_option("--arch", arguments.file.arch, "With --weights: the architecture, by timm's name; without it as the file says or fits"));
  onlyWithFile(command.add_option("--vocab", arguments.vocab,
                                  "With --weights: its classes, in the order of its outputs: a JSON list, one a line, or a CSV with a label column; "
                                  "files that Panicle wrote say it themselves"));
  onlyWithFile(command.add_option("--head", arguments.head, "With --weights: fastai or timm; without it as the file's classifier looks")
                   ->check(CLI::IsMember({"fastai", "timm"})));
  onlyWithFile(command.add_option("--normalize", arguments.normalize, "With --weights: on or off; without it as the file says, else on")
                   ->check(CLI::IsMember({"auto", "on", "off"})));
  const auto resizeCheck = [](const std::string& text) {
    ResizeOptions options;
    return readResize(text, options);
  };
  onlyWithFile(command.add_option("--resize", arguments.resize, "With --weights: METHOD:SIZE, as of preview; without it squish to the architecture's input size")
                   ->check(resizeCheck));
  onlyWithFile(command.add_option("--pad-mode", arguments.padMode, "With --weights: zeros, border or reflection")->check(CLI::IsMember({"zeros", "border", "reflection"})));
  const auto augmentCheck = [](const std::string& text) {
    AugOptions options;
    return readAugment(text, options);
  };
  onlyWithFile(command.add_option("--aug", arguments.augment, "With --weights: aug_transforms as KEY=VALUE,...; size is what the network gets, the rest is for --tta")
                   ->check(augmentCheck));
}

}  // namespace

void addPredictCommand(CLI::App& program) {
  auto arguments = std::make_shared<PredictArguments>();
  auto* command = program.add_subcommand("predict", "What a run or a weight file says of the photos of any folder, or of the run's own data set");
  command->add_option("IMAGES_DIR", arguments->folder, "A folder of photos, with the folders in it");
  auto* source = command->add_option_group("network", "What predicts");
  auto* run = source->add_option("--run", arguments->kept.which.run, "A run, with the transforms of its last stage");
  auto* weights = source->add_option("--weights", arguments->weights, "Any weight file that Panicle reads")->check(CLI::ExistingFile);
  source->require_option(1);
  command->add_option("--split", arguments->split, "With --run instead of a folder: its train, valid or test photos; kept with the run")
      ->check(CLI::IsMember({"train", "valid", "test"}))
      ->needs(run);
  std::map<std::string, RunModel> models{{"kept", RunModel::Kept}, {"last", RunModel::Last}};
  command->add_option("--model", arguments->kept.which.model, "With --run: kept, or last (of a run that has not finished: its newest checkpoint)")
      ->transform(CLI::CheckedTransformer(models).description(""))
      ->needs(run);
  command->add_flag("--again", arguments->again, "With --split: also where the run has these predictions already")->needs(run);
  addFileOptions(*command, *arguments, weights);
  auto* tta = command->add_option("--tta", arguments->ttaPasses, "Test-time augmentation: so many passes with the random transforms of training, beside the plain one")
                  ->check(CLI::Range(1, 100))
                  ->type_name("N");
  command->add_option("--beta", arguments->tta.beta, "Of --tta: the plain pass's share")->check(CLI::Range(0.0, 1.0))->capture_default_str()->needs(tta);
  command->add_flag("--use-max", arguments->tta.use_max, "Of --tta: the highest probability of all passes instead of their mean")->needs(tta);
  command->add_option("--target", arguments->kept.target, "A further target of the network; without it the label");
  command->add_option("--device", arguments->device, "auto, cpu or cuda:0; without it the run's");
  command->add_option("--out", arguments->out, "The CSV to write: image_id, then one probability column for each class")->type_name("FILE.csv");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { predict(*arguments); });
}

}  // namespace panicle::cli
