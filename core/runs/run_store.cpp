#include "core/runs/run_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/runs/run_lock.h"

namespace panicle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kFlushInterval = std::chrono::seconds(1);
constexpr int kBusyTimeoutMs = 20'000;

// Schema version n is reached by the first n of these; PRAGMA user_version says how many a database has had.
// Reals may be NULL: that is how SQLite stores not-a-number.
constexpr std::array kMigrations{
    R"(CREATE TABLE runs (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         name TEXT NOT NULL,
         status TEXT NOT NULL,
         message TEXT NOT NULL DEFAULT '',
         created TEXT NOT NULL,
         finished TEXT NOT NULL DEFAULT '',
         seconds REAL DEFAULT 0,
         peak_tensor_bytes INTEGER NOT NULL DEFAULT 0,
         spec TEXT NOT NULL,
         environment TEXT NOT NULL);
       CREATE TABLE epochs (
         run INTEGER NOT NULL REFERENCES runs (id),
         epoch INTEGER NOT NULL,
         stage INTEGER NOT NULL,
         phase TEXT NOT NULL,
         train_loss REAL, valid_loss REAL, seconds REAL,
         PRIMARY KEY (run, epoch)) WITHOUT ROWID;
       CREATE TABLE metrics (
         run INTEGER NOT NULL REFERENCES runs (id),
         epoch INTEGER NOT NULL,
         name TEXT NOT NULL,
         value REAL,
         PRIMARY KEY (run, epoch, name)) WITHOUT ROWID;
       CREATE TABLE steps (
         run INTEGER NOT NULL REFERENCES runs (id),
         step INTEGER NOT NULL,
         loss REAL, smooth_loss REAL, lr REAL, momentum REAL,
         PRIMARY KEY (run, step)) WITHOUT ROWID;
       CREATE TABLE warnings (
         id INTEGER PRIMARY KEY,
         run INTEGER NOT NULL REFERENCES runs (id),
         message TEXT NOT NULL,
         UNIQUE (run, message));)",
};

RunStatus statusFromText(const std::string& text) {
  for (int i = 0; i <= static_cast<int>(RunStatus::Interrupted); ++i) {
    if (text == toString(static_cast<RunStatus>(i))) return static_cast<RunStatus>(i);
  }
  return RunStatus::Interrupted;
}

std::string utcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

double realAt(SQLite::Statement& row, int column) {
  const SQLite::Column value = row.getColumn(column);
  return value.isNull() ? std::numeric_limits<double>::quiet_NaN() : value.getDouble();
}

std::string warningText(const Warning& warning) {
  if (warning.path.empty() || warning.message.find(warning.path) != std::string::npos) return warning.message;
  return warning.path + ": " + warning.message;
}

// What a stored run was asked to do. A document of another version of Panicle must not hide the run: what
// cannot be read keeps its default and is told as a warning.
RunSpec storedSpec(const std::string& text, std::vector<std::string>& warnings) {
  RunSpec spec;
  std::vector<std::string> problems;
  fromJson(spec, Json::parse(text, nullptr, false), "", problems);
  for (const auto& problem : problems) warnings.push_back("stored spec: " + problem);
  return spec;
}

// A run that this store records.
struct ActiveRun {
  explicit ActiveRun(const std::filesystem::path& folder) : lock(folder / "running.lock") {}

  RunLock lock;
  std::vector<StepRow> steps;         // not yet written
  std::vector<std::string> warnings;  // not yet written
  Clock::time_point written = Clock::now();
  double seconds = 0;
  std::uint64_t peak_tensor_bytes = 0;
};

}  // namespace

struct RunStore::Impl {
  explicit Impl(std::filesystem::path folder);

  // Runs `work` under the mutex and turns what SQLite and the file system throw into Error.
  template <typename Work>
  auto guarded(Work work) const -> decltype(work());

