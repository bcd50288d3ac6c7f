// Whether a run's kept predictions give the metrics that its training logged: the prediction path (read, transform, compute, store, read again)
// checked against the training loop.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/runs/run_store.h"
#include "core/runs/saved_network.h"

namespace panicle {

struct SelfCheckRow {
  std::string metric;  // "error_rate", "valid_loss", "variety_accuracy"
  double logged = 0;
  double rescored = 0;
  bool agrees = false;
};

struct SelfCheck {
  // Kept: of the predictions that the run stored. Weights: the weights were read from their file and all validation images predicted anew.
  enum class Of { Kept, Weights };

  Of of = Of::Kept;
  std::string made;        // ISO 8601, UTC
  std::size_t images = 0;  // of validation
  std::vector<SelfCheckRow> rows;
  // Of Weights: the largest difference of a probability from the kept predictions, and how many images are now of another class; by id.
  double largest_change = 0;
  std::size_t changed_classes = 0;

  bool agrees() const;       // all rows do
  std::string words() const;  // one sentence
};

// Metrics of counts must agree exactly, the loss and averages to a ten thousandth. valid_loss is compared where it is the plain cross-entropy of the
// label (one target, no label smoothing, no class weights, not focal).
// Of what the run has kept; null where there is nothing to compare: no validation images, or no logged metrics of the kept model (a run that was stopped
// within an epoch). Throws Error for predictions that cannot be read.
std::optional<SelfCheck> selfCheckOfKept(const std::filesystem::path& runFolder, const RunSpec& spec, const std::map<std::string, double>& logged);

// Of the weights. Throws Error as ensurePredictions() (core/runs/run_predictions.h) and where there is nothing to compare; Cancelled.
SelfCheck selfCheckOfWeights(const RunStore& store, const std::string& run, const PredictionObserver& observer, std::stop_token stop = {});

// <run>/self_check.json
void writeSelfCheck(const std::filesystem::path& runFolder, const SelfCheck& check);
std::optional<SelfCheck> readSelfCheck(const std::filesystem::path& runFolder);  // null: none, or one that cannot be read
Json selfCheckJson(const SelfCheck& check);

}  // namespace panicle
