#include "core/runs/execute.h"

#include <c10/util/Exception.h>

#include <chrono>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/eval/predictor.h"
#include "core/memory/meter.h"
#include "core/models/device.h"
#include "core/runs/background_writer.h"
#include "core/runs/prepared_run.h"

namespace panicle {
namespace {

// Photos that an epoch trains on, as trainingPass() deals them.
std::size_t trainedImages(std::size_t images, int batch) {
  const auto size = static_cast<std::size_t>(batch);
  return images < size ? images : images / size * size;
}

std::size_t steps(std::size_t images, int batch) {
  return std::max<std::size_t>(1, images / static_cast<std::size_t>(batch));
}

// What the outputs of a network mean, in their order: a number has null for its vocab.
Json outputsOf(const std::vector<TargetColumn>& targets) {
  Json all = Json::array();
  for (const TargetColumn& target : targets) {
    all.push_back({{"name", target.kind.name}, {"vocab", target.vocab.empty() ? Json(nullptr) : Json(target.vocab)}});
  }
  return all;
}

int epochsOf(const StageFit& stage) {
  return std::accumulate(stage.phases.begin(), stage.phases.end(), 0,
                         [](int sum, const FitPhase& phase) { return sum + phase.epochs; });
}

// One run from its files to its predictions. Members are filled in the order of the work.
class Execution {
 public:
  Execution(RunStore& store, const RunSpec& spec, Start start, TrainControl& control, const TrainObserver& observer, std::string run)
      : store_(store), spec_(spec), start_(std::move(start)), control_(control), observer_(observer), run_(std::move(run)) {}

  RunEnded perform() {
    RunEnded end{.run = run_};
    try {
      prepared_ = prepareRun(spec_, start_, telling_, control_.token());
      writeAtomically(store_.folder(run_) / "vocab.json", Json(prepared_.dataset.vocab).dump(2));
      end.status = train() ? RunStatus::Finished : RunStatus::Stopped;
    } catch (const Cancelled&) {
      end.status = RunStatus::Stopped;
    }
    tellOfSkippedSteps();
    if (trainer_) trainer_->settle();
    if (loaders_.current()) {
      if (!modelSaved_) saveModel(savedEpochs_, savedMetrics_);
      keepPredictions(end.status == RunStatus::Finished);
      finishWriting();
    }
    if (trainer_) end.metrics = trainer_->lastMetrics();
    if (ttaErrorRate_) end.metrics["tta_error_rate"] = *ttaErrorRate_;
    return end;
  }

  // After a failure: the predictions of the last good checkpoint. Returns what was kept, in words; "" without one.
  std::string rescue() {
    writer_.finish();
    if (savedEpochs_ == 0) return "";
    const std::string model =
        "The model of " + (savedEpochs_ == 1 ? std::string("the first epoch") : std::to_string(savedEpochs_) + " epochs");
    if (!loaders_.current()) return model + " was kept.";
    tell(PhaseChanged{"reading the last good checkpoint"});
    loadWeights(*prepared_.model, modelFile());
    keepPredictions(false);
    return model + " and its predictions were kept.";
  }

  // The stage that the run was in.
  const StageOptions& stage() const { return spec_.stages[stage_]; }

  // Of the last epoch that was saved.
  const std::map<std::string, double>& savedMetrics() const { return savedMetrics_; }

  void tell(const TrainEvent& event) {
    store_.record(run_, event);
    if (observer_) observer_(event);
  }

 private:
  // False when it was stopped after an epoch.
  bool train() {
    std::vector<StageFit> stages;
    for (std::size_t stage = 0; stage < spec_.stages.size(); ++stage) {
      stages.push_back(stageFit(spec_, stage, prepared_.model->parameterGroups().size()));
    }
    TrainerOptions options = trainerOptions(spec_, prepared_.precision);
    options.plan = planTime(stages);
    trainer_ = std::make_unique<Trainer>(prepared_.model, prepared_.device, prepared_.targets, options, control_,
                                         [this](const TrainEvent& event) { forward(event); });
    tellStart(stages);
    for (std::size_t stage = 0; stage < stages.size(); ++stage) {
      stage_ = stage;
      Loader& loader = loaders_.begin(spec_.stages[stage], epochsOf(stages[stage]), store_.workspace(), control_.token());
      if (trainer_->fit(stages[stage], loader, prepared_.data, *prepared_.samples) == FitEnd::StoppedAfterEpoch) return false;
    }
    return true;
  }

