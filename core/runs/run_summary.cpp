#include "core/runs/run_summary.h"

#include <spdlog/fmt/fmt.h>

#include "core/runs/compare_runs.h"

namespace panicle {
namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string words;
  for (const std::string& part : parts) words += (words.empty() ? "" : "; ") + part;
  return words;
}

std::string transformsOf(const StageOptions& stage) {
  std::string words = fmt::format("{} {}", enumName(stage.resize.method), toString(stage.resize.size));
  if (stage.augment) {
    words += " → aug";
    if (stage.augment->size) words += " " + toString(*stage.augment->size);
    if (stage.augment->min_scale < 1) words += fmt::format(", min_scale {:g}", stage.augment->min_scale);
    if (stage.augment->engine != AugEngine::Fastai) words += fmt::format(", {}", enumName(stage.augment->engine));
  }
  if (stage.mix) {
    words += fmt::format(", {}", enumName(stage.mix->kind));
    if (stage.mix->alpha) words += fmt::format(" {:g}", *stage.mix->alpha);
  }
  return words;
}

std::string scheduleOf(const ScheduleOptions& schedule) {
  std::string words = fmt::format("{} {}", enumName(schedule.kind), schedule.epochs);
  if (schedule.kind != ScheduleKind::FineTune) return words + " at " + schedule.lr_max.text();
  if (schedule.freeze_epochs != 1) words += fmt::format(" after {} frozen", schedule.freeze_epochs);
  return words + fmt::format(" at {:g}", schedule.base_lr);
}

int epochsOf(const ScheduleOptions& schedule) {
  return schedule.epochs + (schedule.kind == ScheduleKind::FineTune ? schedule.freeze_epochs : 0);
}

}  // namespace

std::string transformsInWords(const RunSpec& spec) {
  std::vector<std::string> stages;
  for (const StageOptions& stage : spec.stages) stages.push_back(transformsOf(stage));
  return join(stages);
}

std::string scheduleInWords(const RunSpec& spec) {
  std::vector<std::string> stages;
  for (const StageOptions& stage : spec.stages) stages.push_back(scheduleOf(stage.schedule));
  return join(stages);
}

RunSummary summarize(const RunSpec& spec) {
  RunSummary summary;
  summary.name = spec.name;
  summary.architecture = spec.model.arch;
  summary.transforms = transformsInWords(spec);
  summary.schedule = scheduleInWords(spec);
  summary.data = spec.data.root;
  summary.device = spec.device;
  summary.precision = enumName(spec.precision);
  summary.seed = spec.seed;
  summary.batch = spec.batch.size * spec.batch.accum;
  summary.settings = settingsKey(spec);
  for (const StageOptions& stage : spec.stages) summary.planned_epochs += epochsOf(stage.schedule);
  return summary;
}

}  // namespace panicle
