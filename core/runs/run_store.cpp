#include "core/runs/run_store.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <utility>

#include "core/base/file.h"
#include "core/runs/run_store_impl.h"
#include "core/train/metrics.h"

namespace panicle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kFlushInterval = std::chrono::seconds(1);

std::string warningText(const Warning& warning) {
  if (warning.path.empty() || warning.message.find(warning.path) != std::string::npos) return warning.message;
  return warning.path + ": " + warning.message;
}

}  // namespace

std::string jsonText(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

RunStore::Impl::Impl(std::filesystem::path folder)
    : workspace(std::filesystem::absolute(std::move(folder))), file(workspace / "panicle.db") {
  guarded([&] {
    std::filesystem::create_directories(workspace / "runs");
    db = std::make_unique<RunDatabase>(file);
  });
}

// An id above all that were ever given, and whose folder is not there: a workspace whose database was lost
// keeps its runs.
std::int64_t RunStore::Impl::makeFolder() {
  std::int64_t run = db->lastId() + 1;
  while (!std::filesystem::create_directory(folder(run))) ++run;
  return run;
}

std::int64_t RunStore::Impl::requireId(const std::string& run) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(run.data(), run.data() + run.size(), id);
  if (error == std::errc() && end == run.data() + run.size() && db->contains(id)) return id;
  const int count = db->count();
  throw Error("there is no run '" + run + "' in " + workspace.string() +
              (count == 0
                   ? "; it holds no runs yet"
                   : "; its " + std::to_string(count) + " runs are listed by 'panicle-cli runs list'"));
}

ActiveRun& RunStore::Impl::requireActive(const std::string& run) {
  const auto found = active.find(run);
  if (found == active.end()) throw Error("run '" + run + "' is not being recorded by this program");
  return found->second;
}

// Runs that say they are running, but whose process is gone.
void RunStore::Impl::markInterrupted() {
  for (const std::int64_t run : db->running()) {
    if (active.contains(std::to_string(run)) || RunLock::isHeld(folder(run) / "running.lock")) continue;
    db->markInterrupted(run);
  }
}

template <typename... Rows>
void RunStore::Impl::flush(const std::string& run, ActiveRun& active, const Rows&... rows) {
  SQLite::Transaction transaction = db->begin();
  const std::int64_t id = requireId(run);
  db->write(id, active.buffer);
  (db->write(id, rows), ...);
  if constexpr (sizeof...(Rows) > 0) db->refreshSummary(id);
  transaction.commit();
  active.buffer.steps.clear();
  active.buffer.warnings.clear();
  active.buffer.memory.keep();
  active.written = Clock::now();
}

void RunStore::Impl::flushWhenDue(const std::string& run, ActiveRun& active) {
  if (Clock::now() - active.written >= kFlushInterval) flush(run, active);
}

void RunStore::Impl::apply(const std::string& run, const BatchEnded& batch) {
  ActiveRun& current = requireActive(run);
  current.buffer.steps.push_back({batch.step, batch.loss, batch.smooth_loss, batch.lr, batch.momentum});
  current.buffer.seconds = batch.seconds;
  flushWhenDue(run, current);
}

void RunStore::Impl::apply(const std::string& run, const EpochEnded& epoch) {
  flush(run, requireActive(run), epoch);
}

void RunStore::Impl::apply(const std::string& run, const RatesChanged& change) {
  flush(run, requireActive(run), change);
}

void RunStore::Impl::apply(const std::string& run, const MemorySampled& sample) {
  RunBuffer& buffer = requireActive(run).buffer;
  buffer.peak_tensor_bytes = std::max(buffer.peak_tensor_bytes, sample.tensor_peak_bytes);
  buffer.memory.add({sample.seconds, sample.step,
                     {sample.tensor_bytes, sample.reserved_bytes, sample.process_bytes, sample.other_bytes}});
}

void RunStore::Impl::apply(const std::string& run, const MemoryMeasured& measured) {
  ActiveRun& current = requireActive(run);
  current.buffer.peak_tensor_bytes = std::max(current.buffer.peak_tensor_bytes, measured.peak.tensors);
  flush(run, current, measured);
}

void RunStore::Impl::apply(const std::string& run, const BatchesSplit& split) {
  flush(run, requireActive(run), split);
}

void RunStore::Impl::apply(const std::string& run, const Warning& warning) {
  ActiveRun& current = requireActive(run);
  current.buffer.warnings.push_back(warningText(warning));
  flushWhenDue(run, current);
}

