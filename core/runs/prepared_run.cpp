#include "core/runs/prepared_run.h"

#include <numeric>

#include "core/base/error.h"
#include "core/data/split.h"
#include "core/models/device.h"
#include "core/models/kernels.h"
#include "core/models/weight_search.h"
#include "core/runs/memory_plan.h"
#include "core/weights/weight_file.h"

namespace panicle {
namespace {

std::shared_ptr<const std::vector<TargetColumn>> makeTargets(const Dataset& dataset) {
  auto columns = std::make_shared<std::vector<TargetColumn>>();
  for (Target& target : dataset.targets())
    columns->push_back(
        {{target.name, target.vocab.size()}, std::move(target.vocab), std::move(target.values)});
  return columns;
}

std::shared_ptr<Classifier> buildModel(const RunSpec& spec, const PreparedRun& run, const Start& start,
                                       const PreparationObserver& observer) {
  observer.phase("building " + spec.model.arch);
  const Size first = makePipeline(spec, spec.stages.front()).outputSize();
  auto model = std::make_shared<Classifier>(spec.model, outputCount(*run.targets), first, spec.seed);
  if (start.file) {
    observer.phase("reading " + start.file->string());
    for (const std::string& note : loadWeights(*model, *start.file).notes)
      observer.warning({note, start.file->string()});
  }
  model->toChannelsLast();
  model->to(run.device);
  return model;
}

constexpr const char* kNormalize = "normalize";

NormalizeInput normalizationOf(const Start& start) {
  if (!start.file) return NormalizeInput::Off;
  try {
    const WeightFile weights = WeightFile::open(*start.file);
    const auto note = weights.metadata().find(kNormalize);
    if (note != weights.metadata().end() && note->second == enumName(NormalizeInput::Off)) return NormalizeInput::Off;
  } catch (const Error&) {
    // Reading the weights will say what is wrong.
  }
  return NormalizeInput::On;
}

}  // namespace

std::int64_t outputCount(const std::vector<TargetColumn>& targets) {
  const auto add = [](std::size_t sum, const TargetColumn& target) { return sum + target.kind.outputs(); };
  return static_cast<std::int64_t>(std::accumulate(targets.begin(), targets.end(), std::size_t{0}, add));
}

RunSpec withNormalization(RunSpec spec, const Start& start) {
  if (spec.model.normalize == NormalizeInput::Auto) spec.model.normalize = normalizationOf(start);
  return spec;
}

std::pair<std::string, std::string> normalizationNote(const RunSpec& spec) {
  return {kNormalize, enumName(spec.model.normalize)};
}

Start findStart(const ModelOptions& model, const std::filesystem::path& workspace) {
  if (model.weights == "none") return {.why = "model.weights is none"};
  if (model.weights != "auto") return {.file = model.weights};
  if (const auto found = findWeights(model.arch, workspace)) return {.file = found->file};
  return {.why = "no weights for " + model.arch + " on this machine"};
}

std::shared_ptr<const std::vector<Sample>> makeSamples(const Dataset& dataset,
                                                       const std::vector<Item>& items) {
  auto samples = std::make_shared<std::vector<Sample>>();
  samples->reserve(items.size());
  FilePaths paths;
  for (const Item& item : items) samples->push_back({paths(dataset.file(item)), item.target});
  return samples;
}

PreparedRun prepareRun(const RunSpec& spec, const Start& start, const PreparationObserver& observer,
                       std::stop_token stop) {
  PreparedRun run;
  observer.phase("reading the data set");
  run.dataset = loadDataset(spec.data, stop);
  for (const std::string& warning : run.dataset.warnings) observer.warning({warning, ""});
  const Split split = splitDataset(run.dataset, spec.data.split);
  run.data = {split.train, split.valid};
  run.samples = makeSamples(run.dataset, run.dataset.items);
  run.targets = makeTargets(run.dataset);
  run.device = chooseDevice(spec.device);
  run.precision = resolvePrecision(spec.precision, run.device.str());
  if (run.device.is_cpu()) {
    if (const std::string slow = describeLinearAlgebra().warning; !slow.empty()) observer.warning({slow, ""});
  }
  run.model = buildModel(spec, run, start, observer);
  return run;
}

TrainerOptions trainerOptions(const RunSpec& spec, Precision precision) {
  return {.optimizer = spec.optimizer,
          .callbacks = spec.callbacks,
          .metrics = spec.metrics,
          .precision = precision,
          .fidelity = spec.fidelity,
          .seed = spec.seed,
          .bad_images = spec.data.bad_images,
          .split_batches = spec.memory.on_oom == OnOutOfMemory::Split};
}

StageFit stageFit(const RunSpec& spec, std::size_t stage, std::size_t groups) {
  const StageOptions& options = spec.stages[stage];
  return {.stage = static_cast<int>(stage),
          .phases = planPhases(options.schedule, groups),
          .batch = spec.batchOf(options),
          .loss = options.loss,
          .mix = options.mix};
}

LoaderOptions loaderOptions(const RunSpec& spec, const StageOptions& stage, torch::Device device) {
  return {.threads = spec.loader_threads,
          .step_back = device.is_cpu(),
          .prefetch = prefetchOf(spec, stage, device.is_cpu() ? ComputeKind::Cpu : ComputeKind::Cuda),
          .batch_stage = device.is_cpu() ? BatchStage::Loader : BatchStage::Device};
}

Loader& StageLoader::begin(const StageOptions& stage, int epochs, const std::filesystem::path& workspace,
                           std::stop_token stop) {
  const Pipeline pipeline = makePipeline(spec_, stage);
  run_.model->setImageSize(pipeline.outputSize());
  const auto folder = presizeFolder(workspace);
  const CachePlan plan =
      planCache(folder, pipeline, spec_.cache, epochs, *run_.samples, run_.data.train, run_.data.valid, stop);
  if (!plan.words.empty()) observer_.phase(plan.words);
  loader_.reset();
  cache_.reset();
  if (plan.use) cache_ = std::make_shared<PresizeCache>(folder, pipeline, spec_.cache.budgetBytes());
  LoaderOptions options = loaderOptions(spec_, stage, run_.device);
  options.cache = cache_;
  loader_ = std::make_unique<Loader>(run_.samples, pipeline, options);
  return *loader_;
}

void StageLoader::tellOfCache() {
  if (!cache_) return;
  for (const std::string& notice : cache_->takeNotices()) observer_.warning({notice, ""});
}

}  // namespace panicle
