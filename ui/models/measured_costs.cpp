#include "ui/models/measured_costs.h"

#include <QDateTime>
#include <QSettings>
#include <algorithm>
#include <optional>

#include "core/memory/meter.h"
#include "core/train/step_cost.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/jobs.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kKey("models/costs");
constexpr int kImages = 64;
constexpr int kBatch = 8;       // large enough to be timed by
constexpr int kSmallBatch = 4;  // beside kBatch it shows what memory each image takes
constexpr int kSteps = 3;
constexpr int kWarmUp = 2;  // steps that measureStep() does not time

Json toJson(const MeasuredCost& cost) {
  return {{"arch", cost.arch},   {"size", toString(cost.size)}, {"seconds", cost.seconds},
          {"bytes", cost.bytes}, {"device", cost.device},       {"precision", cost.precision},
          {"day", cost.day}};
}

MeasuredCost costFromJson(const Json& json) {
  return {json.at("arch"),    parseSize(json.at("size").get<std::string>()),
          json.at("seconds"), json.at("bytes").get<quint64>(),
          json.at("device"),  json.at("precision"),
          json.at("day")};
}

// The highest that live tensors came to during `work`; 0 where they are not on the CPU.
template <typename Work>
quint64 peakOf(Work work) {
  const TensorTracking tracking;
  const std::uint64_t before = liveTensorBytes();
  resetPeakTensorBytes();
  const StepCost cost = work();
  const std::uint64_t peak = peakTensorBytes();
  return cost.device.starts_with("cuda") || peak < before ? 0 : peak - before;
}

MeasuredCost measureCost(StepCostOptions options, std::stop_token stop, const Progress& progress) {
  constexpr std::uint64_t first = 1 + kWarmUp, total = first + kSteps + kWarmUp;
  options.batch = kSmallBatch;
  options.steps = 1;
  const quint64 small =
      peakOf([&] { return measureStep(options, stop, [&](auto done, auto) { progress(done, total); }); });
  options.batch = kBatch;
  options.steps = kSteps;
  StepCost cost;
  const quint64 large = peakOf([&] {
    return cost = measureStep(options, stop, [&](auto done, auto) { progress(first + done, total); });
  });
  MeasuredCost measured;
  measured.arch = options.model.arch;
  measured.size = options.size;
  measured.seconds = cost.seconds * kImages / kBatch;
  // Weights and the optimizer's state are the same for any batch; the rest grows with the images.
  if (large > small && small > 0)
    measured.bytes = small + (large - small) / (kBatch - kSmallBatch) * (kImages - kSmallBatch);
  measured.device = cost.device;
  measured.precision = enumName(cost.precision);
  return measured;
}

}  // namespace

MeasuredCosts::MeasuredCosts(Session& session, QObject* parent) : QObject(parent), session_(session) {
  load();
  // A job that is cancelled in the status bar says nothing more.
  connect(&session.jobs(), &Jobs::changed, this, [this] {
    if (measuring_.empty()) return;
    const auto running = session_.jobs().running();
    if (std::none_of(running.begin(), running.end(), [this](const JobInfo& job) { return job.id == job_; }))
      ended();
  });
}

const MeasuredCost* MeasuredCosts::find(const std::string& arch, Size size) const {
  const auto found = std::find_if(costs_.begin(), costs_.end(), [&](const MeasuredCost& cost) {
    return cost.arch == arch && cost.size == size;
  });
  return found == costs_.end() ? nullptr : &*found;
}

std::vector<const MeasuredCost*> MeasuredCosts::of(const std::string& arch) const {
  std::vector<const MeasuredCost*> found;
  for (const MeasuredCost& cost : costs_) {
    if (cost.arch == arch) found.push_back(&cost);
  }
  return found;
}

void MeasuredCosts::measure(const std::string& arch) {
  if (!measuring_.empty()) return;
  const RunSpec& recipe = session_.recipe();
  StepCostOptions options;
  options.model = recipe.model;
  options.model.arch = arch;
  options.classes =
      session_.dataset() ? std::max(2, static_cast<int>(session_.dataset()->vocab.size())) : options.classes;
  options.size = networkSize(recipe.stages.front());
  options.device = recipe.device;
  options.precision = recipe.precision;
  options.threads = recipe.threads;
  measuring_ = arch;
  job_ = session_.jobs().start(
      this, tr("Measuring %1 at %2").arg(QString::fromStdString(arch), pixelWords(options.size)),
      [options](std::stop_token stop, const Progress& progress) {
        return measureCost(options, std::move(stop), progress);
      },
      [this](MeasuredCost cost) {
        keep(std::move(cost));
        ended();
      },
      [this, arch](const QString& message) {
        session_.report(message.contains(QString::fromStdString(arch))
                            ? message
                            : QStringLiteral("%1: %2").arg(QString::fromStdString(arch), message));
        ended();
      });
  Q_EMIT changed();
}

void MeasuredCosts::cancel() {
  if (measuring_.empty()) return;
  session_.jobs().cancel(job_);
  ended();
}

std::string MeasuredCosts::measuring() const {
  return measuring_;
}

void MeasuredCosts::ended() {
  measuring_.clear();
  job_ = 0;
  Q_EMIT changed();
}

void MeasuredCosts::load() {
  const std::string text = session_.settings().value(kKey).toString().toStdString();
  if (text.empty()) return;
  try {
    for (const Json& json : Json::parse(text)) costs_.push_back(costFromJson(json));
  } catch (const std::exception&) {
    // Of another version, or edited by hand: what it said is measured again in a minute.
    costs_.clear();
  }
}

void MeasuredCosts::keep(MeasuredCost cost) {
  cost.day = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
  std::erase_if(costs_,
                [&](const MeasuredCost& old) { return old.arch == cost.arch && old.size == cost.size; });
  costs_.push_back(std::move(cost));
  Json all = Json::array();
  for (const MeasuredCost& kept : costs_) all.push_back(toJson(kept));
  session_.settings().setValue(kKey, QString::fromStdString(all.dump()));
}

}  // namespace panicle::ui
