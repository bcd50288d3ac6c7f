// The training loop. Internal to core (includes torch).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/loader/loader.h"
#include "core/models/classifier.h"
#include "core/models/precision.h"
#include "core/train/adam.h"
#include "core/train/control.h"
#include "core/train/events.h"
#include "core/train/schedule.h"

namespace panicle {

// Samples of the run by their index in the loader's list.
struct FitData {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> valid;
};

struct TrainerOptions {
  OptimizerOptions optimizer;
  BatchOptions batch;
  Precision precision = Precision::Fp32;  // of the forward pass, and so of its way back; never Auto
  std::uint64_t seed = 42;
  int total_epochs = 1;   // over all stages, for the time left
  BadImagePolicy bad_images = BadImagePolicy::Skip;
};

// What the optimizer changes of a model: all of its groups' parameters, each with its group.
std::vector<OptimizedParameter> optimizedParameters(const Classifier& model);

enum class FitEnd { Done, StoppedAfterEpoch };

// Trains a model through the stages of a run. Keeps what outlives a stage: optimizer, epoch and step counts, time.
class Trainer {
 public:
  Trainer(std::shared_ptr<Classifier> model, torch::Device device, TrainerOptions options, TrainControl& control,
          TrainObserver observer);

  std::size_t groups() const { return groups_; }

  // Trains through `phases` with the loader of this stage. Events: BatchEnded, ValidationProgress, EpochEnded, Warning.
  // Throws Cancelled on a stop (within one batch), and Error when the loss is not finite, naming the batch's files.
  FitEnd fit(int stage, const std::vector<FitPhase>& phases, Loader& loader, const FitData& data, const std::vector<Sample>& samples);

  const std::map<std::string, double>& lastMetrics() const { return lastMetrics_; }

 private:
  struct Validation {
    double loss = 0;
    double error_rate = 0;
  };

  void beginPhase(const FitPhase& phase);
  // One pass over the training images; returns the number of batches.
  void trainEpoch(const FitPhase& phase, PositionCounter& position, Loader& loader, const std::vector<Sample>& samples);
  float trainBatch(const Batch& batch, const Pipeline& pipeline, const StepRates& rates, bool lastOfEpoch);
  // Float32 logits of a batch, computed with options_.precision.
  torch::Tensor logits(const Batch& batch, const Pipeline& pipeline);
  Validation validate(Loader& loader, const FitData& data);
  void endEpoch(int stage, const FitPhase& phase, const Validation& validation, double seconds);
  void reportBad(const Batch& batch);
  Pass trainPass(const FitData& data) const;
  double timeLeft(std::size_t batchesLeft, std::size_t batches) const;

  std::shared_ptr<Classifier> model_;
  torch::Device device_;
  TrainerOptions options_;
  TrainControl& control_;
  TrainObserver observer_;
  std::size_t groups_ = 0;
  std::unique_ptr<Adam> adam_;
  bool frozen_ = false;
  SmoothLoss smooth_;
  int epoch_ = 0;                    // over the run
  std::uint64_t step_ = 0;           // batches over the run
  std::int64_t accumulated_ = 0;     // images whose gradients wait for the next step
  std::size_t pending_ = 0;          // batches, likewise
  std::set<std::uint32_t> reported_; // bad images, each told once
  double elapsed_ = 0;               // seconds of work, pauses left out
  double trainSeconds_ = 0;          // of the timed batches, for the time left
  std::size_t trainTimed_ = 0;
  double validSeconds_ = -1;         // of the last validation; below 0: none yet
  std::size_t validBatches_ = 0;
  std::map<std::string, double> lastMetrics_;
};

}  // namespace panicle
