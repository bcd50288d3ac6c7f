#include "core/runs/network_predictor.h"

#include <spdlog/fmt/fmt.h>

#include <map>

#include "core/base/error.h"
#include "core/models/device.h"
#include "core/models/recognise.h"
#include "core/models/state_dict.h"
#include "core/runs/checkpoint.h"
#include "core/runs/prepared_run.h"
#include "core/runs/resume_point.h"
#include "core/weights/weight_file.h"

namespace panicle {
namespace {

// Of another machine's run.
torch::Device deviceOf(const RunSpec& spec, const PredictionObserver& observer) {
  try {
    return chooseDevice(spec.device);
  } catch (const Error& error) {
    observer.warning(std::string(error.what()) + "; predicting on what there is");
    return chooseDevice("auto");
  }
}

Precision precisionOf(const RunSpec& spec, torch::Device device, const PredictionObserver& observer) {
  try {
    return resolvePrecision(spec.precision, device.str());
  } catch (const Error& error) {
    observer.warning(std::string(error.what()) + "; predicting in fp32");
    return Precision::Fp32;
  }
}

std::size_t outputsOf(const std::vector<Target>& targets) {
  return outputCount(std::span(targets));
}

// Training may begin with a fresh head; a prediction cannot do with one.
void requireHead(const Classifier& model, const SavedNetwork& network) {
  const WeightFile file = WeightFile::open(network.weights);
  const RemappedFile remapped = remapToTimm(file);
  std::map<std::string, const RemappedTensor*> stored;
  for (const RemappedTensor& tensor : remapped.tensors) stored.emplace(tensor.name, &tensor);
  for (const auto& [name, tensor] : model.stateDict()) {
    if (!model.isHead(name) || name.ends_with("num_batches_tracked")) continue;
    const auto found = stored.find(name);
    if (found != stored.end() && tensor.sizes() == at::IntArrayRef(found->second->shape)) continue;
    throw fileError(network.weights, "cannot predict " + std::to_string(model.classes()) + " classes with a " +
                                         std::string(enumName(network.spec.model.head)) + " head: its classifier has " +
                                         std::to_string(classesOf(remapped)) + " classes, and " + name +
                                         (found == stored.end() ? " is not in it" : " has another shape"));
  }
}

void loadAll(Classifier& model, const SavedNetwork& network, const PredictionObserver& observer) {
  requireHead(model, network);
  for (const std::string& note : loadWeights(model, network.weights).notes) observer.warning(network.weights.string() + ": " + note);
}

// The network as a checkpoint has it, which is of the very same layers.
void loadCheckpoint(Classifier& model, const std::filesystem::path& place, const std::stop_token& stop) {
  const torch::NoGradGuard noGrad;
  const auto runFolder = place.parent_path().parent_path();
  const Checkpoint checkpoint(place, specChecksum(runFolder), stop);
  StoredTensors(checkpoint.state()).copyTo("model.", model.stateDict());
}

}  // namespace

NetworkPredictor::NetworkPredictor(const SavedNetwork& network, const PredictionObserver& observer, std::stop_token stop)
    : network_(network), observer_(observer), stop_(std::move(stop)), device_(deviceOf(network.spec, observer)) {
  const RunSpec& spec = network.spec;
  setComputeThreads(spec.threads);
  precision_ = precisionOf(spec, device_, observer);
  observer.phase("reading " + network.weights.string());
  const Size size = makePipeline(spec, spec.stages[network.stage]).outputSize();
  model_ = std::make_shared<Classifier>(spec.model, static_cast<std::int64_t>(outputsOf(network.targets)), size, spec.seed);
  // As a run does before it trains: kernels round sums by how weights lie in memory.
  model_->toChannelsLast();
  if (std::filesystem::is_directory(network.weights)) {
    loadCheckpoint(*model_, network.weights, stop_);
  } else {
    loadAll(*model_, network, observer);
  }
  model_->to(device_);
}

std::unique_ptr<NetworkPredictor::Result> NetworkPredictor::predict(const Dataset& dataset, const std::vector<Item>& list,
                                                                    const std::vector<std::uint32_t>& items,
                                                                    const std::vector<Target>& targets, const std::string& what,
                                                                    const std::optional<TtaOptions>& tta) {
  const RunSpec& spec = network_.spec;
  const StageOptions& stage = spec.stages[network_.stage];
  Loader loader(makeSamples(dataset, list), makePipeline(spec, stage), loaderOptions(spec, stage, device_));
  const PredictWith with{*model_, device_, precision_, spec.batchOf(stage).size};
  const std::string images = fmt::format("predicting {} {}", items.size(), what);
  observer_.phase(images);
  auto result = std::make_unique<Result>();
  const auto onBad = [this](const BadSample& bad) { observer_.warning("not predicted: " + bad.reason); };
  result->plain = panicle::predict(with, loader, targets, items, onBad, stop_, observer_.progress);
  if (!tta || result->plain.items.empty()) return result;
  observer_.phase(images + " with test-time augmentation");
  result->views = std::make_unique<TtaViewKeeper>(result->plain, *tta);
  result->tta = predictTta(with, loader, targets, *tta, items, result->plain, stop_, observer_.progress,
                           [&](const Outputs& pass) { result->views->add(pass); });
  return result;
}

}  // namespace panicle
