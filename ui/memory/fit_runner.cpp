#include "ui/memory/fit_runner.h"

#include <algorithm>
#include <mutex>

#include "ui/shared/jobs.h"

namespace panicle::ui {
namespace {

constexpr int kCollectMs = 100;
constexpr int kLeastBatch = 2;

std::pair<std::string, std::pair<int, int>> keyOf(const std::string& architecture, Size size) {
  return {architecture, {size.height, size.width}};
}

// From the largest micro-batch down to the first that fits.
std::vector<FitCell> tryBatches(const FitRunner::Table& table, const FitRequest& request, const std::string& architecture, Size size,
                                const std::stop_token& stop) {
  FitTableOptions options;
  options.architectures = {architecture};
  options.sizes = {size};
  options.effective = request.effective;
  options.images = request.images;
  options.measured = request.measured;
  std::vector<FitCell> tried;
  const auto take = [&](const FitCell& cell) {
    tried.push_back(cell);
    if (cell.parts) tried.back().fit = judge(request.profile, cell.parts->total(), request.others);
  };
  for (const int batch : request.batches) {
    options.batches = {batch};
    table(request.base, request.outputs, request.profile, options, take, stop);
    if (tried.empty() || !tried.back().parts || tried.back().fit != Fit::No) break;
  }
  return tried;
}

}  // namespace

// What the job has found and the window not yet shown.
struct FitRunner::Basket {
  std::mutex mutex;
  std::vector<std::vector<FitCell>> found;

  void put(std::vector<FitCell> cells) {
    const std::lock_guard lock(mutex);
    found.push_back(std::move(cells));
  }
  std::vector<std::vector<FitCell>> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(found, {});
  }
};

bool sameCells(const FitRequest& a, const FitRequest& b) {
  const auto alike = [](const DeviceProfile& x, const DeviceProfile& y) {
    return x.name == y.name && x.total == y.total && x.overhead == y.overhead && x.precision == y.precision;
  };
  const auto asFast = [](const MeasuredStep& x, const MeasuredStep& y) {
    return x.architecture == y.architecture && x.size == y.size && x.image_seconds == y.image_seconds;
  };
  return a.images == b.images && std::ranges::equal(a.measured, b.measured, asFast) && a.outputs == b.outputs && alike(a.profile, b.profile) && a.batches == b.batches && a.effective == b.effective &&
         specToJson(a.base) == specToJson(b.base);
}

std::vector<int> microBatches(int effective) {
  std::vector<int> batches;
  for (int batch = std::max(effective, 1); batches.empty() || batch >= kLeastBatch; batch /= 2) {
    batches.push_back(batch);
    if (batch % 2 != 0) break;
  }
  return batches;
}

FitRunner::Table FitRunner::fitCells() {
  return [](const RunSpec& base, std::int64_t outputs, const DeviceProfile& profile, const FitTableOptions& options,
            const std::function<void(const FitCell&)>& onCell,
            std::stop_token stop) { fitTable(base, outputs, profile, options, onCell, stop); };
}

FitRunner::FitRunner(Jobs& jobs, Table table, QObject* parent)
    : QObject(parent), jobs_(jobs), table_(std::move(table)) {
  collector_.setInterval(kCollectMs);
  connect(&collector_, &QTimer::timeout, this, &FitRunner::collect);
  // A job that is cancelled in the status bar says nothing more.
  connect(&jobs, &Jobs::changed, this, [this] {
    if (job_ == 0) return;
    const auto running = jobs_.running();
    if (std::none_of(running.begin(), running.end(), [this](const JobInfo& job) { return job.id == job_; })) ended();
  });
}

FitRunner::~FitRunner() = default;

void FitRunner::start(const FitRequest& request) {
  const bool same = sameCells(request, request_);
  if (same && running() && request.sizes == request_.sizes && request.architectures == request_.architectures) return;
  jobs_.cancel(job_);
  collect();
  if (!same) cells_.clear();
  request_ = request;
  // Cells of sizes that are no longer asked for would count as done.
  std::erase_if(cells_, [&](const auto& entry) {
    const Size size{entry.first.second.first, entry.first.second.second};
    return std::find(request_.sizes.begin(), request_.sizes.end(), size) == request_.sizes.end();
  });
  const auto wanted = missing();
  if (wanted.empty()) return ended();
  basket_ = std::make_shared<Basket>();
  job_ = jobs_.start(
      this, tr("Planning what fits on %1").arg(QString::fromStdString(request.profile.name)),
      [table = table_, request, wanted, basket = basket_](std::stop_token stop, const Progress& progress) {
        std::uint64_t done = 0;
        for (const auto& [architecture, size] : wanted) {
          basket->put(tryBatches(table, request, architecture, size, stop));
          progress(++done, wanted.size());
        }
        return true;
      },
      [this](bool) {
        collect();
        ended();
      },
      [this](const QString& problem) {
        collect();
        ended();
        Q_EMIT failed(problem);
      });
  collector_.start();
  Q_EMIT changed();
}

void FitRunner::pause() {
  if (!running()) return;
  jobs_.cancel(job_);
  collect();
  ended();
}

void FitRunner::ended() {
  job_ = 0;
  collector_.stop();
  basket_.reset();
  Q_EMIT changed();
}

std::vector<std::pair<std::string, Size>> FitRunner::missing() const {
  std::vector<std::pair<std::string, Size>> wanted;
  for (const std::string& architecture : request_.architectures) {
    for (const Size& size : request_.sizes) {
      if (!find(architecture, size)) wanted.emplace_back(architecture, size);
    }
  }
  return wanted;
}

void FitRunner::collect() {
  if (!basket_) return;
  const auto found = basket_->take();
  for (const std::vector<FitCell>& tried : found) {
    if (!tried.empty()) cells_[keyOf(tried.front().architecture, tried.front().size)] = tried;
  }
  if (!found.empty()) Q_EMIT changed();
}

const std::vector<FitCell>* FitRunner::find(const std::string& architecture, Size size) const {
  const auto found = cells_.find(keyOf(architecture, size));
  return found == cells_.end() ? nullptr : &found->second;
}

}  // namespace panicle::ui
