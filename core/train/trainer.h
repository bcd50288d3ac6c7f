// The training loop. Internal to core (includes torch).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/loader/loader.h"
#include "core/models/classifier.h"
#include "core/models/pieces.h"
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
#include "core/train/step_pieces.h"
#include "core/train/time_left.h"
#include "core/train/tracker.h"
#include "core/train/trainer_state.h"

namespace panicle {

// Samples of the run by their index in the loader's list.
struct FitData {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> valid;
};

// Where a training can be saved: a batch has gone through and none of its gradients waits for a step; an epoch is over and was told; the run was
// told to stop, or to give its device back, and is as after its last batch.
enum class Boundary { Batch, Epoch, Stop, Free };

// Rates that a training is to change by itself, as it did when it came to this step the first time.
struct PlannedChange {
  std::uint64_t step = 0;
  RateChange change;
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
  bool split_batches = false;  // those that do not fit into memory go through in pieces; not with Fidelity::Fastai
  // May call Trainer::saveState(). At Boundary::Free it throws when the state is kept, which leaves fit(), or says TrainControl::keepDevice().
  // None: nobody asks, and a pause never frees the device.
  std::function<void(Boundary)> on_boundary;
  std::vector<PlannedChange> changes;         // by step
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
  // A training that was restored in this stage goes on in it.
  FitEnd fit(const StageFit& stage, Loader& loader, const FitData& data, const std::vector<Sample>& samples);

  // At a boundary: everything that another trainer of the same model, options and data needs to go on as this one does. No tensor is copied.
  TrainerState saveState() const;
  // Before the first fit(). Throws Error where the state is of another network or run; the trainer is of no use then.
  void restoreState(const TrainerState& state);
  int stage() const { return place_.stage; }  // of the fit that goes on, or is over
  int epoch() const { return epoch_; }         // epochs that are over, of the run
  std::uint64_t step() const { return step_; } // batches that were trained on, of the run

  // A short training with a rising rate: of the layers that the stage's first phase trains, with its batch, transforms and loss. Returns why it
  // ended, in words. Weights, buffers and the optimizer are as before afterwards, bit for bit. A point is a step of the optimizer; with
  // Fidelity::Fastai a batch. Throws Cancelled on a stop, and Error without a batch or when the first loss is not finite.
  std::string sweep(const LrSweepOptions& options, const StageFit& stage, Loader& loader, const FitData& data,
                    const std::vector<Sample>& samples, const std::function<void(const LrPoint&)>& onPoint);

  // Nothing more will be trained: the model takes the weights to keep, which are those of the fit's best epoch where CallbackOptions::keep_best
  // asks for them, else the moving average where there is one. True: lastMetrics() are of these weights.
  bool settle();
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

  // In the plan of the run. A checkpoint tells it.
  struct Place {
    int stage = 0;
    std::size_t phase = 0;   // of the stage; past its last: the stage is over
    int epoch = 0;           // of the phase
    std::size_t batch = 0;   // of the epoch: those that are done
  };

  FitEnd fitPhase(const StageFit& stage, const FitPhase& phase, const Objective& objective, Loader& loader, const FitData& data,
                  const std::vector<Sample>& samples);
  void beginEpoch(const StageFit& stage, const FitPhase& phase, Loader& loader, const FitData& data);
  // Whether the fit ends with this epoch.
  bool fitEpoch(const StageFit& stage, const FitPhase& phase, const Objective& objective, Loader& loader, const FitData& data,
                const std::vector<Sample>& samples);
  void tellBoundary(Boundary boundary);
  double epochSeconds() const;
  void freeze(std::size_t groups);
  void endFit();
  bool takeBest();  // false where there is none
  Pass trainPass(const StageFit& stage, const FitData& data, int epoch) const;
  void trainEpoch(const StageFit& stage, const Objective& objective, Loader& loader, const std::vector<Sample>& samples);
  // Waits out a pause; true when it is to free the device, and the state can be kept here.
  bool waitWhilePaused();
  // Likewise; leaves where the device is freed.
  void pauseWhenAsked();
  void takeChange();
  // The mean loss of a batch, with the way back to the weights. `epoch` and `step` tell the random streams.
  // `piece` of a batch that goes through in several.
  torch::Tensor lossOf(const Batch& batch, std::size_t index, const StageFit& stage, const Objective& objective, const Pipeline& pipeline,
                       std::uint64_t epoch, std::uint64_t step, int piece = 0);
  // The way forward and back of a batch in so many pieces; returns its mean loss.
  float goBack(const GatheredBatch& gathered, int pieces, const StageFit& stage, const Objective& objective, const Pipeline& pipeline);
  void tellSplit(int stage, int images);
  torch::Tensor logitsByPieces(const Batch& batch, const Pipeline& pipeline);
  // Float32 logits, computed with options_.precision.
  torch::Tensor logits(const torch::Tensor& images);
  // Nothing when it was left to free the device: it is to begin anew.
  std::optional<Validation> validate(const StageFit& stage, const Objective& objective, Loader& loader, const FitData& data,
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
  StepPieces pieces_;
  PieceByPiece validated_;
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
  Place place_;
  std::optional<Json> resumed_;      // restored, and fit() has not gone on yet: what FitSteps is to go on from
  std::size_t nextChange_ = 0;       // of options_.changes
  std::chrono::steady_clock::time_point epochBegan_;
  double paused_ = 0;                // seconds, in the epoch in work
  double elapsed_ = 0;               // seconds of work, pauses left out
  std::map<std::string, double> lastMetrics_, bestMetrics_;
};

}  // namespace panicle
