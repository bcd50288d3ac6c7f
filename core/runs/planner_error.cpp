#include "core/runs/planner_error.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace panicle {
namespace {

constexpr std::size_t kLast = 10;

std::uint64_t heldIn(const RunMemory& memory, const StageMemory& stage) {
  return memory.cuda ? stage.measured.reserved : stage.measured.tensors;
}

// The stage that says most about a run's plan, or nullptr where it was not measured to its end.
const StageMemory* tellingStage(const MeasuredRun& run) {
  const StageMemory* stage = run.memory.worst();
  return stage && stage->whole && stage->predicted->held() > 0 && heldIn(run.memory, *stage) > 0 && !run.split ? stage
                                                                                                                      : nullptr;
}

std::optional<PlannerError> errorOf(const std::vector<MeasuredRun>& runs, ComputeKind kind) {
  PlannerError error{.kind = kind};
  std::vector<double> ratios;
  for (const MeasuredRun& run : runs) {
    const StageMemory* stage = tellingStage(run);
    if (!stage || run.memory.cuda != (kind == ComputeKind::Cuda)) continue;
    const double ratio =
        static_cast<double>(heldIn(run.memory, *stage)) / static_cast<double>(stage->predicted->held());
    if (ratios.empty() || std::abs(std::log(ratio)) > std::abs(std::log(error.worst))) {
      error.worst = ratio;
      error.worst_run = run.run;
    }
    ratios.push_back(ratio);
  }
  if (ratios.empty()) return {};
  std::ranges::sort(ratios);
  const std::size_t middle = ratios.size() / 2;
  error.median = ratios.size() % 2 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
  error.runs = ratios.size();
  return error;
}

}  // namespace

std::vector<PlannerError> plannerError(const std::vector<MeasuredRun>& runs) {
  std::vector<PlannerError> errors;
  for (const ComputeKind kind : {ComputeKind::Cpu, ComputeKind::Cuda}) {
    if (const auto error = errorOf(runs, kind)) errors.push_back(*error);
  }
  return errors;
}

std::string words(const PlannerError& error) {
  return fmt::format("the plans of {} run{} on {}: measured {:.3f} times the predicted in the median, {:.3f} at worst (run {})",
                     error.runs, error.runs == 1 ? "" : "s", error.kind == ComputeKind::Cpu ? "processors" : "cards",
                     error.median, error.worst, error.worst_run);
}

std::optional<LearnedOverhead> learnedOverhead(const std::vector<MeasuredRun>& runs, const DeviceProfile& profile) {
  std::vector<const MeasuredRun*> measured;
  for (const MeasuredRun& run : runs) {
    if (run.memory.profile == profile.name && tellingStage(run)) measured.push_back(&run);
  }
  if (measured.empty()) return {};
  std::ranges::sort(measured, [](const MeasuredRun* a, const MeasuredRun* b) { return std::stoll(a->run) > std::stoll(b->run); });
  measured.resize(std::min(measured.size(), kLast));
  LearnedOverhead learned{.runs = measured.size()};
  for (const MeasuredRun* run : measured) {
    const StageMemory& stage = *tellingStage(*run);
    const std::uint64_t known = heldIn(run->memory, stage) + stage.predicted->loader;
    learned.bytes = std::max(learned.bytes, stage.measured.process - std::min(stage.measured.process, known));
  }
  return learned;
}

void learnOverhead(DeviceProfile& profile, const std::vector<MeasuredRun>& runs) {
  if (const auto learned = learnedOverhead(runs, profile)) {
    profile.overhead = learned->bytes;
    profile.overhead_measured = true;
  }
}

}  // namespace panicle
