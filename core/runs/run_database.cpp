#include "core/runs/run_database.h"

#include <SQLiteCpp/VariadicBind.h>

#include <array>
#include <ctime>
#include <limits>

#include "core/base/error.h"
#include "core/runs/memory_tables.h"
#include "core/runs/summary_tables.h"

namespace panicle {
namespace {

constexpr int kBusyTimeoutMs = 20'000;

// Schema version n is reached by the first n of these; PRAGMA user_version says how many a database has had.
// Reals may be NULL: that is how SQLite stores not-a-number.
const std::array kMigrations{
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
    R"(CREATE TABLE changes (
         run INTEGER NOT NULL REFERENCES runs (id),
         step INTEGER NOT NULL,
         epoch INTEGER NOT NULL,
         lr_scale REAL, wd REAL,
         PRIMARY KEY (run, step)) WITHOUT ROWID;
       ALTER TABLE epochs ADD COLUMN skipped_steps INTEGER NOT NULL DEFAULT 0;)",
    R"(CREATE TABLE results (
         run INTEGER NOT NULL REFERENCES runs (id),
         name TEXT NOT NULL,
         value REAL,
         PRIMARY KEY (run, name)) WITHOUT ROWID;)",
    kMemoryTables,
    kSummaryTables,
};

double realAt(SQLite::Statement& row, int column) {
  const SQLite::Column value = row.getColumn(column);
  return value.isNull() ? std::numeric_limits<double>::quiet_NaN() : value.getDouble();
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

}  // namespace

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

RunDatabase::RunDatabase(const std::filesystem::path& file)
    : db_(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs) {
  if (db_.execAndGet("PRAGMA journal_mode").getString() != "wal") db_.execAndGet("PRAGMA journal_mode = WAL");
  migrate(file);
  addSummaries();
}

void RunDatabase::migrate(const std::filesystem::path& file) {
  const int known = static_cast<int>(kMigrations.size());
  const auto version = [&] { return db_.execAndGet("PRAGMA user_version").getInt(); };
  if (version() < known) {
    SQLite::Transaction transaction = begin();
    // Another process may have migrated while this one waited for its turn.
    for (int next = version(); next < known; ++next) db_.exec(kMigrations[static_cast<std::size_t>(next)]);
    if (version() < known) db_.exec("PRAGMA user_version = " + std::to_string(known));
    transaction.commit();
  }
  if (version() > known) {
    throw fileError(file, "was written by a newer Panicle (schema version " + std::to_string(version()) +
                              ", this one knows " + std::to_string(known) +
                              "); use that one, or name another workspace");
  }
}

// Of runs from before schema 5, and of those that another version summed up.
void RunDatabase::addSummaries() {
  if (runsWithoutSummary(db_).empty()) return;
  SQLite::Transaction transaction = begin();
  for (const std::int64_t run : runsWithoutSummary(db_)) refreshSummary(run);
  transaction.commit();
}

void RunDatabase::refreshSummary(std::int64_t run) {
  writeSummary(db_, run, read(run).front());
}

std::int64_t RunDatabase::lastId() {
  return db_.execAndGet("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'runs'").getInt64();
}

void RunDatabase::insertRun(std::int64_t run, const std::string& name, const std::string& spec,
                            const std::string& environment) {
  SQLite::Statement row(
      db_, "INSERT INTO runs (id, name, status, created, spec, environment) VALUES (?, ?, ?, ?, ?, ?)");
  SQLite::bind(row, run, name, std::string(toString(RunStatus::Running)), utcNow(), spec, environment);
  row.exec();
}

