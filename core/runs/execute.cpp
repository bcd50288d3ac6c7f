#include "core/runs/execute.h"

#include <c10/util/Exception.h>

#include <chrono>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/eval/predictor.h"
#include "core/eval/tta_views.h"
#include "core/memory/meter.h"
#include "core/runs/memory_watch.h"
#include "core/runs/out_of_memory.h"
#include "core/models/device.h"
#include "core/runs/prepared_run.h"
#include "core/runs/resume_point.h"
#include "core/runs/run_predictions.h"
#include "core/runs/run_saver.h"
#include "core/runs/self_check.h"
#include "core/runs/tensorboard.h"

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

// Of a run that was there before: what was known of it, and why what is to come will not be bit for bit what it would have been.
struct Resumed {
  RunRecord record;
  std::string inexact;  // "": it will
};

// Thrown through a training whose device was asked for: all that it goes on from is on disk.
struct DeviceFreed {};

// One run from its files to its predictions. Members are filled in the order of the work.
class Execution {
 public:
  Execution(RunStore& store, const RunSpec& spec, std::optional<Resumed> resumed, TrainControl& control, const TrainObserver& observer,
            std::string run, const DeviceProfile& profile, const TensorTracking& tracking)
      : store_(store),
        spec_(spec),
        resumed_(std::move(resumed)),
        control_(control),
        observer_(observer),
        run_(std::move(run)),
        saver_(store_.folder(run_), spec_.checkpoint, control_, [this](const TrainEvent& event) { tell(event); },
               [this](const TrainEvent& event) { show(event); }),
        memory_(store_, spec_, run_, profile, tracking, [this](const TrainEvent& event) { tell(event); }) {}

  // Nothing when the device was freed: the run is to go on from its newest checkpoint.
  std::optional<RunEnded> perform() {
    RunEnded end{.run = run_};
    try {
      if (resumed_) findPoint();
      prepared_ = prepareRun(spec_, start(), telling_, preparing());
      checkData(store_, run_, prepared_.dataset, goesOn_, warning_, preparing());
      memory_.plan(outputCount(*prepared_.targets));
      saver_.patiently([this] { writeAtomically(store_.folder(run_) / "vocab.json", Json(prepared_.dataset.vocab).dump(2)); });
      end.status = train() ? RunStatus::Finished : RunStatus::Stopped;
    } catch (const Cancelled&) {
      end.status = RunStatus::Stopped;
    } catch (const DeviceFreed&) {
      return std::nullopt;
    }
    tellOfSkippedSteps();
    const bool measured = trainer_ && trainer_->settle();
    if (loaders_.current()) {
      saver_.patiently([this] {
        if (!saver_.holdsModel()) saveModel(saver_.saved());
        saver_.finish();
      });
      keepPredictions(end.status == RunStatus::Finished);
    }
    end.metrics = measured ? trainer_->lastMetrics() : predictedMetrics_;
    if (ttaErrorRate_) end.metrics["tta_error_rate"] = *ttaErrorRate_;
    if (measured) checkItself(end.metrics);
    return end;
  }

  // After a failure: the predictions of the last good checkpoint. Returns what was kept, in words; "" without one.
  std::string rescue() {
    saver_.wait();
    const int epochs = saver_.saved().epochs;
    if (epochs == 0) return "";
    const std::string model = "The model of " + (epochs == 1 ? std::string("the first epoch") : std::to_string(epochs) + " epochs");
    if (!loaders_.current()) return model + " was kept.";
    tell(PhaseChanged{"reading the last good checkpoint"});
    loadWeights(*prepared_.model, saver_.modelFile());
    keepPredictions(false);
    return model + " and its predictions were kept.";
  }

  // The stage that the run was in.
  const StageOptions& stage() const { return spec_.stages[stage_]; }

  // What is known when memory was not enough; `what`: the allocator's words.
  Shortage shortage(const std::string& what) {
    return {stage_, memory_.outputs(), memory_.profile(), memory_.peak(), memory_.read(), what};
  }

  // Of the last epoch that was saved.
  const std::map<std::string, double>& savedMetrics() const { return saver_.saved().metrics; }