  void migrate();
  std::int64_t nextFreeId();
  ActiveRun& activeRun(const std::string& run);
  void flush(const std::string& run, ActiveRun& active);
  void writeBuffers(std::int64_t run, const ActiveRun& active);
  void writeEpoch(std::int64_t run, const EpochEnded& epoch);
  void writeEnd(std::int64_t run, const RunEnded& end);
  void markInterrupted();
  std::vector<RunRecord> load(std::optional<std::int64_t> only);
  void loadEpochs(std::optional<std::int64_t> only,
                  const std::unordered_map<std::int64_t, RunRecord*>& records);
  void loadWarnings(std::optional<std::int64_t> only,
                    const std::unordered_map<std::int64_t, RunRecord*>& records);
  std::int64_t requireId(const std::string& run);

  void apply(const std::string& run, const BatchEnded& batch);
  void apply(const std::string& run, const EpochEnded& epoch);
  void apply(const std::string& run, const MemorySampled& sample);
  void apply(const std::string& run, const Warning& warning);
  void apply(const std::string& run, const RunEnded& end);
  template <typename Other>
  void apply(const std::string&, const Other&) {}

  std::filesystem::path workspace;
  std::filesystem::path file;
  mutable std::mutex mutex;
  std::unique_ptr<SQLite::Database> db;
  std::map<std::string, ActiveRun> active;
};

template <typename Work>
auto RunStore::Impl::guarded(Work work) const -> decltype(work()) {
  const std::lock_guard lock(mutex);
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw fileError(file, std::string("the run store failed: ") + error.what() +
                              "; see that the disk is not full and the folder can be written");
  } catch (const std::filesystem::filesystem_error& error) {
    throw fileError(error.path1(), "cannot be used: " + error.code().message());
  }
}

RunStore::Impl::Impl(std::filesystem::path folder)
    : workspace(std::filesystem::absolute(std::move(folder))), file(workspace / "panicle.db") {
  guarded([&] {
    std::filesystem::create_directories(workspace / "runs");
    db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                                            kBusyTimeoutMs);
    if (db->execAndGet("PRAGMA journal_mode").getString() != "wal")
      db->execAndGet("PRAGMA journal_mode = WAL");
    migrate();
  });
}

void RunStore::Impl::migrate() {
  const int known = static_cast<int>(kMigrations.size());
  const auto version = [&] { return db->execAndGet("PRAGMA user_version").getInt(); };
  if (version() < known) {
    SQLite::Transaction transaction(*db, SQLite::TransactionBehavior::IMMEDIATE);
    // Another process may have migrated while this one waited for its turn.
    for (int next = version(); next < known; ++next) db->exec(kMigrations[static_cast<std::size_t>(next)]);
    if (version() < known) db->exec("PRAGMA user_version = " + std::to_string(known));
    transaction.commit();
  }
  if (version() > known) {
    throw fileError(file, "was written by a newer Panicle (schema version " + std::to_string(version()) +
                              ", this one knows " + std::to_string(known) +
                              "); use that one, or name another workspace");
  }
}

// Above all ids that were ever given here, and not a folder that is already there: a workspace whose database
// was lost keeps its runs.
std::int64_t RunStore::Impl::nextFreeId() {
  SQLite::Statement last(*db, "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'runs'");
  last.executeStep();
  std::int64_t id = last.getColumn(0).getInt64() + 1;
  while (!std::filesystem::create_directory(workspace / "runs" / std::to_string(id))) ++id;
  return id;
}

ActiveRun& RunStore::Impl::activeRun(const std::string& run) {
  const auto found = active.find(run);
  if (found == active.end()) throw Error("run '" + run + "' is not being recorded by this program");
  return found->second;
}

