#include "core/runs/execute.h"

#include <c10/util/Exception.h>

#include <chrono>
#include <numeric>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/split.h"
#include "core/eval/predictor.h"
#include "core/loader/presize_cache.h"
#include "core/memory/meter.h"
#include "core/models/classifier.h"
#include "core/models/device.h"
#include "core/models/kernels.h"
#include "core/models/weight_search.h"
#include "core/train/trainer.h"

namespace panicle {
namespace {

std::shared_ptr<const std::vector<Sample>> makeSamples(const Dataset& dataset, const std::vector<Item>& items) {
  auto samples = std::make_shared<std::vector<Sample>>();
  samples->reserve(items.size());
  for (const Item& item : items) samples->push_back({dataset.file(item), item.target});
  return samples;
}

// What a run's network starts from.
struct Start {
  std::optional<std::filesystem::path> file;
  std::string why;  // there is none

  std::string words() const { return file ? file->string() : "scratch: " + why; }
};

Start findStart(const ModelOptions& model, const std::filesystem::path& workspace) {
  if (model.weights == "none") return {.why = "model.weights is none"};
  if (model.weights != "auto") return {.file = model.weights};
  if (const auto found = findWeights(model.arch, workspace)) return {.file = found->file};
  return {.why = "no weights for " + model.arch + " on this machine"};
}

// One run from its files to its predictions. Members are filled in the order of the work.
class Execution {
 public:
  Execution(RunStore& store, const RunSpec& spec, Start start, TrainControl& control, const TrainObserver& observer, std::string run)
      : store_(store), spec_(spec), start_(std::move(start)), control_(control), observer_(observer), run_(std::move(run)) {}

  RunEnded perform() {
    RunEnded end{.run = run_};
    try {
      prepare();
      end.status = train() ? RunStatus::Finished : RunStatus::Stopped;
    } catch (const Cancelled&) {
      end.status = RunStatus::Stopped;
    }
    if (model_) keepResults();
    if (trainer_) end.metrics = trainer_->lastMetrics();
    return end;
  }

  void tell(const TrainEvent& event) {
    store_.record(run_, event);
    if (observer_) observer_(event);
  }

 private:
  void prepare() {
    tell(PhaseChanged{"reading the data set"});
    dataset_ = loadDataset(spec_.data, control_.token());
    for (const std::string& warning : dataset_.warnings) tell(Warning{warning, ""});
    split_ = splitDataset(dataset_, spec_.data.split);
    samples_ = makeSamples(dataset_, dataset_.items);
    writeAtomically(store_.folder(run_) / "vocab.json", Json(dataset_.vocab).dump(2));

    tell(PhaseChanged{"building " + spec_.model.arch});
    device_ = chooseDevice(spec_.device);
    precision_ = resolvePrecision(spec_.precision, device_.str());
    if (device_.is_cpu()) {
      if (const std::string slow = describeLinearAlgebra().warning; !slow.empty()) tell(Warning{slow, ""});
    }
    const Size first = makePipeline(spec_, spec_.stages.front()).outputSize();
    auto model = std::make_shared<Classifier>(spec_.model, static_cast<std::int64_t>(dataset_.vocab.size()), first, spec_.seed);
    startFrom(*model);
    model->toChannelsLast();
    model->to(device_);
    model_ = std::move(model);
  }

  void startFrom(Classifier& model) {
    if (!start_.file) return;
    tell(PhaseChanged{"reading " + start_.file->string()});
    for (const std::string& note : loadWeights(model, *start_.file).notes) tell(Warning{note, start_.file->string()});
  }

  // False when it was stopped after an epoch.
  bool train() {
    TrainerOptions options{.optimizer = spec_.optimizer, .batch = spec_.batch, .precision = precision_, .seed = spec_.seed};
    options.bad_images = spec_.data.bad_images;
    std::vector<std::vector<FitPhase>> plan;
    options.total_epochs = 0;
    for (const StageOptions& stage : spec_.stages) {
      plan.push_back(planPhases(stage.schedule, model_->parameterGroups().size()));
      for (const FitPhase& phase : plan.back()) options.total_epochs += phase.epochs;
    }
    trainer_ = std::make_unique<Trainer>(model_, device_, options, control_, [this](const TrainEvent& event) { forward(event); });

    const auto batch = static_cast<std::size_t>(spec_.batch.size);
    const std::size_t steps = std::max<std::size_t>(1, split_.train.size() / batch);
    tell(RunStarted{run_, split_.train.size(), split_.valid.size(), steps, options.total_epochs,
                    describeDevice(device_) + ", " + enumName(precision_),
                    {"error_rate", "accuracy"}, start_.words()});
    for (std::size_t stage = 0; stage < plan.size(); ++stage) {
      makeLoader(spec_.stages[stage], plan[stage]);
      const FitData data{split_.train, split_.valid};
      if (trainer_->fit(static_cast<int>(stage), plan[stage], *loader_, data, *samples_) == FitEnd::StoppedAfterEpoch) return false;
    }
    return true;
  }

