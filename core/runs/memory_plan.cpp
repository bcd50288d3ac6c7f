#include "core/runs/memory_plan.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "core/base/json.h"
#include "core/loader/loader.h"
#include "core/train/schedule.h"

namespace panicle {
namespace {

constexpr std::size_t kGroups = 2;  // of every network: body and head
constexpr std::size_t kRemembered = 4096;

// What a step's memory depends on, as a text.
std::string keyOf(const PlanRequest& request) {
  Json key = Json::array({static_cast<int>(request.kind), toJson(request.model), request.outputs,
                          toString(request.image), request.batch.size, request.batch.effectiveSize(),
                          static_cast<int>(request.precision), toJson(request.optimizer),
                          toJson(request.loss), request.mix, request.frozen, request.clip,
                          request.model_copies, static_cast<int>(request.fidelity), request.threads});
  if (request.item) key.push_back(toString(*request.item));
  if (request.augment) key.push_back(toJson(*request.augment));
  return key.dump();
}

// Steps that were planned before.
class Memory {
 public:
  MemoryParts plan(const PlanRequest& request, std::stop_token stop) {
    const std::string key = keyOf(request);
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = parts_.find(key); found != parts_.end()) return found->second;
    }
    const MemoryParts parts = planStep(request, std::move(stop));
    const std::lock_guard lock(mutex_);
    if (parts_.size() >= kRemembered) parts_.clear();
    return parts_.emplace(key, parts).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, MemoryParts> parts_;
};

std::uint64_t pixels(Size size) {
  return static_cast<std::uint64_t>(size.height) * static_cast<std::uint64_t>(size.width);
}

// As the loader holds it: what a card gets goes through the batch transforms there.
std::uint64_t batchBytes(const RunSpec& spec, const StageOptions& stage, ComputeKind kind) {
  const auto images = static_cast<std::uint64_t>(spec.batchOf(stage).size);
  const bool items = kind == ComputeKind::Cuda && stage.resize.method != ResizeMethod::RatioResize;
  return images * 3 * (items ? pixels(stage.resize.size) : pixels(makePipeline(spec, stage).outputSize()) * sizeof(float));
}

// The loader's batches on their way, and the one in work: of the process, but of no tensor.
std::uint64_t loaderBytes(const RunSpec& spec, const StageOptions& stage) {
  return static_cast<std::uint64_t>(prefetchOf(spec, stage, ComputeKind::Cpu) + 1) * batchBytes(spec, stage, ComputeKind::Cpu);
}

int copiesOf(const CallbackOptions& callbacks) {
  return (callbacks.ema_decay ? 1 : 0) + (callbacks.keep_best ? 1 : 0);
}

void refuseProblems(const RunSpec& spec) {
  std::vector<std::string> problems = check(spec);
  // Photos and weight files do not matter to memory: a run can be planned before they are there.
  std::erase_if(problems, [](const std::string& problem) {
    return problem.starts_with("data.") || problem.starts_with("model.weights");
  });
  throwProblems("this run cannot be planned:", problems);
}

StagePlan planStage(const RunSpec& spec, std::size_t stage, std::int64_t outputs,
                    const DeviceProfile& profile, const std::stop_token& stop) {
  static Memory memory;
  StagePlan worst{.stage = stage};
  std::set<bool> kinds;
  for (const FitPhase& phase : planPhases(spec.stages[stage].schedule, kGroups))
    kinds.insert(phase.frozen_groups > 0);
  for (const bool frozen : kinds) {
    const PlanRequest request = planRequest(spec, stage, frozen, outputs, profile);
    MemoryParts parts = memory.plan(request, stop);
    parts.overhead = profile.overhead;
    if (profile.kind == ComputeKind::Cpu) parts.loader = loaderBytes(spec, spec.stages[stage]);
    if (parts.total() > worst.parts.total()) worst = {stage, frozen, parts};
  }
  return worst;
}

}  // namespace

int prefetchOf(const RunSpec& spec, const StageOptions& stage, ComputeKind kind) {
  const std::uint64_t fitting = spec.memory.loaderBytes() / std::max<std::uint64_t>(batchBytes(spec, stage, kind), 1);
  const auto most = static_cast<std::uint64_t>(LoaderOptions{}.prefetch);
  return static_cast<int>(std::clamp<std::uint64_t>(fitting, 2, most + 1)) - 1;
}

PlanRequest planRequest(const RunSpec& spec, std::size_t stage, bool frozen, std::int64_t outputs,
                        const DeviceProfile& profile) {
  const StageOptions& options = spec.stages.at(stage);
  Precision precision = spec.precision == Precision::Auto ? profile.precision : spec.precision;
  if (profile.kind == ComputeKind::Cpu) precision = resolvePrecision(precision, "cpu");
  PlanRequest request{.kind = profile.kind,
                      .model = spec.model,
                      .outputs = outputs,
                      .image = makePipeline(spec, options).outputSize(),
                      .item = {},
                      .augment = {},
                      .batch = spec.batchOf(options),
                      .precision = precision,
                      .optimizer = spec.optimizer,
                      .loss = options.loss,
                      .mix = options.mix.has_value(),
                      .frozen = frozen,
                      .clip = spec.callbacks.grad_clip.has_value(),
                      .model_copies = copiesOf(spec.callbacks),
                      .fidelity = spec.fidelity,
                      .threads = spec.threads};
  // Items of many sizes make no batch before the loader's threads have transformed them.
  if (profile.kind == ComputeKind::Cuda && options.resize.method != ResizeMethod::RatioResize) {
    request.item = options.resize.size;
    request.augment = options.augment;
  }
  return request;
}

RunPlan predict(const RunSpec& spec, std::int64_t outputs, const DeviceProfile& profile,
                std::stop_token stop) {
  refuseProblems(spec);
  RunPlan plan;
  for (std::size_t stage = 0; stage < spec.stages.size(); ++stage) {
    plan.stages.push_back(planStage(spec, stage, outputs, profile, stop));
    if (plan.stages.back().parts.total() > plan.peak()) plan.worst = stage;
  }
  plan.precision = planRequest(spec, 0, false, outputs, profile).precision;
  return plan;
}

}  // namespace panicle