void RunStore::Impl::writeBuffers(std::int64_t run, const ActiveRun& active) {
  SQLite::Statement step(
      *db,
      "INSERT OR REPLACE INTO steps (run, step, loss, smooth_loss, lr, momentum) VALUES (?, ?, ?, ?, ?, ?)");
  for (const StepRow& row : active.steps) {
    SQLite::bind(step, run, static_cast<std::int64_t>(row.step), row.loss, row.smooth_loss, row.lr,
                 row.momentum);
    step.exec();
    step.reset();
  }
  // The same bad image comes up in every epoch; once is enough.
  SQLite::Statement warning(*db, "INSERT OR IGNORE INTO warnings (run, message) VALUES (?, ?)");
  for (const std::string& message : active.warnings) {
    SQLite::bind(warning, run, message);
    warning.exec();
    warning.reset();
  }
  SQLite::Statement progress(*db, "UPDATE runs SET seconds = ?, peak_tensor_bytes = ? WHERE id = ?");
  SQLite::bind(progress, active.seconds, static_cast<std::int64_t>(active.peak_tensor_bytes), run);
  progress.exec();
}

void RunStore::Impl::writeEpoch(std::int64_t run, const EpochEnded& epoch) {
  SQLite::Statement row(
      *db,
      "INSERT OR REPLACE INTO epochs (run, epoch, stage, phase, train_loss, valid_loss, seconds) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  SQLite::bind(row, run, epoch.epoch, epoch.stage, epoch.phase, epoch.train_loss, epoch.valid_loss,
               epoch.seconds);
  row.exec();
  SQLite::Statement metric(*db,
                           "INSERT OR REPLACE INTO metrics (run, epoch, name, value) VALUES (?, ?, ?, ?)");
  for (const auto& [name, value] : epoch.metrics) {
    SQLite::bind(metric, run, epoch.epoch, name, value);
    metric.exec();
    metric.reset();
  }
}

void RunStore::Impl::writeEnd(std::int64_t run, const RunEnded& end) {
  SQLite::Statement row(*db,
                        "UPDATE runs SET status = ?, message = ?, finished = ?, seconds = ? WHERE id = ?");
  SQLite::bind(row, std::string(toString(end.status)), end.message, utcNow(), end.seconds, run);
  row.exec();
}

void RunStore::Impl::flush(const std::string& run, ActiveRun& active) {
  SQLite::Transaction transaction(*db, SQLite::TransactionBehavior::IMMEDIATE);
  writeBuffers(requireId(run), active);
  transaction.commit();
  active.steps.clear();
  active.warnings.clear();
  active.written = Clock::now();
}

void RunStore::Impl::apply(const std::string& run, const BatchEnded& batch) {
  ActiveRun& current = activeRun(run);
  current.steps.push_back({batch.step, batch.loss, batch.smooth_loss, batch.lr, batch.momentum});
  current.seconds = batch.seconds;
  if (Clock::now() - current.written >= kFlushInterval) flush(run, current);
}

void RunStore::Impl::apply(const std::string& run, const EpochEnded& epoch) {
  ActiveRun& current = activeRun(run);
  SQLite::Transaction transaction(*db, SQLite::TransactionBehavior::IMMEDIATE);
  const std::int64_t id = requireId(run);
  writeBuffers(id, current);
  writeEpoch(id, epoch);
  transaction.commit();
  current.steps.clear();
  current.warnings.clear();
  current.written = Clock::now();
}

void RunStore::Impl::apply(const std::string& run, const MemorySampled& sample) {
  ActiveRun& current = activeRun(run);
  current.peak_tensor_bytes = std::max(current.peak_tensor_bytes, sample.tensor_peak_bytes);
}

void RunStore::Impl::apply(const std::string& run, const Warning& warning) {
  ActiveRun& current = activeRun(run);
  current.warnings.push_back(warningText(warning));
  if (Clock::now() - current.written >= kFlushInterval) flush(run, current);
}

void RunStore::Impl::apply(const std::string& run, const RunEnded& end) {
  ActiveRun& current = activeRun(run);
  SQLite::Transaction transaction(*db, SQLite::TransactionBehavior::IMMEDIATE);
  const std::int64_t id = requireId(run);
  writeBuffers(id, current);
  writeEnd(id, end);
  transaction.commit();
  current.lock.removeFile();
  active.erase(run);
}