void RunDatabase::write(std::int64_t run, const RunBuffer& buffer) {
  SQLite::Statement step(
      db_,
      "INSERT OR REPLACE INTO steps (run, step, loss, smooth_loss, lr, momentum) VALUES (?, ?, ?, ?, ?, ?)");
  for (const StepRow& row : buffer.steps) {
    SQLite::bind(step, run, static_cast<std::int64_t>(row.step), row.loss, row.smooth_loss, row.lr,
                 row.momentum);
    step.exec();
    step.reset();
  }
  // The same bad image comes up in every epoch; once is enough.
  SQLite::Statement warning(db_, "INSERT OR IGNORE INTO warnings (run, message) VALUES (?, ?)");
  for (const std::string& message : buffer.warnings) {
    SQLite::bind(warning, run, message);
    warning.exec();
    warning.reset();
  }
  SQLite::Statement progress(db_, "UPDATE runs SET seconds = ?, peak_tensor_bytes = ? WHERE id = ?");
  SQLite::bind(progress, buffer.seconds, static_cast<std::int64_t>(buffer.peak_tensor_bytes), run);
  progress.exec();
  writeSamples(db_, run, buffer.memory);
}

void RunDatabase::write(std::int64_t run, const EpochEnded& epoch) {
  SQLite::Statement row(
      db_,
      "INSERT OR REPLACE INTO epochs (run, epoch, stage, phase, train_loss, valid_loss, seconds, skipped_steps) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  SQLite::bind(row, run, epoch.epoch, epoch.stage, epoch.phase, epoch.train_loss, epoch.valid_loss,
               epoch.seconds, static_cast<std::int64_t>(epoch.skipped_steps));
  row.exec();
  SQLite::Statement metric(db_,
                           "INSERT OR REPLACE INTO metrics (run, epoch, name, value) VALUES (?, ?, ?, ?)");
  for (const auto& [name, value] : epoch.metrics) {
    SQLite::bind(metric, run, epoch.epoch, name, value);
    metric.exec();
    metric.reset();
  }
}

// Of two changes before the same step the last one counts.
void RunDatabase::write(std::int64_t run, const RatesChanged& change) {
  SQLite::Statement row(
      db_, "INSERT OR REPLACE INTO changes (run, step, epoch, lr_scale, wd) VALUES (?, ?, ?, ?, ?)");
  SQLite::bind(row, run, static_cast<std::int64_t>(change.step), change.epoch, change.lr_scale, change.wd);
  row.exec();
}

void RunDatabase::write(std::int64_t run, const MemoryMeasured& measured) {
  insertRow(db_, run, measured);
}

void RunDatabase::write(std::int64_t run, const BatchesSplit& split) {
  insertRow(db_, run, split);
}

void RunDatabase::writePlan(std::int64_t run, const DeviceProfile& profile, const RunPlan& plan) {
  insertPlan(db_, run, profile, plan);
}

void RunDatabase::write(std::int64_t run, const RunEnded& end) {
  SQLite::Statement row(db_,
                        "UPDATE runs SET status = ?, message = ?, finished = ?, seconds = ? WHERE id = ?");
  SQLite::bind(row, std::string(toString(end.status)), end.message, utcNow(), end.seconds, run);
  row.exec();
  SQLite::Statement result(db_, "INSERT OR REPLACE INTO results (run, name, value) VALUES (?, ?, ?)");
  for (const auto& [name, value] : end.metrics) {
    SQLite::bind(result, run, name, value);
    result.exec();
    result.reset();
  }
  insertRemedies(db_, run, end.remedies);
}

void RunDatabase::markInterrupted(std::int64_t run) {
  SQLite::Statement mark(
      db_,
      "UPDATE runs SET status = 'interrupted', "
      "finished = strftime('%Y-%m-%dT%H:%M:%SZ', created, '+' || COALESCE(seconds, 0) || ' seconds') "
      "WHERE id = ? AND status = 'running'");
  mark.bind(1, run);
  mark.exec();
}

bool RunDatabase::contains(std::int64_t run) {
  SQLite::Statement row(db_, "SELECT 1 FROM runs WHERE id = ?");
  row.bind(1, run);
  return row.executeStep();
}

int RunDatabase::count() {
  return db_.execAndGet("SELECT COUNT(*) FROM runs").getInt();
}

std::vector<std::int64_t> RunDatabase::running() {
  SQLite::Statement row(db_, "SELECT id FROM runs WHERE status = 'running'");
  std::vector<std::int64_t> ids;
  while (row.executeStep()) ids.push_back(row.getColumn(0).getInt64());
  return ids;
}