  // The loader of a stage, with a presize cache where it pays. The stage before gives its cache back first: only one may
  // write the same photos.
  void makeLoader(const StageOptions& stage, const std::vector<FitPhase>& phases) {
    const Pipeline pipeline = makePipeline(spec_, stage);
    model_->setImageSize(pipeline.outputSize());
    const auto folder = presizeFolder(store_.workspace());
    const int epochs = std::accumulate(phases.begin(), phases.end(), 0,
                                       [](int sum, const FitPhase& phase) { return sum + phase.epochs; });
    const CachePlan plan =
        planCache(folder, pipeline, spec_.cache, epochs, *samples_, split_.train, split_.valid, control_.token());
    if (!plan.words.empty()) tell(PhaseChanged{plan.words});
    loader_.reset();
    cache_.reset();
    if (plan.use) cache_ = std::make_shared<PresizeCache>(folder, pipeline, spec_.cache.budgetBytes());
    LoaderOptions options = loaderOptions();
    options.cache = cache_;
    loader_ = std::make_unique<Loader>(samples_, pipeline, options);
  }

  void tellOfCache() {
    if (!cache_) return;
    for (const std::string& notice : cache_->takeNotices()) tell(Warning{notice, ""});
  }

  // After each epoch the memory is told as well.
  void forward(const TrainEvent& event) {
    tell(event);
    if (!std::holds_alternative<EpochEnded>(event)) return;
    tellOfCache();
    const MemoryReading memory = meter_.read();
    tell(MemorySampled{0, memory.tensors, memory.tensors_peak});
  }

  // The model and what it says of the validation and test images. A stop is over by now: what was learnt is kept whole.
  void keepResults() {
    if (!loader_) return;
    tell(PhaseChanged{"saving the model"});
    const auto file = store_.folder(run_) / "model.safetensors";
    saveWeights(*model_, file, {{"panicle", PANICLE_VERSION}, {"vocab", Json(dataset_.vocab).dump()}});
    tell(CheckpointWritten{file.string()});
    keepPredictions("valid", *loader_, dataset_.items, split_.valid);
    if (dataset_.test.empty()) return;
    Loader test(makeSamples(dataset_, dataset_.test), loader_->pipeline(), loaderOptions());
    std::vector<std::uint32_t> all(dataset_.test.size());
    std::iota(all.begin(), all.end(), 0u);
    keepPredictions("test", test, dataset_.test, all);
  }

  void keepPredictions(const std::string& split, Loader& loader, const std::vector<Item>& list, const std::vector<std::uint32_t>& items) {
    model_->setImageSize(loader.pipeline().outputSize());  // a stop may have come between two stages
    tell(PhaseChanged{"predicting " + std::to_string(items.size()) + " " + (split == "valid" ? "validation" : split) + " images"});
    const auto onBad = [this](const BadSample& bad) { tell(Warning{"not predicted: " + bad.reason, ""}); };
    writePredictions(store_.folder(run_), split,
                     predict(*model_, device_, precision_, loader, list, items, dataset_.vocab, spec_.batch.size, onBad));
  }

  LoaderOptions loaderOptions() const {
    const auto stage = device_.is_cpu() ? BatchStage::Loader : BatchStage::Device;
    return {.threads = spec_.loader_threads, .batch_stage = stage};
  }

  RunStore& store_;
  const RunSpec& spec_;
  Start start_;
  TrainControl& control_;
  const TrainObserver& observer_;
  std::string run_;
  MemoryMeter meter_;
  Dataset dataset_;
  Split split_;
  std::shared_ptr<const std::vector<Sample>> samples_;
  torch::Device device_{torch::kCPU};
  Precision precision_ = Precision::Fp32;
  std::shared_ptr<Classifier> model_;
  std::unique_ptr<Trainer> trainer_;
  std::shared_ptr<PresizeCache> cache_;  // of the last stage that trained; null: it does without
  std::unique_ptr<Loader> loader_;       // likewise
};

std::string outOfMemoryMessage(const RunSpec& spec, const std::string& what) {
  const Size size = spec.stages.front().resize.size;
  return "out of memory with " + spec.model.arch + ", batch " + std::to_string(spec.batch.size) + ", size " + toString(size) +
         "; halve batch.size and double batch.accum, or take smaller images.\n" + what;
}

}  // namespace

RunOutcome execute(RunStore& store, const RunSpec& spec, TrainControl& control, const TrainObserver& observer) {
  throwProblems("the run cannot start:", check(spec));
  const auto start = std::chrono::steady_clock::now();
  setComputeThreads(spec.threads);
  resetPeakTensorBytes();
  Json environment = describeEnvironment();
  const c10::Device device = chooseDevice(spec.device);
  environment["device"] = describeDevice(device);
  environment["precision"] = enumName(resolvePrecision(spec.precision, device.str()));
  const Start from = findStart(spec.model, store.workspace());
  environment["start"] = from.words();
  const std::string run = store.create(spec, environment);

  RunEnded end{.run = run, .status = RunStatus::Failed};
  {
    const TensorTracking tracking;
    const KeptMemory kept;
    Execution execution(store, spec, from, control, observer, run);
    try {
      end = execution.perform();
    } catch (const c10::Error& error) {
      end.message = isOutOfMemory(error) ? outOfMemoryMessage(spec, error.what_without_backtrace()) : error.what_without_backtrace();
    } catch (const std::bad_alloc&) {
      end.message = outOfMemoryMessage(spec, "");
    } catch (const std::exception& error) {
      end.message = error.what();
    }
  }
  end.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  store.record(run, end);
  if (observer) observer(end);
  return {run, end.status, end.message};
}

}  // namespace panicle