std::int64_t RunStore::Impl::requireId(const std::string& run) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(run.data(), run.data() + run.size(), id);
  if (error == std::errc() && end == run.data() + run.size()) {
    SQLite::Statement row(*db, "SELECT 1 FROM runs WHERE id = ?");
    row.bind(1, id);
    if (row.executeStep()) return id;
  }
  const int count = db->execAndGet("SELECT COUNT(*) FROM runs").getInt();
  throw Error("there is no run '" + run + "' in " + workspace.string() +
              (count == 0
                   ? "; it holds no runs yet"
                   : "; its " + std::to_string(count) + " runs are listed by 'panicle-cli runs list'"));
}

// Runs that say they are running, but whose process is gone. They ended when they last wrote.
void RunStore::Impl::markInterrupted() {
  std::vector<std::int64_t> dead;
  SQLite::Statement running(*db, "SELECT id FROM runs WHERE status = 'running'");
  while (running.executeStep()) {
    const std::int64_t id = running.getColumn(0).getInt64();
    const std::string run = std::to_string(id);
    if (!active.contains(run) && !RunLock::isHeld(workspace / "runs" / run / "running.lock"))
      dead.push_back(id);
  }
  running.reset();
  // The status is asked for again: the run may have ended properly between the look at its row and the look
  // at its lock.
  SQLite::Statement mark(
      *db,
      "UPDATE runs SET status = 'interrupted', "
      "finished = strftime('%Y-%m-%dT%H:%M:%SZ', created, '+' || COALESCE(seconds, 0) || ' seconds') "
      "WHERE id = ? AND status = 'running'");
  for (const std::int64_t id : dead) {
    mark.bind(1, id);
    mark.exec();
    mark.reset();
  }
}

std::vector<RunRecord> RunStore::Impl::load(std::optional<std::int64_t> only) {
  SQLite::Transaction snapshot(*db);
  SQLite::Statement row(
      *db,
      std::string("SELECT id, name, status, message, created, finished, seconds, peak_tensor_bytes, spec, "
                  "environment FROM runs ") +
          (only ? "WHERE id = ?" : "ORDER BY id DESC"));
  if (only) row.bind(1, *only);
  std::vector<RunRecord> records;
  while (row.executeStep()) {
    RunRecord record;
    record.id = row.getColumn(0).getString();
    record.name = row.getColumn(1).getString();
    record.status = statusFromText(row.getColumn(2).getString());
    record.message = row.getColumn(3).getString();
    record.created = row.getColumn(4).getString();
    record.finished = row.getColumn(5).getString();
    record.seconds = realAt(row, 6);
    record.peak_tensor_bytes = static_cast<std::uint64_t>(row.getColumn(7).getInt64());
    record.spec = storedSpec(row.getColumn(8).getString(), record.warnings);
    record.environment = Json::parse(row.getColumn(9).getString(), nullptr, false);
    if (!record.environment.is_object()) record.environment = Json::object();
    records.push_back(std::move(record));
  }
  std::unordered_map<std::int64_t, RunRecord*> byId;
  for (auto& record : records) byId.emplace(std::stoll(record.id), &record);
  loadEpochs(only, byId);
  loadWarnings(only, byId);
  return records;
}

