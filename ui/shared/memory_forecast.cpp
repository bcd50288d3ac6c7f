#include "ui/shared/memory_forecast.h"

#include <algorithm>
#include <utility>

#include "ui/shared/jobs.h"
#include "ui/shared/memory_profiles.h"

namespace panicle::ui {
namespace {

constexpr int kDelayMs = 50;      // several fields that change together are planned once
constexpr int kPatienceMs = 300;  // until a plan of a recipe before is no longer shown as the recipe's

}  // namespace

RunSpec memorySpec(const RunSpec& spec) {
  RunSpec planned = spec;
  const RunSpec standard;
  planned.name.clear();
  planned.seed = standard.seed;
  planned.threads = standard.threads;
  planned.loader_threads = standard.loader_threads;
  planned.data = standard.data;
  planned.data.root = ".";
  planned.data.label_columns = spec.data.label_columns;  // the losses' weights belong to them
  planned.model.weights = "none";
  planned.cache = standard.cache;
  return planned;
}

std::int64_t headOutputs(const Dataset* dataset, const RunSpec& recipe) {
  constexpr std::size_t kClasses = 10;
  const std::size_t chosen = recipe.data.subset.classes.size();
  std::size_t outputs = chosen > 0 ? chosen : dataset ? dataset->vocab.size() : kClasses;
  if (dataset) {
    for (const Target& target : dataset->further_targets) outputs += target.outputs();
  }
  return static_cast<std::int64_t>(std::max<std::size_t>(outputs, 1));
}

MemoryForecast::Predict MemoryForecast::predictRun() {
  return [](const RunSpec& spec, std::int64_t outputs, const DeviceProfile& profile, std::stop_token stop) {
    return predict(spec, outputs, profile, stop);
  };
}

MemoryForecast::MemoryForecast(Jobs& jobs, MemoryProfiles& profiles, Predict predict, QObject* parent)
    : QObject(parent), jobs_(jobs), profiles_(profiles), predict_(std::move(predict)) {
  delay_.setSingleShot(true);
  delay_.setInterval(kDelayMs);
  patience_.setSingleShot(true);
  patience_.setInterval(kPatienceMs);
  connect(&delay_, &QTimer::timeout, this, &MemoryForecast::ask);
  connect(&patience_, &QTimer::timeout, this, [this] {
    behind_ = true;
    Q_EMIT changed();
  });
  connect(&profiles, &MemoryProfiles::changed, this, &MemoryForecast::ask);
}

void MemoryForecast::start() {
  if (std::exchange(started_, true)) return;
  patience_.start();
  profiles_.look();
}

void MemoryForecast::setRecipe(const RunSpec& recipe, std::int64_t outputs) {
  recipe_ = recipe;
  outputs_ = outputs;
  if (refused_) {
    refused_ = false;
    Q_EMIT changed();
  }
  if (!started_ || profiles_.all().empty()) return;
  if (!patience_.isActive()) patience_.start();
  if (!delay_.isActive()) delay_.start();
}

void MemoryForecast::ask() {
  if (!started_) return;
  const DeviceProfile* profile = profiles_.ofDevice(recipe_.device);
  if (profile) return request(*profile);
  jobs_.cancel(job_);
  fail(tr("This machine has no device %1.").arg(QString::fromStdString(recipe_.device)));
}

// A plan that is under way is of no use any more: its answer is dropped.
void MemoryForecast::request(const DeviceProfile& profile) {
  jobs_.cancel(job_);
  job_ = jobs_.start(
      this, tr("Planning memory"),
      [predict = predict_, spec = memorySpec(recipe_), outputs = outputs_, profile](std::stop_token stop, const Progress&) {
        return Planned{predict(spec, outputs, profile, stop), profile};
      },
      [this](Planned planned) { take(std::move(planned)); }, [this](const QString& problem) { fail(problem); });
}

void MemoryForecast::take(Planned planned) {
  patience_.stop();
  planned_ = std::move(planned);
  problem_.clear();
  behind_ = false;
  fit_ = judge(planned_->profile, planned_->plan.peak(), others());
  Q_EMIT changed();
}

void MemoryForecast::fail(const QString& problem) {
  patience_.stop();
  planned_.reset();
  problem_ = problem;
  behind_ = false;
  fit_ = Fit::Fits;
  Q_EMIT changed();
}

void MemoryForecast::setReading(const MemoryReading& reading) {
  reading_ = reading;
  if (planned_) judgeAgain();
}

// Others come and go all the time; what is told of them only matters where it changes the answer.
void MemoryForecast::judgeAgain() {
  const Fit fit = judge(planned_->profile, planned_->plan.peak(), others());
  if (std::exchange(fit_, fit) != fit) Q_EMIT changed();
}

const RunPlan* MemoryForecast::plan() const {
  return planned_ ? &planned_->plan : nullptr;
}

const DeviceProfile& MemoryForecast::profile() const {
  static const DeviceProfile none;
  return planned_ ? planned_->profile : none;
}

quint64 MemoryForecast::others() const {
  return reading_.cuda == (profile().kind == ComputeKind::Cuda) ? reading_.used_by_others : 0;
}

void MemoryForecast::keepForRun() {
  run_ = planned_ && !behind_ ? std::optional(planned_->plan) : std::nullopt;
  Q_EMIT changed();
}

void MemoryForecast::forgetRun() {
  if (!run_) return;
  run_.reset();
  Q_EMIT changed();
}

const RunPlan* MemoryForecast::runPlan() const {
  return run_ ? &*run_ : nullptr;
}

std::optional<quint64> MemoryForecast::expected() const {
  if (run_) return run_->peak();
  return planned_ ? std::optional<quint64>(planned_->plan.peak()) : std::nullopt;
}

bool MemoryForecast::mayStart() {
  if (fit_ != Fit::No || refused_) {
    refused_ = false;
    return true;
  }
  refused_ = true;
  Q_EMIT changed();
  return false;
}

}  // namespace panicle::ui
