#include "ui/shared/weight_states.h"

#include <QStringList>
#include <algorithm>
#include <exception>
#include <system_error>

#include "ui/shared/jobs.h"

namespace panicle::ui {
namespace {

quint64 sizeOf(const std::filesystem::path& file) {
  std::error_code problem;
  const auto bytes = std::filesystem::file_size(file, problem);
  return problem ? 0 : static_cast<quint64>(bytes);
}

WeightState lookFor(const std::string& name, const std::filesystem::path& workspace) {
  WeightState state;
  try {
    state.found = findWeights(name, workspace);
    if (state.found) state.bytes = sizeOf(state.found->file);
    state.partial = sizeOf(partialFile(name, workspace));
  } catch (const std::exception& error) {
    state.problem = QString::fromUtf8(error.what());
  }
  return state;
}

}  // namespace

WeightStates::WeightStates(Jobs& jobs, std::filesystem::path workspace, QObject* parent)
    : QObject(parent), jobs_(jobs), workspace_(std::move(workspace)) {
  // As the hub's own library reads its switch.
  offline_ = hubOffline();
  for (const Architecture& known : architectures()) names_.insert(known.name);
}

const WeightState* WeightStates::state(const QString& name) {
  const std::string key = name.toStdString();
  const auto found = states_.find(key);
  if (found != states_.end()) return &found->second;
  if (!findArchitecture(key).architecture) return nullptr;
  const bool asked = !names_.insert(key).second;
  if (!asked || !looking()) refresh();
  return nullptr;
}

bool WeightStates::looking() const {
  const auto jobs = jobs_.running();
  return std::any_of(jobs.begin(), jobs.end(), [this](const JobInfo& job) { return job.id == job_; });
}

void WeightStates::refresh() {
  // A job that somebody cancelled in the list never answers.
  if (looking()) {
    again_ = true;
    return;
  }
  again_ = false;
  job_ = jobs_.start(
      this, tr("Looking for weights"),
      [names = names_, workspace = workspace_](std::stop_token stop, const Progress&) {
        States states;
        for (const std::string& name : names) {
          if (stop.stop_requested()) break;
          states[name] = lookFor(name, workspace);
        }
        return states;
      },
      [this](States states) {
        states_ = std::move(states);
        if (again_) refresh();
        Q_EMIT changed();
      });
}

std::filesystem::path partialFile(const std::string& name, const std::filesystem::path& workspace) {
  const NamedArchitecture named = findArchitecture(name);
  std::string stem = name;
  if (named.architecture && named.pretrained) {
    const bool first = named.pretrained == &named.architecture->pretrained.front();
    stem = first ? named.architecture->name : named.architecture->modern_name + "." + named.pretrained->tag;
  }
  return workspace / "weights" / (stem + ".safetensors.part");
}

}  // namespace panicle::ui
