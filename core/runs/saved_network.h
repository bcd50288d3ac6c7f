// A trained network on disk, ready to predict: a run's, or any weight file's.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/base/progress.h"
#include "core/data/target.h"
#include "core/eval/outputs.h"
#include "core/eval/predictions.h"
#include "core/runs/run_spec.h"
#include "core/runs/run_store.h"

namespace panicle {

// Which of a run's networks. Kept: model.safetensors, which is the last epoch's, or with callbacks.keep_best the best one's. Last: as the newest
// checkpoint of a run that has not finished has it.
enum class RunModel { Kept, Last };

template <>
struct EnumNames<RunModel> {
  static constexpr std::array names{"kept", "last"};
};

struct SavedNetwork {
  RunSpec spec;                    // device, precision, threads, model, batches, transforms
  std::size_t stage = 0;           // of the spec: whose validation transforms and batches the photos go through
  std::vector<Target> targets;     // what its outputs mean, in their order; without values
  std::filesystem::path weights;   // a weight file, or the folder of a checkpoint
  std::string name;                // "run 3", for messages

  const std::string& architecture() const { return spec.model.arch; }
};

// Throws Error for a run that is not there or has no such network, saying which it has.
SavedNetwork networkOf(const RunStore& store, const std::string& run, RunModel which = RunModel::Kept);

// What of a network no weight file says.
struct WeightFileNetwork {
  std::string arch;               // "": as the file says or fits
  std::filesystem::path weights;
  Vocab vocab;                    // empty: as the file says, where a run wrote it
  std::optional<HeadKind> head;   // null: as the file's classifier looks
  StageOptions stage;             // transforms
  NormalizeInput normalize = NormalizeInput::Auto;  // Auto: as a run's file says, else on
};
// Throws Error for a file that cannot be read, fits no architecture or another one, or whose classifier has not as many classes as `vocab`.
SavedNetwork networkOf(const WeightFileNetwork& asked);

// A vocab file: a JSON list (a run's vocab.json), a table of labelled photos whose column `label` names them, or one class a line.
// A network's classes come in the order of the code points, as in fastai, unless the file is a list in an order of its own (JSON or lines).
Vocab readVocab(const std::filesystem::path& file, const std::string& column = "label");

struct PredictionObserver {
  std::function<void(const std::string&)> phase;    // "predicting 2,081 validation images"
  std::function<void(const std::string&)> warning;  // an image that cannot be read, ...
  Progress progress;                                // images, of the phase
};

// What a network says of the images of a folder and the folders in it; the ids are their paths below it.
struct FolderPredictions {
  std::vector<Target> targets;
  std::vector<Item> list;  // all images that were found
  Outputs outputs;         // of those that could be read

  Predictions ofClasses(std::size_t target) const { return classPredictions(outputs, targets, target, list); }
  NumberPredictions ofNumber(std::size_t target) const { return numberPredictions(outputs, targets, target, list); }
};
// With `tta` after the plain prediction also with the random transforms of the stage. Throws Error when the folder holds no image or the network cannot
// be loaded; Cancelled.
FolderPredictions predictFolder(const SavedNetwork& network, const std::filesystem::path& folder, const std::optional<TtaOptions>& tta,
                                const PredictionObserver& observer, std::stop_token stop = {});

}  // namespace panicle