  void tellStart(const std::vector<StageFit>& stages) {
    RunStarted started{.run = run_,
                       .train_images = prepared_.data.train.size(),
                       .valid_images = prepared_.data.valid.size(),
                       .steps_per_epoch = steps(prepared_.data.train.size(), stages.front().batch.size)};
    for (const StageFit& stage : stages) started.epochs += epochsOf(stage);
    started.device = describeDevice(prepared_.device) + ", " + enumName(prepared_.precision);
    started.metrics = MetricTable(spec_.metrics, prepared_.targets).names();
    throwProblems("the run cannot start:",
                  checkMonitors(spec_.callbacks, started.metrics, !prepared_.data.valid.empty()));
    started.start = start_.words();
    tell(started);
  }

  TimePlan planTime(const std::vector<StageFit>& stages) const {
    TimePlan plan;
    for (const StageFit& stage : stages) {
      const Size size = makePipeline(spec_, spec_.stages[static_cast<std::size_t>(stage.stage)]).outputSize();
      for (const FitPhase& phase : stage.phases) {
        plan.fits.push_back({.epochs = phase.epochs,
                             .frozen = phase.frozen_groups > 0,
                             .pixels = static_cast<double>(size.height) * size.width,
                             .train_images = trainedImages(prepared_.data.train.size(), stage.batch.size),
                             .valid_images = prepared_.data.valid.size()});
      }
    }
    const std::size_t looks = spec_.tta ? static_cast<std::size_t>(spec_.tta->n) + 1 : 1;
    plan.predicted_images = looks * (prepared_.data.valid.size() + prepared_.dataset.test.size());
    return plan;
  }

  // After each epoch the model is saved, so that nothing that goes wrong later costs more than an epoch; where only the best is to be
  // kept, after each that is the best so far.
  void forward(const TrainEvent& event) {
    writer_.report();
    tell(event);
    if (std::holds_alternative<BatchEnded>(event)) modelSaved_ = false;
    const auto* ended = std::get_if<EpochEnded>(&event);
    if (!ended) return;
    if (trainer_->keepsEpoch()) saveModel(ended->epoch + 1, trainer_->lastMetrics());
    loaders_.tellOfCache();
    const MemoryReading memory = meter_.read();
    tell(MemorySampled{0, memory.tensors, memory.tensors_peak});
  }

  void tellOfSkippedSteps() {
    const std::uint64_t skipped = trainer_ ? trainer_->skippedSteps() : 0;
    if (skipped == 0) return;
    tell(Warning{std::to_string(skipped) + (skipped == 1 ? " step was" : " steps were") +
                     " left out because gradients were not finite numbers in 16 bits; a few at the beginning are usual, many mean "
                     "that the learning rate is too high",
                 ""});
  }

  std::filesystem::path modelFile() const { return store_.folder(run_) / "model.safetensors"; }

  std::shared_ptr<AtomicFile> stageModel() const {
    return stageWeights(*prepared_.model, modelFile(),
                        {{"panicle", PANICLE_VERSION}, {"vocab", Json(prepared_.dataset.vocab).dump()}, {"targets", outputsOf(*prepared_.targets).dump()}, normalizationNote(spec_)});
  }

  // Does not wait for the disk. The metrics are those of the last of `epochs`.
  void saveModel(int epochs, const std::map<std::string, double>& metrics) {
    modelSaved_ = true;
    writer_.submit("model", [file = stageModel()] { file->commit(); }, [=, this](const std::exception_ptr& failure) {
      modelFailure_ = failure;
      if (failure) return tell(Warning{"the model was not saved: " + words(failure), modelFile().string()});
      savedEpochs_ = epochs;
      savedMetrics_ = metrics;
      tell(CheckpointWritten{modelFile().string()});
    });
  }

