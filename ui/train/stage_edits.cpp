#include "ui/train/stage_edits.h"

#include <utility>

#include "ui/shared/transform_words.h"

namespace panicle::ui {
namespace {

auto at(RunSpec& spec, std::size_t stage) { return spec.stages.begin() + static_cast<std::ptrdiff_t>(stage); }

}  // namespace

RunSpec withStageAdded(RunSpec spec) {
  StageOptions stage = spec.stages.back();
  stage.schedule = ScheduleOptions{};
  spec.stages.push_back(std::move(stage));
  return spec;
}

RunSpec withStageDuplicated(RunSpec spec, std::size_t stage) {
  const StageOptions copy = spec.stages.at(stage);
  spec.stages.insert(at(spec, stage + 1), copy);
  return spec;
}

RunSpec withStageRemoved(RunSpec spec, std::size_t stage) {
  if (spec.stages.size() > 1) spec.stages.erase(at(spec, stage));
  return spec;
}

RunSpec withStageMoved(RunSpec spec, std::size_t stage, int by) {
  const std::size_t to = stage + static_cast<std::size_t>(by);  // -1 from 0 is past every end
  if (stage < spec.stages.size() && to < spec.stages.size()) std::swap(spec.stages[stage], spec.stages[to]);
  return spec;
}

QString stageWords(const StageOptions& stage) {
  return QStringLiteral("%1 \u00b7 %2 %3")
      .arg(transformWords(stage), QString::fromUtf8(enumName(stage.schedule.kind)))
      .arg(stage.schedule.epochs);
}

}  // namespace panicle::ui
