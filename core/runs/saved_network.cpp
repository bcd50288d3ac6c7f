#include "core/runs/saved_network.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>
#include <sstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/csv.h"
#include "core/data/folder_scan.h"
#include "core/models/state_dict.h"
#include "core/models/weight_search.h"
#include "core/runs/network_predictor.h"
#include "core/runs/prepared_run.h"
#include "core/runs/resume_point.h"
#include "core/weights/weight_file.h"

namespace panicle {
namespace {

constexpr const char* kVocab = "vocab";
constexpr const char* kTargets = "targets";

// What a weight file that a run wrote says of its outputs; nothing of other files.
std::vector<Target> targetsIn(const WeightFile& file) {
  const auto& metadata = file.metadata();
  std::vector<Target> targets;
  try {
    if (const auto found = metadata.find(kTargets); found != metadata.end()) {
      for (const Json& target : parseJson(found->second, "targets")) {
        targets.push_back({target.at("name").get<std::string>(), target.at("vocab").is_null() ? Vocab{} : target.at("vocab").get<Vocab>(), {}});
      }
    } else if (const auto vocab = metadata.find(kVocab); vocab != metadata.end()) {
      targets.push_back({"label", parseJson(vocab->second, kVocab).get<Vocab>(), {}});
    }
  } catch (const std::exception& error) {
    throw fileError(file.path(), std::string("tells its classes in a way that cannot be read: ") + error.what());
  }
  return targets;
}

// In which the run was when it ended: its last stage, or that of its last epoch.
std::size_t stageOf(const RunRecord& record) {
  const std::size_t last = record.spec.stages.size() - 1;
  if (record.status == RunStatus::Finished) return last;
  return record.epochs.empty() ? 0 : std::min(static_cast<std::size_t>(std::max(0, record.epochs.back().stage)), last);
}

std::filesystem::path lastCheckpoint(const RunStore& store, const RunRecord& record) {
  const auto all = listCheckpoints(checkpointFolder(store.folder(record.id)));
  if (!all.empty()) return all.front();
  throw Error("run " + record.id + " (" + toString(record.status) + ") has no checkpoint beside the model that it kept; a run that has finished keeps " +
              (record.spec.callbacks.keep_best ? "that of its best epoch alone" : "that of its last epoch: ask for the kept one"));
}

const Architecture& architectureIn(const std::string& asked, const std::filesystem::path& weights, const WeightFileFacts& facts) {
  if (!asked.empty()) return architecture(asked);
  if (!facts.arch.empty()) return architecture(facts.arch);
  throw fileError(weights, "fits no architecture that Panicle knows" + (facts.nearest.empty() ? std::string() : ": " + facts.nearest.front()));
}

// fastai's head is a list of layers, "head.2.weight"; timm's classifier one layer with a name.
HeadKind headIn(const WeightFile& file) {
  const RemappedFile remapped = remapToTimm(file);
  const bool list = std::any_of(remapped.tensors.begin(), remapped.tensors.end(), [](const RemappedTensor& tensor) {
    return tensor.name.starts_with("head.") && tensor.name.size() > 5 && std::isdigit(static_cast<unsigned char>(tensor.name[5]));
  });
  return list ? HeadKind::Fastai : HeadKind::Timm;
}

void checkStage(const SavedNetwork& network) {
  const StageOptions& stage = network.spec.stages.front();
  std::vector<std::string> problems = check(stage.resize);
  if (stage.augment) {
    for (std::string& problem : check(*stage.augment)) problems.push_back(std::move(problem));
  }
  const std::string size = sizeProblem(architecture(network.architecture()), makePipeline(network.spec, stage).outputSize());
  if (!size.empty()) problems.push_back(size);
  throwProblems("photos cannot be predicted:", problems);
}

Vocab sortedLabels(const CsvTable& table, const std::string& column) {
  const std::size_t place = table.requireColumn(column);
  std::set<std::string> labels;
  for (const auto& row : table.rows) labels.insert(row[place]);
  labels.erase("");
  return {labels.begin(), labels.end()};
}

}  // namespace

SavedNetwork networkOf(const RunStore& store, const std::string& run, RunModel which) {
  const RunRecord record = store.get(run);
  SavedNetwork network{.spec = record.spec, .stage = stageOf(record), .targets = {}, .weights = store.folder(run) / "model.safetensors", .name = "run " + run};
  if (!std::filesystem::exists(network.weights))
    throw Error("run " + run + " (" + toString(record.status) + ") has no model; one is kept from its first epoch on");
  network.targets = targetsIn(WeightFile::open(network.weights));
  const std::size_t learnt = record.spec.data.label_columns.size();
  if (network.targets.size() != learnt)
    throw fileError(network.weights, "says " + std::to_string(network.targets.size()) + " targets, and the run's spec " + std::to_string(learnt));
  if (which == RunModel::Last) {
    network.name += ", last checkpoint";
    network.weights = lastCheckpoint(store, record);
  }
  return network;
}

SavedNetwork networkOf(const WeightFileNetwork& asked) {
  const WeightFileFacts facts = inspectWeights(asked.weights);
  const WeightFile file = WeightFile::open(asked.weights);
  SavedNetwork network{.spec = {}, .stage = 0, .targets = {}, .weights = asked.weights, .name = asked.weights.filename().string()};
  network.spec.model.arch = architectureIn(asked.arch, asked.weights, facts).name;
  network.spec.model.weights = asked.weights.string();
  network.spec.model.head = asked.head.value_or(headIn(file));
  network.spec.model.normalize = asked.normalize;
  network.spec = withNormalization(network.spec, {.file = asked.weights});
  network.spec.stages = {asked.stage};
  network.targets = asked.vocab.empty() ? targetsIn(file) : std::vector<Target>{{"label", asked.vocab, {}}};
  if (network.targets.empty())
    throw fileError(asked.weights, "does not say what its " + std::to_string(facts.classes) + " outputs mean; name them in a vocab file");
  const std::size_t outputs = outputCount(network.targets);
  if (facts.classes > 0 && static_cast<std::size_t>(facts.classes) != outputs) {
    throw fileError(asked.weights, "has a classifier of " + std::to_string(facts.classes) + " classes, and the vocab has " + std::to_string(outputs));
  }
  checkStage(network);
  return network;
}

Vocab readVocab(const std::filesystem::path& file, const std::string& column) {
  Vocab vocab;
  if (file.extension() == ".json") {
    try {
      vocab = readJson(file).get<Vocab>();
    } catch (const Json::exception&) {
      throw fileError(file, "must be a JSON list of names");
    }
  } else if (file.extension() == ".csv") {
    vocab = sortedLabels(readCsv(file), column);
  } else {
    std::istringstream lines(readText(file));
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) vocab.push_back(line);
    }
  }
  if (vocab.empty()) throw fileError(file, "names no class");
  if (std::set<std::string>(vocab.begin(), vocab.end()).size() != vocab.size()) throw fileError(file, "names a class more than once");
  return vocab;
}

FolderPredictions predictFolder(const SavedNetwork& network, const std::filesystem::path& folder, const std::optional<TtaOptions>& tta,
                                const PredictionObserver& observer, std::stop_token stop) {
  observer.phase("listing " + folder.string());
  FolderScan scan = scanFolder(folder, "", stop, observer.progress);
  for (const std::string& warning : scan.warnings) observer.warning(warning);
  if (scan.files.empty()) throw fileError(folder, "holds no image");
  Dataset dataset;
  dataset.root = folder;
  for (std::string& file : scan.files) dataset.test.push_back({file, file, -1});
  std::vector<std::uint32_t> all(dataset.test.size());
  std::iota(all.begin(), all.end(), 0u);
  NetworkPredictor predictor(network, observer, stop);
  auto result = predictor.predict(dataset, dataset.test, all, network.targets, "images", tta);
  return {network.targets, std::move(dataset.test), result->tta ? std::move(*result->tta) : std::move(result->plain)};
}

}  // namespace panicle
