// The training loop. Internal to core (includes torch).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/loader/loader.h"
#include "core/models/classifier.h"
#include "core/models/precision.h"
#include "core/train/callback_options.h"
#include "core/train/control.h"
#include "core/train/events.h"
#include "core/train/fidelity.h"
#include "core/train/fit_steps.h"
#include "core/train/lr_sweep.h"
#include "core/train/model_copy.h"
#include "core/train/objective.h"
#include "core/train/schedule.h"
#include "core/train/time_left.h"
#include "core/train/tracker.h"

namespace panicle {

// Samples of the run by their index in the loader's list.
struct FitData {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> valid;
};

struct TrainerOptions {
  OptimizerOptions optimizer;
  CallbackOptions callbacks;
  std::vector<std::string> metrics{"error_rate", "accuracy"};
  Precision precision = Precision::Fp32;  // of the forward pass, and so of its way back; never Auto
  Fidelity fidelity = Fidelity::Default;
  std::uint64_t seed = 42;
  TimePlan plan;  // one fit for each phase to come; without any the time left stays unknown
  BadImagePolicy bad_images = BadImagePolicy::Skip;
};

// What a stage trains with, beside its loader.
struct StageFit {
  int stage = 0;  // index into RunSpec::stages
  std::vector<FitPhase> phases;
  BatchOptions batch;
  LossOptions loss;
  std::optional<MixOptions> mix;
};

// What the optimizer changes of a model: all of its groups' parameters, each with its group.
std::vector<OptimizedParameter> optimizedParameters(const Classifier& model);

enum class FitEnd { Done, StoppedAfterEpoch };

// Trains a model through the stages of a run. Keeps what outlives a stage: optimizer, epoch and step counts, time.
class Trainer {
 public:
  // `targets` have a value for each of the loader's samples.
  Trainer(std::shared_ptr<Classifier> model, torch::Device device, std::shared_ptr<const std::vector<TargetColumn>> targets,
          TrainerOptions options, TrainControl& control, TrainObserver observer);

  std::size_t groups() const { return groups_; }

  // Trains through the stage's phases with its loader. Events: BatchEnded, ValidationProgress, EpochEnded, RatesChanged, Warning. While
  // EpochEnded is told, the model holds the weights that were validated. Throws Cancelled on a stop (within one batch), and Error when
  // the loss is not finite, naming the batch's files.
  FitEnd fit(const StageFit& stage, Loader& loader, const FitData& data, const std::vector<Sample>& samples);

  // A short training with a rising rate: of the layers that the stage's first phase trains, with its batch, transforms and loss. Returns why it
  // ended, in words. Weights, buffers and the optimizer are as before afterwards, bit for bit. A point is a step of the optimizer; with
  // Fidelity::Fastai a batch. Throws Cancelled on a stop, and Error without a batch or when the first loss is not finite.
  std::string sweep(const LrSweepOptions& options, const StageFit& stage, Loader& loader, const FitData& data,
                    const std::vector<Sample>& samples, const std::function<void(const LrPoint&)>& onPoint);

  // Nothing more will be trained: the model takes the weights to keep, which are those of the fit's best epoch where CallbackOptions::keep_best
  // asks for them, else the moving average where there is one.
  void settle();
  // Whether the weights of the newest epoch are worth keeping: of keep_best, those of the best so far in its fit.
  bool keepsEpoch() const { return keepsEpoch_; }

  // Of the newest epoch, or of the one whose weights keep_best has put back.
  const std::map<std::string, double>& lastMetrics() const { return lastMetrics_; }
  std::uint64_t skippedSteps() const { return skipped_; }  // of the run so far

 private:
  class Sweeping;

  struct Validation {
    double loss = 0;
    std::map<std::string, double> metrics;
  };

  FitEnd fitPhase(const StageFit& stage, const FitPhase& phase, const Objective& objective, Loader& loader, const FitData& data,
                  const std::vector<Sample>& samples);
  void freeze(std::size_t groups);
  void endFit();
  bool takeBest();  // false where there is none
  Pass trainPass(const StageFit& stage, const FitData& data, int epoch) const;
  void trainEpoch(const StageFit& stage, const Objective& objective, Loader& loader, const std::vector<Sample>& samples);
  void waitWhilePaused();
  void takeChange();
  // The mean loss of a batch, with the way back to the weights. `epoch` and `step` tell the random streams.
  torch::Tensor lossOf(const Batch& batch, std::size_t index, const StageFit& stage, const Objective& objective, const Pipeline& pipeline,
                       std::uint64_t epoch, std::uint64_t step);
  // Float32 logits, computed with options_.precision.
  torch::Tensor logits(const torch::Tensor& images);
  Validation validate(const StageFit& stage, const Objective& objective, Loader& loader, const FitData& data,
                      const std::vector<Sample>& samples);
  EpochEnded epochEnded(int stage, const FitPhase& phase, const Validation& validation, double seconds);
  bool endEpoch(const EpochEnded& ended);
  void reportBad(const Batch& batch);
  [[noreturn]] static void failNotFinite(const Batch& batch, const std::vector<Sample>& samples, const std::string& when);

  std::shared_ptr<Classifier> model_;
  torch::Device device_;
  std::shared_ptr<const std::vector<TargetColumn>> targets_;
  TrainerOptions options_;
  TrainControl& control_;
  TrainObserver observer_;
  std::size_t groups_ = 0;
  FitSteps steps_;
  FitWatch watch_;
  TimeLeft timeLeft_;
  std::optional<WeightAverage> average_;
  std::optional<ModelCopy> best_;    // weights of the best epoch; made when it is first needed
  bool hasBest_ = false;             // of this fit
  bool keepsEpoch_ = false;
  std::size_t frozenGroups_ = 0;
  std::size_t fit_ = 0;              // phases that were begun, over the run
  int epoch_ = 0;                    // over the run
  std::uint64_t step_ = 0;           // batches over the run
  std::uint64_t skipped_ = 0, skippedInEpoch_ = 0;
  std::set<std::uint32_t> reported_; // bad images, each told once
  double paused_ = 0;                // seconds, in the epoch in work
  double elapsed_ = 0;               // seconds of work, pauses left out
  std::map<std::string, double> lastMetrics_, bestMetrics_;
};

}  // namespace panicle