  // Since the run began; of one that was resumed, what was lost left out.
  double seconds() const {
    return secondsBefore_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

  MemoryWatch& memory() { return memory_; }

  void tell(const TrainEvent& event) {
    saver_.patiently([&] { store_.record(run_, event); });
    show(event);
  }

 private:
  void show(const TrainEvent& event) {
    if (observer_) observer_(event);
  }

  // Where the run goes on. Its beginning, where no checkpoint is whole.
  void findPoint() {
    tell(PhaseChanged{"looking for the newest checkpoint"});
    point_ = findResumePoint(store_, resumed_->record, warning_, {});
    goesOn_ = point_->checkpoint.has_value();
    if (goesOn_) {
      secondsBefore_ = point_->checkpoint->note().seconds;
      memory_.goOnFrom(secondsBefore_, point_->checkpoint->step());
    } else {
      warning_("run " + run_ + " has no checkpoint: it begins anew");
    }
    if (goesOn_ && !resumed_->inexact.empty()) {
      warning_("the run goes on, but not bit for bit as it would have without the interruption: " + resumed_->inexact);
    }
  }

  // What stops the preparation. A run that goes on has learnt something, and is made ready whatever is asked: so a stop keeps its model, with
  // metrics and predictions.
  std::stop_token preparing() const { return goesOn_ ? std::stop_token() : control_.token(); }

  void atBoundary(Boundary boundary) {
    const auto store = [this] { store_.flush(run_); };
    if (boundary != Boundary::Free) return saver_.atBoundary(boundary, *trainer_, seconds(), store);
    tell(PhaseChanged{"saving what the run goes on from"});
    if (saver_.saveNow(*trainer_, seconds(), store)) throw DeviceFreed{};
    control_.keepDevice();
    tell(PhaseChanged{"paused; the device is not free"});
    warning_("the device could not be given back, for what the run would go on from was not saved: the run is paused with all that it holds");
  }

  // Of the network; one that goes on takes its weights from the checkpoint.
  Start start() const {
    if (!goesOn_) return findStart(spec_.model, store_.workspace());
    const Checkpoint& checkpoint = *point_->checkpoint;
    std::string place = "the checkpoint after step " + std::to_string(checkpoint.step()) + " (epochs " + std::to_string(checkpoint.epoch());
    if (checkpoint.batch() > 0) place += ", batches " + std::to_string(checkpoint.batch());
    return {.goes_on = place + ")" + (resumed_->inexact.empty() ? ", bit for bit" : "")};
  }

  // False when it was stopped after an epoch.
  bool train() {
    std::vector<StageFit> stages;
    for (std::size_t stage = 0; stage < spec_.stages.size(); ++stage) {
      stages.push_back(stageFit(spec_, stage, prepared_.model->parameterGroups().size()));
    }
    TrainerOptions options = trainerOptions(spec_, prepared_.precision);
    options.plan = planTime(stages);
    options.on_boundary = [this](Boundary boundary) { atBoundary(boundary); };
    if (point_) options.changes = point_->changes;
    trainer_ = std::make_unique<Trainer>(prepared_.model, prepared_.device, prepared_.targets, options, control_,
                                         [this](const TrainEvent& event) { forward(event); });
    tellStart(stages);
    if (goesOn_) {
      trainer_->restoreState(point_->checkpoint->state());
      saver_.goOnFrom(*point_->checkpoint);
      point_->checkpoint.reset();
    }
    for (auto stage = static_cast<std::size_t>(trainer_->stage()); stage < stages.size(); ++stage) {
      stage_ = stage;
      memory_.enter(static_cast<int>(stage));
      Loader& loader = loaders_.begin(spec_.stages[stage], epochsOf(stages[stage]), store_.workspace(), preparing());
      const FitEnd end = trainer_->fit(stages[stage], loader, prepared_.data, *prepared_.samples);
      memory_.leave(end == FitEnd::Done);
      if (end == FitEnd::StoppedAfterEpoch) return false;
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
    started.start = start().words();
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
    saver_.report();
    tell(event);
    if (std::holds_alternative<BatchEnded>(event)) saver_.modelMoved();
    if (const auto* batch = std::get_if<BatchEnded>(&event)) memory_.setStep(batch->step);
    memory_.report();
    const auto* ended = std::get_if<EpochEnded>(&event);
    if (!ended) return;
    if (trainer_->keepsEpoch()) saver_.patiently([&] { saveModel({ended->epoch + 1, trainer_->lastMetrics()}); });
    loaders_.tellOfCache();
  }

  void tellOfSkippedSteps() {
    const std::uint64_t skipped = trainer_ ? trainer_->skippedSteps() : 0;
    if (skipped == 0) return;
    tell(Warning{std::to_string(skipped) + (skipped == 1 ? " step was" : " steps were") +
                     " left out because gradients were not finite numbers in 16 bits; a few at the beginning are usual, many mean "
                     "that the learning rate is too high",
                 ""});
  }

  // Settling puts back the weights that the newest epoch was validated with; so while nothing was trained since, the file holds them.
  void saveModel(const RunSaver::Saved& what) {
    saver_.saveModel(*prepared_.model,
                     {{"panicle", PANICLE_VERSION},
                      {"vocab", Json(prepared_.dataset.vocab).dump()},
                      {"targets", outputsOf(*prepared_.targets).dump()},
                      normalizationNote(spec_)},
                     what);
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
    Loader test(makeSamples(dataset, dataset.test), loader.pipeline(), loaderOptions(spec_, stage(), prepared_.device));
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
    saver_.patiently([&] { writeOutputs(store_.folder(run_), split, plain, targets, list); });
    if (split == "valid") predictedMetrics_ = metricsOf(plain);
    if (!tta_ || plain.items.empty()) return;
    tell(PhaseChanged{"predicting " + images + " with test-time augmentation"});
    Outputs tta;
    TtaViewKeeper views(plain, *tta_);
    try {
      tta = predictTta(with, loader, targets, *tta_, items, plain, control_.token(), {}, [&](const Outputs& pass) { views.add(pass); });
    } catch (const Cancelled&) {
      tta_.reset();
      tell(Warning{"test-time augmentation was left out: the run was told to stop", ""});
      return;
    }
    saver_.patiently([&] {
      views.write(store_.folder(run_), ttaStem(split), targets, list);
      writeOutputs(store_.folder(run_), ttaStem(split), tta, targets, list);
    });
    if (const double rate = classPredictions(tta, targets, 0, list).errorRate(); !std::isnan(rate)) ttaErrorRate_ = rate;
  }

  // The kept predictions beside what the training logged of these weights.
  void checkItself(const std::map<std::string, double>& logged) {
    try {
      const auto check = selfCheckOfKept(store_.folder(run_), spec_, logged);
      if (!check) return;
      saver_.patiently([&] { writeSelfCheck(store_.folder(run_), *check); });
      if (!check->agrees()) tell(Warning{"self-check failed: " + check->words(), ""});
    } catch (const Error& error) {
      tell(Warning{std::string("the run was not checked: ") + error.what(), ""});
    }
  }

  // What an epoch's validation would have told of them: metrics take probabilities as well.
  std::map<std::string, double> metricsOf(const Outputs& outputs) const {
    if (outputs.items.empty()) return {};
    MetricTable table(spec_.metrics, prepared_.targets);
    const auto rows = static_cast<std::int64_t>(outputs.items.size()), columns = static_cast<std::int64_t>(outputs.width());
    table.add(torch::from_blob(const_cast<float*>(outputs.values.data()), {rows, columns}), outputs.items);
    return table.values();
  }

  RunStore& store_;
  const RunSpec& spec_;
  std::optional<Resumed> resumed_;
  TrainControl& control_;
  const TrainObserver& observer_;
  std::string run_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double secondsBefore_ = 0;  // of a run that was resumed, up to its checkpoint
  RunSaver saver_;
  MemoryWatch memory_;
  PreparationObserver telling_{.phase = [this](const std::string& what) { tell(PhaseChanged{what}); },
                               .warning = [this](const Warning& warning) { tell(warning); }};
  std::function<void(const std::string&)> warning_ = [this](const std::string& what) { tell(Warning{what, ""}); };
  std::optional<ResumePoint> point_;
  bool goesOn_ = false;  // from a checkpoint
  PreparedRun prepared_;
  StageLoader loaders_{spec_, prepared_, telling_};
  std::unique_ptr<Trainer> trainer_;
  std::size_t stage_ = 0;
  std::optional<TtaOptions> tta_;        // null: none is wanted, or not any more
  std::map<std::string, double> predictedMetrics_;  // of the kept model on the validation images
  std::optional<double> ttaErrorRate_;   // of the label on the validation images
};

std::string shortageWords(Execution& execution, const RunSpec& spec, const std::string& what, std::vector<Remedy>& remedies) {
  const Shortage shortage = execution.shortage(what);
  if (shortage.outputs > 0) remedies = remediesFor(spec, shortage);
  return shortageMessage(spec, shortage, remedies);
}

// What ended the run by an exception, which is being handled; `remedies` are filled where memory was not enough.
std::string failureMessage(Execution& execution, const RunSpec& spec, std::vector<Remedy>& remedies) {
  try {
    throw;
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    return isOutOfMemory(error) ? shortageWords(execution, spec, what, remedies) : what;
  } catch (const std::bad_alloc&) {
    return shortageWords(execution, spec, "", remedies);
  } catch (const std::exception& error) {
    return error.what();
  }
}

// The run's end, however it comes; nothing when its device was freed.
std::optional<RunEnded> performOrRescue(Execution& execution, const RunSpec& spec, const std::string& run) {
  RunEnded end{.run = run, .status = RunStatus::Failed};
  try {
    return execution.perform();
  } catch (...) {
    end.message = failureMessage(execution, spec, end.remedies);
  }
  end.metrics = execution.savedMetrics();
  std::vector<Remedy> ignored;  // of the rescue, which takes less than the run did
  try {
    if (const std::string kept = execution.rescue(); !kept.empty()) end.message += "\n" + kept;
  } catch (...) {
    end.message += "\nThe last checkpoint could not be predicted with: " + failureMessage(execution, spec, ignored);
  }
  return end;
}

// On a processor: the system would rather end the program than refuse memory.
std::uint64_t tensorLimit(const RunSpec& spec) {
  const std::uint64_t budget = spec.memory.budgetBytes();
  return budget > 0 ? budget : MemoryMeter(MeterOf::Processor).read().available;
}

// What a run records about where it is carried out; the threads that it computes with are set.
Json environmentOf(const RunSpec& spec, const c10::Device& device) {
  setComputeThreads(spec.threads);
  Json environment = describeEnvironment();
  environment["device"] = describeDevice(device);
  environment["precision"] = enumName(resolvePrecision(spec.precision, device.str()));
  return environment;
}

// Until its end, or until its device was freed (nothing).
std::optional<RunEnded> trainOn(RunStore& store, const RunSpec& spec, const std::string& run, std::optional<Resumed> resumed,
                                const c10::Device& device, TrainControl& control, const TrainObserver& observer) {
  const DeviceProfile profile = profileOfRun(store, device.is_cuda());
  const TensorTracking tracking(device.is_cuda() ? 0 : tensorLimit(spec));
  const CardBudget budget(device.is_cuda() ? device.index() : 0, device.is_cuda() ? spec.memory.budgetBytes() : 0);
  const KeptMemory kept;
  Execution execution(store, spec, std::move(resumed), control, observer, run, profile, tracking);
  std::optional<RunEnded> end = performOrRescue(execution, spec, run);
  execution.memory().finish();
  if (end) end->seconds = execution.seconds();
  return end;
}

// A run that is Running in the store, to its end.
RunOutcome carryOut(RunStore& store, const RunSpec& spec, const std::string& run, std::optional<Resumed> resumed, const c10::Device& device,
                    TrainControl& control, const TrainObserver& observer) {
  // Shown and not stored: a disk that takes no event files may not take this either.
  const auto warn = [&](const std::string& what) {
    if (observer) observer(Warning{what, ""});
  };
  std::optional<TensorBoardLog> log;
  if (spec.tensorboard) log.emplace(store, warn);
  const TrainObserver show = [&](const TrainEvent& event) {
    if (log) log->take(event);
    if (observer) observer(event);
  };
  resetPeakTensorBytes();
  std::optional<RunEnded> ended = trainOn(store, spec, run, std::move(resumed), device, control, show);
  while (!ended) {
    releaseKept(device);
    show(PhaseChanged{"paused; the device is free"});
    control.waitWithoutDevice();
    RunRecord record = store.get(run);
    std::string inexact = whyNotExact(record.environment, record.environment);
    ended = trainOn(store, spec, run, Resumed{std::move(record), std::move(inexact)}, device, control, show);
  }
  const RunEnded& end = *ended;
  DiskPatience patience(control, [&](const std::string& words) { show(PhaseChanged{words}); });
  patience([&] { store.record(run, end); });
  show(end);
  // What it could have been resumed from is of no use to one that has finished.
  std::error_code ignored;
  if (end.status == RunStatus::Finished) std::filesystem::remove_all(checkpointFolder(store.folder(run)), ignored);
  return {run, end.status, end.message};
}

}  // namespace

RunOutcome execute(RunStore& store, const RunSpec& asked, TrainControl& control, const TrainObserver& observer) {
  throwProblems("the run cannot start:", check(asked));
  const Start start = findStart(asked.model, store.workspace());
  const RunSpec spec = withNormalization(asked, start);
  const c10::Device device = chooseDevice(spec.device);
  Json environment = environmentOf(spec, device);
  environment["start"] = start.words();
  return carryOut(store, spec, store.create(spec, environment), std::nullopt, device, control, observer);
}

RunOutcome resume(RunStore& store, const std::string& run, TrainControl& control, const TrainObserver& observer) {
  store.get(run);  // says that there is no such run
  const RunSpec spec = readSpec(store.folder(run) / "spec.json");
  throwProblems("run " + run + " cannot be resumed:", check(spec));
  const c10::Device device = chooseDevice(spec.device);
  const Json environment = environmentOf(spec, device);
  Resumed resumed{.record = store.reopen(run), .inexact = ""};
  forgetMadePredictions(store.folder(run));
  resumed.inexact = whyNotExact(resumed.record.environment, environment);
  return carryOut(store, spec, run, std::move(resumed), device, control, observer);
}

}  // namespace panicle
