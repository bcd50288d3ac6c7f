// What a run, and a sweep of learning rates, make of a RunSpec before they train. Internal to core (includes
// torch).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/loader/presize_cache.h"
#include "core/models/classifier.h"
#include "core/runs/run_spec.h"
#include "core/train/trainer.h"

namespace panicle {

// What a run's network starts from.
struct Start {
  std::optional<std::filesystem::path> file;
  std::string why;      // there is none
  std::string goes_on;  // of a run that was resumed: from which checkpoint

  std::string words() const { return !goes_on.empty() ? goes_on : file ? file->string() : "scratch: " + why; }
};

Start findStart(const ModelOptions& model, const std::filesystem::path& workspace);

// `spec` with what NormalizeInput::Auto becomes with this start. A weight file that a run wrote says
// itself what it was trained with.
RunSpec withNormalization(RunSpec spec, const Start& start);
// The metadata by which it does.
std::pair<std::string, std::string> normalizationNote(const RunSpec& spec);

// Both functions must be there.
struct PreparationObserver {
  std::function<void(const std::string&)> phase;  // "reading the data set"
  std::function<void(const Warning&)> warning;
};

struct PreparedRun {
  Dataset dataset;
  FitData data;                                              // the split
  std::shared_ptr<const std::vector<Sample>> samples;        // one an item of the data set
  std::shared_ptr<const std::vector<TargetColumn>> targets;  // with a value for each of them
  torch::Device device{torch::kCPU};
  Precision precision = Precision::Fp32;  // never Auto
  std::shared_ptr<Classifier> model;  // with its first weights, on the device, for the first stage's images
};

// Throws Cancelled on a stop, and Error when the data, the weights or the device are not there.
PreparedRun prepareRun(const RunSpec& spec, const Start& start, const PreparationObserver& observer,
                       std::stop_token stop);

std::shared_ptr<const std::vector<Sample>> makeSamples(const Dataset& dataset,
                                                       const std::vector<Item>& items);

// Of the network's head: of all targets together.
std::int64_t outputCount(const std::vector<TargetColumn>& targets);

TrainerOptions trainerOptions(const RunSpec& spec, Precision precision);
StageFit stageFit(const RunSpec& spec, std::size_t stage, std::size_t groups);
LoaderOptions loaderOptions(const RunSpec& spec, const StageOptions& stage, torch::Device device);

// The loader of one stage after the other, with a presize cache where it pays.
class StageLoader {
 public:
  // All three outlive it.
  StageLoader(const RunSpec& spec, const PreparedRun& run, const PreparationObserver& observer)
      : spec_(spec), run_(run), observer_(observer) {}

  // The model takes this stage's images from now on. The stage before gives its cache back first: only one
  // may write the same photos.
  Loader& begin(const StageOptions& stage, int epochs, const std::filesystem::path& workspace,
                std::stop_token stop);
  // Of the stage that was begun last; null before the first.
  Loader* current() { return loader_.get(); }
  // Warnings of what became of the cache, each once.
  void tellOfCache();

 private:
  const RunSpec& spec_;
  const PreparedRun& run_;
  const PreparationObserver& observer_;
  std::shared_ptr<PresizeCache> cache_;  // null: does without
  std::unique_ptr<Loader> loader_;
};

}  // namespace panicle
