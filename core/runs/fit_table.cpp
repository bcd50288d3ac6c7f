#include "core/runs/fit_table.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/base/error.h"
#include "core/models/architecture.h"

namespace panicle {
namespace {

constexpr int kLeastBatch = 2;  // batch norm needs two values, and the trainer passes over single images

int dividedUp(int count, int by) {
  return (count + by - 1) / by;
}

void setNetworkSize(StageOptions& stage, Size size) {
  (stage.augment && stage.augment->size ? *stage.augment->size : stage.resize.size) = size;
}

RunSpec specOf(const RunSpec& base, const FitCell& cell, int effective) {
  RunSpec spec = base;
  spec.stages.resize(1);
  spec.model.arch = cell.architecture;
  setNetworkSize(spec.stages.front(), cell.size);
  spec.stages.front().batch.reset();
  spec.batch = {.size = cell.batch, .accum = cell.accum};
  if (cell.batch * cell.accum != effective) spec.batch.effective = effective;
  return spec;
}

std::optional<double> epochSeconds(const FitCell& cell, const FitTableOptions& options) {
  const auto cost = architecture(cell.architecture).multiply_adds;
  const auto here = static_cast<double>(cost(cell.size));
  const MeasuredStep* nearest = nullptr;
  double distance = 0;
  for (const MeasuredStep& step : options.measured) {
    if (architecture(step.architecture).name != architecture(cell.architecture).name) continue;
    const double apart = std::abs(std::log(static_cast<double>(cost(step.size)) / here));
    if (nearest && apart >= distance) continue;
    nearest = &step;
    distance = apart;
  }
  if (!nearest || options.images == 0) return {};
  const double share = here / static_cast<double>(cost(nearest->size));
  return nearest->image_seconds * share * static_cast<double>(options.images);
}

void fill(FitCell& cell, const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile,
          const FitTableOptions& options, const std::stop_token& stop) {
  try {
    cell.problem = sizeProblem(architecture(cell.architecture), cell.size);
    if (!cell.problem.empty()) return;
    cell.parts = predict(specOf(base, cell, options.effective), outputs, profile, stop).parts();
    cell.fit = judge(profile, cell.parts->total());
    cell.epoch_seconds = epochSeconds(cell, options);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    cell.problem = error.what();
  }
}

}  // namespace

void fitTable(const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile,
              const FitTableOptions& options, const std::function<void(const FitCell&)>& onCell,
              std::stop_token stop, const Progress& progress) {
  std::vector<FitCell> cells;
  for (const std::string& name : options.architectures) {
    for (const Size size : options.sizes) {
      for (const int batch : options.batches) {
        if (batch > options.effective) continue;
        cells.push_back({.architecture = name,
                         .size = size,
                         .batch = batch,
                         .accum = dividedUp(options.effective, batch)});
      }
    }
  }
  std::uint64_t done = 0;
  for (FitCell& cell : cells) {
    if (stop.stop_requested()) throw Cancelled();
    fill(cell, base, outputs, profile, options, stop);
    onCell(cell);
    if (progress) progress(++done, cells.size());
  }
}

RunSpec withAccum(const RunSpec& base, int effective, int accum) {
  RunSpec spec = base;
  spec.batch = {.size = dividedUp(effective, accum), .accum = accum};
  if (spec.batch.size * accum != effective) spec.batch.effective = effective;
  for (StageOptions& stage : spec.stages) stage.batch.reset();
  return spec;
}

std::optional<int> smallestAccum(const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile,
                                 int effective, std::stop_token stop) {
  for (int accum = 1; accum == 1 || dividedUp(effective, accum) >= kLeastBatch; accum *= 2) {
    const RunPlan plan = predict(withAccum(base, effective, accum), outputs, profile, stop);
    if (judge(profile, plan.peak()) != Fit::No) return accum;
  }
  return {};
}

std::string fitTableCsv(const std::vector<FitCell>& cells) {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  std::ostringstream csv;
  csv << "architecture,height,width,batch,accum,predicted_mib,fit,epoch_seconds\n";
  for (const FitCell& cell : cells) {
    csv << cell.architecture << ',' << cell.size.height << ',' << cell.size.width << ',' << cell.batch << ','
        << cell.accum << ',';
    if (cell.parts) csv << (cell.parts->total() + kMiB - 1) / kMiB;
    csv << ',' << (cell.parts ? words(cell.fit) : "") << ',';
    if (cell.epoch_seconds) csv << std::lround(*cell.epoch_seconds);
    csv << '\n';
  }
  return csv.str();
}

}  // namespace panicle