void RunStore::Impl::apply(const std::string& run, const RunEnded& end) {
  ActiveRun& current = requireActive(run);
  flush(run, current, end);
  current.lock.removeFile();
  active.erase(run);
}

double EpochRow::value(const std::string& column) const {
  if (column == "train_loss") return train_loss;
  if (column == "valid_loss") return valid_loss;
  const auto metric = metrics.find(column);
  return metric == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : metric->second;
}

std::string RunRecord::monitor() const {
  if (spec.callbacks.keep_best) return spec.callbacks.keep_best->monitor;
  const bool measured = epochs.empty() || epochs.front().metrics.contains("error_rate");
  return measured ? "error_rate" : "valid_loss";
}

const EpochRow* RunRecord::best() const {
  const std::string column = monitor();
  const double sign = smallerIsBetter(column) ? 1 : -1;
  const EpochRow* best = nullptr;
  double lowest = std::numeric_limits<double>::infinity();
  for (const EpochRow& row : epochs) {
    const double value = sign * row.value(column);
    if (!(value < lowest)) continue;
    lowest = value;
    best = &row;
  }
  return best;
}

RunStore::RunStore(std::filesystem::path workspace) : impl_(std::make_unique<Impl>(std::move(workspace))) {}

// What is buffered of a run that did not end is written; its lock goes with the store, so it shows as
// interrupted.
RunStore::~RunStore() {
  for (auto& [run, active] : impl_->active) {
    try {
      impl_->flush(run, active);
    } catch (const std::exception&) {
      // The disk has failed, and a destructor has nobody to tell; the rows of the last second are lost, as
      // after a crash.
    }
  }
}

const std::filesystem::path& RunStore::workspace() const {
  return impl_->workspace;
}

std::filesystem::path RunStore::folder(const std::string& run) const {
  return impl_->workspace / "runs" / run;
}

std::string RunStore::create(const RunSpec& spec, const Json& environment) {
  return impl_->guarded([&] {
    const std::string document = jsonText(specToJson(spec));
    SQLite::Transaction transaction = impl_->db->begin();
    const std::int64_t id = impl_->makeFolder();
    const std::string run = std::to_string(id);
    // The lock comes before the row can be seen: nobody may take the run for a dead one.
    ActiveRun active(folder(run));
    writeAtomically(folder(run) / "spec.json", document);
    impl_->db->insertRun(id, spec.name, document, jsonText(environment));
    impl_->db->refreshSummary(id);
    transaction.commit();
    impl_->active.emplace(run, std::move(active));
    return run;
  });
}

void RunStore::record(const std::string& run, const TrainEvent& event) {
  impl_->guarded([&] { std::visit([&](const auto& value) { impl_->apply(run, value); }, event); });
}

void RunStore::flush(const std::string& run) {
  impl_->guarded([&] { impl_->flush(run, impl_->requireActive(run)); });
}

void RunStore::keepPlan(const std::string& run, const DeviceProfile& profile, const RunPlan& plan) {
  impl_->guarded([&] {
    SQLite::Transaction transaction = impl_->db->begin();
    const std::int64_t id = impl_->requireId(run);
    impl_->db->writePlan(id, profile, plan);
    impl_->db->refreshSummary(id);
    transaction.commit();
  });
}

std::vector<RunRecord> RunStore::list() const {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    return impl_->db->load(std::nullopt);
  });
}

RunRecord RunStore::get(const std::string& run) const {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    return impl_->db->load(impl_->requireId(run)).front();
  });
}

std::vector<StepRow> RunStore::steps(const std::string& run) const {
  return impl_->guarded([&] {
    std::vector<StepRow> steps = impl_->db->steps(impl_->requireId(run));
    const auto active = impl_->active.find(run);
    if (active != impl_->active.end()) {
      const auto& buffered = active->second.buffer.steps;
      steps.insert(steps.end(), buffered.begin(), buffered.end());
    }
    return steps;
  });
}

std::vector<MeasuredRun> RunStore::measuredRuns() const {
  return impl_->guarded([&] { return impl_->db->measuredRuns(); });
}

std::vector<MemoryRow> RunStore::memory(const std::string& run) const {
  return impl_->guarded([&] {
    const auto active = impl_->active.find(run);
    return active != impl_->active.end() ? active->second.buffer.memory.rows() : impl_->db->memory(impl_->requireId(run));
  });
}

std::filesystem::path defaultWorkspace() {
  if (const char* named = std::getenv("PANICLE_WORKSPACE"); named && *named) return named;
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / "Panicle";
}

}  // namespace panicle