void RunStore::Impl::loadEpochs(std::optional<std::int64_t> only,
                                const std::unordered_map<std::int64_t, RunRecord*>& records) {
  const std::string filter = only ? "WHERE e.run = ? " : "";
  SQLite::Statement row(
      *db,
      "SELECT e.run, e.epoch, e.stage, e.phase, e.train_loss, e.valid_loss, e.seconds, m.name, m.value "
      "FROM epochs e LEFT JOIN metrics m ON m.run = e.run AND m.epoch = e.epoch " +
          filter + "ORDER BY e.run, e.epoch");
  if (only) row.bind(1, *only);
  while (row.executeStep()) {
    const auto record = records.find(row.getColumn(0).getInt64());
    if (record == records.end()) continue;
    auto& epochs = record->second->epochs;
    const int epoch = row.getColumn(1).getInt();
    if (epochs.empty() || epochs.back().epoch != epoch) {
      epochs.push_back({row.getColumn(2).getInt(),
                        epoch,
                        row.getColumn(3).getString(),
                        realAt(row, 4),
                        realAt(row, 5),
                        {},
                        realAt(row, 6)});
    }
    if (!row.getColumn(7).isNull())
      epochs.back().metrics.emplace(row.getColumn(7).getString(), realAt(row, 8));
  }
}

void RunStore::Impl::loadWarnings(std::optional<std::int64_t> only,
                                  const std::unordered_map<std::int64_t, RunRecord*>& records) {
  SQLite::Statement row(*db, std::string("SELECT run, message FROM warnings ") +
                                 (only ? "WHERE run = ? " : "") + "ORDER BY id");
  if (only) row.bind(1, *only);
  while (row.executeStep()) {
    const auto record = records.find(row.getColumn(0).getInt64());
    if (record != records.end()) record->second->warnings.push_back(row.getColumn(1).getString());
  }
}

const EpochRow* RunRecord::best() const {
  const EpochRow* best = nullptr;
  double lowest = std::numeric_limits<double>::infinity();
  for (const EpochRow& row : epochs) {
    const auto error = row.metrics.find("error_rate");
    if (error == row.metrics.end() || !(error->second < lowest)) continue;
    lowest = error->second;
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
    const std::string document = specToJson(spec).dump(2) + "\n";
    SQLite::Transaction transaction(*impl_->db, SQLite::TransactionBehavior::IMMEDIATE);
    const std::int64_t id = impl_->nextFreeId();
    const std::string run = std::to_string(id);
    // The lock comes before the row can be seen: nobody may take the run for a dead one.
    ActiveRun active(folder(run));
    writeAtomically(folder(run) / "spec.json", document);
    SQLite::Statement row(
        *impl_->db,
        "INSERT INTO runs (id, name, status, created, spec, environment) VALUES (?, ?, ?, ?, ?, ?)");
    SQLite::bind(row, id, spec.name, std::string(toString(RunStatus::Running)), utcNow(), document,
                 environment.dump());
    row.exec();
    transaction.commit();
    impl_->active.emplace(run, std::move(active));
    return run;
  });
}

void RunStore::record(const std::string& run, const TrainEvent& event) {
  impl_->guarded([&] { std::visit([&](const auto& value) { impl_->apply(run, value); }, event); });
}

std::vector<RunRecord> RunStore::list() const {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    return impl_->load(std::nullopt);
  });
}

RunRecord RunStore::get(const std::string& run) const {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    return impl_->load(impl_->requireId(run)).front();
  });
}

std::vector<StepRow> RunStore::steps(const std::string& run) const {
  return impl_->guarded([&] {
    SQLite::Statement row(
        *impl_->db, "SELECT step, loss, smooth_loss, lr, momentum FROM steps WHERE run = ? ORDER BY step");
    row.bind(1, impl_->requireId(run));
    std::vector<StepRow> steps;
    while (row.executeStep()) {
      steps.push_back({static_cast<std::uint64_t>(row.getColumn(0).getInt64()), realAt(row, 1),
                       realAt(row, 2), realAt(row, 3), realAt(row, 4)});
    }
    const auto active = impl_->active.find(run);
    if (active != impl_->active.end()) {
      steps.insert(steps.end(), active->second.steps.begin(), active->second.steps.end());
    }
    return steps;
  });
}

std::filesystem::path defaultWorkspace() {
  if (const char* named = std::getenv("PANICLE_WORKSPACE"); named && *named) return named;
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / "Panicle";
}

}  // namespace panicle