std::vector<StepRow> RunDatabase::steps(std::int64_t run) {
  SQLite::Statement row(
      db_, "SELECT step, loss, smooth_loss, lr, momentum FROM steps WHERE run = ? ORDER BY step");
  row.bind(1, run);
  std::vector<StepRow> steps;
  while (row.executeStep()) {
    steps.push_back({static_cast<std::uint64_t>(row.getColumn(0).getInt64()), realAt(row, 1), realAt(row, 2),
                     realAt(row, 3), realAt(row, 4)});
  }
  return steps;
}

std::vector<MeasuredRun> RunDatabase::measuredRuns() {
  return loadMeasuredRuns(db_);
}

std::vector<MemoryRow> RunDatabase::memory(std::int64_t run) {
  return loadSamples(db_, run);
}

std::vector<RunRecord> RunDatabase::load(std::optional<std::int64_t> only) {
  SQLite::Transaction snapshot(db_);
  return read(only);
}

std::vector<RunRecord> RunDatabase::read(std::optional<std::int64_t> only) {
  SQLite::Statement row(
      db_,
      std::string("SELECT id, name, status, message, created, finished, seconds, peak_tensor_bytes, spec, "
                  "environment FROM runs ") +
          (only ? "WHERE id = ?" : "WHERE id NOT IN (SELECT run FROM labels WHERE trashed <> '') ORDER BY id DESC"));
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
  RecordsById byId;
  for (auto& record : records) byId.emplace(std::stoll(record.id), &record);
  loadEpochs(only, byId);
  loadChanges(only, byId);
  loadWarnings(only, byId);
  loadResults(only, byId);
  loadMemory(db_, only, byId);
  loadLabels(db_, only, byId);
  return records;
}

void RunDatabase::loadEpochs(std::optional<std::int64_t> only, const RecordsById& records) {
  const std::string filter = only ? "WHERE e.run = ? " : "";
  SQLite::Statement row(
      db_,
      "SELECT e.run, e.epoch, e.stage, e.phase, e.train_loss, e.valid_loss, e.seconds, "
      "e.skipped_steps, m.name, m.value "
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
                        realAt(row, 6),
                        static_cast<std::uint64_t>(row.getColumn(7).getInt64())});
    }
    if (!row.getColumn(8).isNull())
      epochs.back().metrics.emplace(row.getColumn(8).getString(), realAt(row, 9));
  }
}

void RunDatabase::loadChanges(std::optional<std::int64_t> only, const RecordsById& records) {
  SQLite::Statement row(db_, std::string("SELECT run, step, epoch, lr_scale, wd FROM changes ") +
                                 (only ? "WHERE run = ? " : "") + "ORDER BY run, step");
  if (only) row.bind(1, *only);
  while (row.executeStep()) {
    const auto record = records.find(row.getColumn(0).getInt64());
    if (record == records.end()) continue;
    record->second->changes.push_back({row.getColumn(2).getInt(),
                                       static_cast<std::uint64_t>(row.getColumn(1).getInt64()),
                                       realAt(row, 3), realAt(row, 4)});
  }
}

void RunDatabase::loadWarnings(std::optional<std::int64_t> only, const RecordsById& records) {
  SQLite::Statement row(db_, std::string("SELECT run, message FROM warnings ") +
                                 (only ? "WHERE run = ? " : "") + "ORDER BY id");
  if (only) row.bind(1, *only);
  while (row.executeStep()) {
    const auto record = records.find(row.getColumn(0).getInt64());
    if (record != records.end()) record->second->warnings.push_back(row.getColumn(1).getString());
  }
}

void RunDatabase::loadResults(std::optional<std::int64_t> only, const RecordsById& records) {
  SQLite::Statement row(
      db_, std::string("SELECT run, name, value FROM results ") + (only ? "WHERE run = ? " : ""));
  if (only) row.bind(1, *only);
  while (row.executeStep()) {
    const auto record = records.find(row.getColumn(0).getInt64());
    if (record != records.end()) record->second->results.emplace(row.getColumn(1).getString(), realAt(row, 2));
  }
}

}  // namespace panicle
