#include "core/runs/run_predictions.h"

#include <chrono>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/eval/vocab_match.h"
#include "core/runs/network_predictor.h"
#include "core/runs/run_photos.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

constexpr std::string_view kMade = "_made.json";

std::filesystem::path madePath(const PredictionPlace& place) {
  return place.folder / (place.stem + std::string(kMade));
}

// Whether `name` is a file of the predictions called `stem`, of any target.
bool isPredictionFile(std::string_view name, const std::string& stem) {
  const std::size_t end = name.rfind('_');
  if (end == std::string_view::npos || end < stem.size() || !name.starts_with(stem)) return false;
  const std::string_view target = name.substr(stem.size(), end - stem.size()), kind = name.substr(end);
  return (target.empty() || target[0] == '.') && (kind == "_preds.csv" || kind == "_items.csv" || kind == "_views.safetensors");
}

// What tells one state of a weight file, or of a checkpoint's folder, from another without reading it.
Json stateOf(const std::filesystem::path& weights) {
  std::error_code missing;
  const bool folder = std::filesystem::is_directory(weights, missing);
  const auto time = std::filesystem::last_write_time(weights, missing).time_since_epoch();
  if (missing) return nullptr;
  return {{"name", weights.filename().string()},
          {"bytes", folder ? 0 : std::filesystem::file_size(weights, missing)},
          {"written", std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()}};
}

bool isOfToday(const RunStore& store, const WhichPredictions& which, const PredictionPlace& place) {
  std::error_code missing;
  if (!std::filesystem::exists(madePath(place), missing)) return which.model == RunModel::Kept;  // the run itself made them, with its model
  try {
    return readJson(madePath(place)) == stateOf(networkOf(store, which.run, which.model).weights);
  } catch (const Error&) {
    return false;
  }
}

void requireSameTargets(const SavedNetwork& network, const std::vector<Target>& targets, const std::filesystem::path& root) {
  for (std::size_t t = 0; t < network.targets.size(); ++t) {
    if (t >= targets.size()) throw Error(root.string() + " has no values of '" + network.targets[t].name + "', which " + network.name + " has learnt");
    if (network.targets[t].vocab == targets[t].vocab) continue;
    const std::string differs = vocabDifference(network.name, network.targets[t].vocab, root.string(), targets[t].vocab);
    throw Error("the data set is not the one that " + network.name + " was trained on: " +
                (differs.empty() ? "its classes of '" + targets[t].name + "' come in another order" : differs));
  }
}

void write(const RunPhotos& photos, const NetworkPredictor::Result& result, const PredictionPlace& plain, const PredictionPlace& tta, const Json& state,
           bool plainToo) {
  const std::vector<Target> targets = photos.targets();
  std::filesystem::create_directories(plain.folder);
  const auto writeOne = [&](const PredictionPlace& place, const Outputs& outputs) {
    std::filesystem::remove(madePath(place));
    writeOutputs(place.folder, place.stem, outputs, targets, photos.list());
    writeAtomically(madePath(place), state.dump() + "\n");
  };
  if (plainToo) writeOne(plain, result.plain);
  if (!result.tta) return;
  result.views->write(tta.folder, tta.stem, targets, photos.list());
  writeOne(tta, *result.tta);
}

}  // namespace

PredictionPlace placeOf(const RunStore& store, const WhichPredictions& which) {
  const std::string set = enumName(which.set);
  const auto folder = store.folder(which.run);
  return {which.model == RunModel::Kept ? folder : folder / "predictions" / enumName(which.model), which.tta ? ttaStem(set) : set};
}

std::optional<PredictionPlace> findPredictions(const RunStore& store, const WhichPredictions& which) {
  const PredictionPlace place = placeOf(store, which);
  if (!hasPredictions(place.folder, place.stem) || !isOfToday(store, which, place)) return std::nullopt;
  return place;
}

PredictionPlace ensurePredictions(const RunStore& store, const WhichPredictions& which, const PredictionObserver& observer,
                                  const std::optional<TtaOptions>& tta, bool again, std::stop_token stop) {
  const RunRecord record = store.get(which.run);
  const PredictionPlace place = placeOf(store, which);
  if (!again && findPredictions(store, which)) return place;
  if (record.status == RunStatus::Running) throw Error("run " + which.run + " is running; it predicts when it ends");
  const SavedNetwork network = networkOf(store, which.run, which.model);
  const Json state = stateOf(network.weights);
  observer.phase("reading the data set");
  const RunPhotos photos = photosOf(store, record, which.set, observer.warning, stop);
  requireSameTargets(network, photos.targets(), photos.dataset.root);
  std::optional<TtaOptions> options;
  if (which.tta) options = tta ? *tta : record.spec.tta.value_or(TtaOptions{});
  NetworkPredictor predictor(network, observer, stop);
  const auto result = predictor.predict(photos.dataset, photos.list(), photos.items, photos.targets(), photos.words(), options);
  if (result->plain.items.empty()) throw Error("none of the " + photos.words() + " of run " + which.run + " can be read");
  WhichPredictions plain = which;
  plain.tta = false;
  const bool plainToo = !which.tta || !findPredictions(store, plain);
  write(photos, *result, placeOf(store, plain), place, state, plainToo);
  return place;
}

void forgetMadePredictions(const std::filesystem::path& runFolder) {
  std::error_code none;
  std::filesystem::remove_all(runFolder / "predictions", none);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(runFolder, none)) files.push_back(entry.path());
  for (const auto& made : files) {
    const std::string name = made.filename().string();
    if (!name.ends_with(kMade)) continue;
    const std::string stem = name.substr(0, name.size() - kMade.size());
    for (const auto& file : files) {
      if (isPredictionFile(file.filename().string(), stem)) std::filesystem::remove(file, none);
    }
    std::filesystem::remove(made, none);
  }
}

Json describePredictions(const RunStore& store, const WhichPredictions& which) {
  const RunRecord record = store.get(which.run);
  Json json{{"kind", "run"},          {"run", record.id},
            {"name", record.name},    {"status", toString(record.status)},
            {"created", record.created}, {"set", enumName(which.set)},
            {"model", enumName(which.model)}, {"tta", which.tta},
            {"results", record.results},  {"spec", specToJson(record.spec)},
            {"weights_sha256", nullptr}};
  const auto model = store.folder(record.id) / "model.safetensors";
  if (which.model == RunModel::Kept && std::filesystem::exists(model)) json["weights_sha256"] = sha256OfFile(model);
  return json;
}

}  // namespace panicle
