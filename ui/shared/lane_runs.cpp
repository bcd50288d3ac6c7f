#include "ui/shared/lane_runs.h"

#include <algorithm>

namespace panicle::ui {

LaneRuns::LaneRuns(RunStore& store, QObject* parent) : QObject(parent), store_(store) {}

// All are told before the first is waited for.
LaneRuns::~LaneRuns() {
  for (const auto& [lane, runs] : lanes_) runs->stopNow();
}

RunController& LaneRuns::on(const std::string& lane) {
  std::unique_ptr<RunController>& runs = lanes_[lane];
  if (runs) return *runs;
  runs = std::make_unique<RunController>(store_);
  const QString name = QString::fromStdString(lane);
  connect(runs.get(), &RunController::stateChanged, this, &LaneRuns::changed);
  connect(runs.get(), &RunController::events, this, [this, name](const std::vector<TrainEvent>& batch) { Q_EMIT events(name, batch); });
  connect(runs.get(), &RunController::ended, this,
          [this, name](const QString&, RunStatus status, const QString& message) { Q_EMIT ended(name, status, message); });
  return *runs;
}

void LaneRuns::start(const std::string& lane, const RunSpec& spec, RunController::Work work) { on(lane).start(spec, std::move(work)); }

bool LaneRuns::active() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane.second->active(); });
}

bool LaneRuns::activeOn(const std::string& lane) const {
  const auto found = lanes_.find(lane);
  return found != lanes_.end() && found->second->active();
}

std::vector<const RunController*> LaneRuns::running() const {
  std::vector<const RunController*> all;
  for (const auto& [lane, runs] : lanes_) {
    if (runs->active()) all.push_back(runs.get());
  }
  return all;
}

void LaneRuns::stopAfterEpoch() {
  for (const auto& [lane, runs] : lanes_) runs->stopAfterEpoch();
  Q_EMIT toldToStop();
}

void LaneRuns::stopNow() {
  for (const auto& [lane, runs] : lanes_) runs->stopNow();
  Q_EMIT toldToStop();
}

}  // namespace panicle::ui