  static std::string words(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  // What a run ends with must be on disk.
  void finishWriting() {
    writer_.finish();
    if (modelFailure_) std::rethrow_exception(modelFailure_);
  }

  // What the model says of the validation and test images; a stop does not shorten that, what was learnt is kept whole. `finished`: the run
  // came to its end; who stopped it, or stops it now, does not want to wait for the many passes of test-time augmentation.
  void keepPredictions(bool finished) {
    const std::vector<Target> targets = prepared_.dataset.targets();
    Loader& loader = *loaders_.current();
    const Dataset& dataset = prepared_.dataset;
    tta_ = finished ? spec_.tta : std::nullopt;
    keepPredictions("valid", loader, targets, dataset.items, prepared_.data.valid);
    if (dataset.test.empty()) return;
    Loader test(makeSamples(dataset, dataset.test), loader.pipeline(), loaderOptions(spec_, prepared_.device));
    std::vector<std::uint32_t> all(dataset.test.size());
    std::iota(all.begin(), all.end(), 0u);
    keepPredictions("test", test, withoutValues(targets), dataset.test, all);
  }

  // `targets` have the values of `list`, if any are known.
  void keepPredictions(const std::string& split, Loader& loader, const std::vector<Target>& targets, const std::vector<Item>& list,
                       const std::vector<std::uint32_t>& items) {
    prepared_.model->setImageSize(loader.pipeline().outputSize());  // a stop may have come between two stages
    const std::string images = std::to_string(items.size()) + " " + (split == "valid" ? "validation" : split) + " images";
    tell(PhaseChanged{"predicting " + images});
    const auto onBad = [this](const BadSample& bad) { tell(Warning{"not predicted: " + bad.reason, ""}); };
    const PredictWith with{*prepared_.model, prepared_.device, prepared_.precision, spec_.batchOf(stage()).size};
    const Outputs plain = predict(with, loader, targets, items, onBad);
    writeOutputs(store_.folder(run_), split, plain, targets, list);
    if (!tta_ || plain.items.empty()) return;
    tell(PhaseChanged{"predicting " + images + " with test-time augmentation"});
    Outputs tta;
    try {
      tta = predictTta(with, loader, targets, *tta_, items, plain, control_.token());
    } catch (const Cancelled&) {
      tta_.reset();
      tell(Warning{"test-time augmentation was left out: the run was told to stop", ""});
      return;
    }
    writeOutputs(store_.folder(run_), ttaStem(split), tta, targets, list);
    if (const double rate = classPredictions(tta, targets, 0, list).errorRate(); !std::isnan(rate)) ttaErrorRate_ = rate;
  }

  RunStore& store_;
  const RunSpec& spec_;
  Start start_;
  TrainControl& control_;
  const TrainObserver& observer_;
  std::string run_;
  MemoryMeter meter_;
  PreparationObserver telling_{.phase = [this](const std::string& what) { tell(PhaseChanged{what}); },
                               .warning = [this](const Warning& warning) { tell(warning); }};
  PreparedRun prepared_;
  StageLoader loaders_{spec_, prepared_, telling_};
  std::unique_ptr<Trainer> trainer_;
  BackgroundWriter writer_;
  std::exception_ptr modelFailure_;  // of the newest that was to be saved
  std::size_t stage_ = 0;
  // Settling puts back the weights that the newest epoch was validated with; so while nothing was trained since, the file holds them.
  bool modelSaved_ = false;
  int savedEpochs_ = 0;  // of the saved model
  std::map<std::string, double> savedMetrics_;
  std::optional<TtaOptions> tta_;        // null: none is wanted, or not any more
  std::optional<double> ttaErrorRate_;   // of the label on the validation images
};

std::string outOfMemoryMessage(const RunSpec& spec, const StageOptions& stage, const std::string& what) {
  const Size size = makePipeline(spec, stage).outputSize();
  return "out of memory with " + spec.model.arch + ", batch " + std::to_string(spec.batchOf(stage).size) + ", size " + toString(size) +
         "; halve the batch's size and double its accum, or take smaller images.\n" + what;
}

// What ended the run by an exception, which is being handled.
std::string failureMessage(const RunSpec& spec, const StageOptions& stage) {
  try {
    throw;
  } catch (const c10::Error& error) {
    return isOutOfMemory(error) ? outOfMemoryMessage(spec, stage, error.what_without_backtrace()) : error.what_without_backtrace();
  } catch (const std::bad_alloc&) {
    return outOfMemoryMessage(spec, stage, "");
  } catch (const std::exception& error) {
    return error.what();
  }
}

// The run's end, however it comes.
RunEnded performOrRescue(Execution& execution, const RunSpec& spec, const std::string& run) {
  RunEnded end{.run = run, .status = RunStatus::Failed};
  try {
    return execution.perform();
  } catch (...) {
    end.message = failureMessage(spec, execution.stage());
  }
  end.metrics = execution.savedMetrics();
  try {
    if (const std::string kept = execution.rescue(); !kept.empty()) end.message += "\n" + kept;
  } catch (...) {
    end.message += "\nThe last checkpoint could not be predicted with: " + failureMessage(spec, execution.stage());
  }
  return end;
}

}  // namespace

RunOutcome execute(RunStore& store, const RunSpec& asked, TrainControl& control, const TrainObserver& observer) {
  throwProblems("the run cannot start:", check(asked));
  const auto start = std::chrono::steady_clock::now();
  const Start from = findStart(asked.model, store.workspace());
  const RunSpec spec = withNormalization(asked, from);
  setComputeThreads(spec.threads);
  resetPeakTensorBytes();
  Json environment = describeEnvironment();
  const c10::Device device = chooseDevice(spec.device);
  environment["device"] = describeDevice(device);
  environment["precision"] = enumName(resolvePrecision(spec.precision, device.str()));
  environment["start"] = from.words();
  const std::string run = store.create(spec, environment);

  RunEnded end;
  {
    const TensorTracking tracking;
    const KeptMemory kept;
    Execution execution(store, spec, from, control, observer, run);
    end = performOrRescue(execution, spec, run);
  }
  end.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  store.record(run, end);
  if (observer) observer(end);
  return {run, end.status, end.message};
}

}  // namespace panicle
