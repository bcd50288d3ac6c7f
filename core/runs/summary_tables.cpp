#include "core/runs/summary_tables.h"

#include <SQLiteCpp/VariadicBind.h>

#include <cmath>
#include <cstring>
#include <map>

#include "core/runs/run_database.h"
#include "core/train/metrics.h"

namespace panicle {

// runs_overview holds all that a list reads of `runs`, whose own rows are long with their documents. `curve`: 32-bit floats in the order
// of the epochs. `queue.made` is the run that came of an entry, and no row of it.
const char* const kSummaryTables = R"(
  CREATE TABLE labels (
    run INTEGER PRIMARY KEY REFERENCES runs (id),
    starred INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    trashed TEXT NOT NULL DEFAULT '');
  CREATE TABLE tags (
    run INTEGER NOT NULL REFERENCES runs (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (run, tag)) WITHOUT ROWID;
  CREATE TABLE summaries (
    run INTEGER PRIMARY KEY REFERENCES runs (id),
    version INTEGER NOT NULL,
    architecture TEXT NOT NULL, transforms TEXT NOT NULL, schedule TEXT NOT NULL, data TEXT NOT NULL,
    device TEXT NOT NULL, "precision" TEXT NOT NULL, seed INTEGER NOT NULL, batch INTEGER NOT NULL, settings TEXT NOT NULL,
    monitor TEXT NOT NULL, best REAL, best_epoch INTEGER NOT NULL, last REAL, error REAL,
    train_loss REAL, valid_loss REAL, tta REAL, curve BLOB,
    epochs INTEGER NOT NULL, planned_epochs INTEGER NOT NULL, seconds_per_epoch REAL,
    peak INTEGER NOT NULL, predicted INTEGER NOT NULL);
  CREATE INDEX runs_overview ON runs (id, name, status, message, created, finished, seconds);
  CREATE INDEX runs_status ON runs (status);
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    position REAL NOT NULL,
    state TEXT NOT NULL,
    lane TEXT NOT NULL,
    machine TEXT NOT NULL DEFAULT '',
    label TEXT NOT NULL,
    made TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    added TEXT NOT NULL,
    started TEXT NOT NULL DEFAULT '',
    ended TEXT NOT NULL DEFAULT '',
    stop_asked INTEGER NOT NULL DEFAULT 0,
    halving TEXT NOT NULL DEFAULT '',
    spec TEXT NOT NULL);
  CREATE INDEX queue_order ON queue (state, position);
  CREATE TABLE choices (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL) WITHOUT ROWID;)";

namespace {

// Goes up whenever the same run is summed up otherwise; rows of another version are made again.
constexpr int kSummaryVersion = 1;

using Records = std::unordered_map<std::int64_t, RunRecord*>;

double realAt(SQLite::Statement& row, int column) {
  const SQLite::Column value = row.getColumn(column);
  return value.isNull() ? RunSummary::kUnknown : value.getDouble();
}

// Of an epoch, for runs that were asked for the one or the other.
double errorOf(const EpochRow& row) {
  const double error = row.value("error_rate");
  return std::isnan(error) ? 1 - row.value("accuracy") : error;
}

std::string environmentText(const RunRecord& record, const char* key, const std::string& otherwise) {
  const auto found = record.environment.find(key);
  return found != record.environment.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

// What a record tells beyond its spec.
void addHistory(RunSummary& summary, const RunRecord& record) {
  summary.device = environmentText(record, "device", summary.device);
  summary.precision = environmentText(record, "precision", summary.precision);
  summary.monitor = record.monitor();
  double seconds = 0;
  for (const EpochRow& row : record.epochs) {
    summary.curve.push_back(static_cast<float>(row.value(summary.monitor)));
    seconds += row.seconds;
  }
  summary.epochs = static_cast<int>(record.epochs.size());
  if (!record.epochs.empty()) {
    const EpochRow& last = record.epochs.back();
    summary.last = last.value(summary.monitor);
    summary.train_loss = last.train_loss;
    summary.valid_loss = last.valid_loss;
    summary.seconds_per_epoch = seconds / static_cast<double>(record.epochs.size());
  }
  if (const EpochRow* best = record.best()) {
    summary.best = best->value(summary.monitor);
    summary.best_epoch = best->epoch;
    summary.error = errorOf(*best);
  }
  if (const auto tta = record.results.find("tta_error_rate"); tta != record.results.end()) summary.tta = tta->second;
  summary.peak_bytes = record.memory.cuda ? record.memory.measuredHeld() : record.peak_tensor_bytes;
  summary.predicted_peak_bytes = record.memory.predictedHeld().value_or(0);
}

void readCurve(const SQLite::Column& blob, std::vector<float>& curve) {
  curve.resize(static_cast<std::size_t>(blob.getBytes()) / sizeof(float));
  if (!curve.empty()) std::memcpy(curve.data(), blob.getBlob(), curve.size() * sizeof(float));
}

RunSummary readSummary(SQLite::Statement& row) {
  int column = 0;
  const auto text = [&] { return row.getColumn(column++).getString(); };
  const auto real = [&] { return realAt(row, column++); };
  const auto integer = [&] { return row.getColumn(column++).getInt64(); };
  RunSummary summary;
  summary.id = text();
  summary.name = text();
  summary.status = statusFromText(text());
  summary.message = text();
  summary.created = text();
  summary.finished = text();
  summary.seconds = real();
  summary.architecture = text();
  summary.transforms = text();
  summary.schedule = text();
  summary.data = text();
  summary.device = text();
  summary.precision = text();
  summary.seed = static_cast<std::uint64_t>(integer());
  summary.batch = static_cast<int>(integer());
  summary.settings = text();
  summary.monitor = text();
  summary.best = real();
  summary.best_epoch = static_cast<int>(integer());
  summary.last = real();
  summary.error = real();
  summary.train_loss = real();
  summary.valid_loss = real();
  summary.tta = real();
  readCurve(row.getColumn(column++), summary.curve);
  summary.epochs = static_cast<int>(integer());
  summary.planned_epochs = static_cast<int>(integer());
  summary.seconds_per_epoch = real();
  summary.peak_bytes = static_cast<std::uint64_t>(integer());
  summary.predicted_peak_bytes = static_cast<std::uint64_t>(integer());
  summary.starred = integer() != 0;
  summary.note = text();
  summary.trashed = text();
  return summary;
}

// A row of labels is made when the first label comes.
void setLabel(SQLite::Database& db, std::int64_t run, const std::string& column, const std::string& value) {
  SQLite::Statement row(db, "INSERT INTO labels (run, " + column + ") VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET " + column +
                                " = excluded." + column);
  SQLite::bind(row, run, value);
  row.exec();
}

}  // namespace

void writeSummary(SQLite::Database& db, std::int64_t run, const RunRecord& record) {
  RunSummary summary = summarize(record.spec);
  addHistory(summary, record);
  SQLite::Statement row(db,
                        "INSERT OR REPLACE INTO summaries (run, version, architecture, transforms, schedule, data, device, \"precision\", seed, "
                        "batch, settings, monitor, best, best_epoch, last, error, train_loss, valid_loss, tta, epochs, planned_epochs, "
                        "seconds_per_epoch, peak, predicted, curve) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  SQLite::bind(row, run, kSummaryVersion, summary.architecture, summary.transforms, summary.schedule, summary.data, summary.device,
               summary.precision, static_cast<std::int64_t>(summary.seed), summary.batch, summary.settings, summary.monitor, summary.best,
               summary.best_epoch, summary.last, summary.error, summary.train_loss, summary.valid_loss, summary.tta, summary.epochs,
               summary.planned_epochs, summary.seconds_per_epoch, static_cast<std::int64_t>(summary.peak_bytes),
               static_cast<std::int64_t>(summary.predicted_peak_bytes));
  row.bind(25, summary.curve.data(), static_cast<int>(summary.curve.size() * sizeof(float)));
  row.exec();
}

std::vector<std::int64_t> runsWithoutSummary(SQLite::Database& db) {
  SQLite::Statement row(db, "SELECT r.id FROM runs r LEFT JOIN summaries s ON s.run = r.id WHERE s.version IS NOT ?");
  row.bind(1, kSummaryVersion);
  std::vector<std::int64_t> runs;
  while (row.executeStep()) runs.push_back(row.getColumn(0).getInt64());
  return runs;
}

std::vector<RunSummary> loadSummaries(SQLite::Database& db, Shown shown) {
  SQLite::Transaction snapshot(db);
  SQLite::Statement row(
      db,
      std::string("SELECT r.id, r.name, r.status, r.message, r.created, r.finished, r.seconds, s.architecture, s.transforms, s.schedule, s.data, "
                  "s.device, s.\"precision\", s.seed, s.batch, s.settings, s.monitor, s.best, s.best_epoch, s.last, s.error, s.train_loss, "
                  "s.valid_loss, s.tta, s.curve, s.epochs, s.planned_epochs, s.seconds_per_epoch, s.peak, s.predicted, "
                  "COALESCE(l.starred, 0), COALESCE(l.note, ''), COALESCE(l.trashed, '') AS trashed FROM runs r INDEXED BY runs_overview "
                  "JOIN summaries s ON s.run = r.id LEFT JOIN labels l ON l.run = r.id WHERE COALESCE(l.trashed, '') ") +
          (shown == Shown::Trashed ? "<> ''" : "= ''") + " ORDER BY r.id DESC");
  std::vector<RunSummary> summaries;
  std::map<std::string, bool> smaller;  // of the few monitors that there are
  while (row.executeStep()) {
    RunSummary& summary = summaries.emplace_back(readSummary(row));
    auto known = smaller.find(summary.monitor);
    if (known == smaller.end()) known = smaller.emplace(summary.monitor, smallerIsBetter(summary.monitor)).first;
    summary.smaller_is_better = known->second;
  }
  // Both go from the newest run to the oldest.
  SQLite::Statement tag(db, "SELECT run, tag FROM tags ORDER BY run DESC, tag");
  auto place = summaries.begin();
  while (tag.executeStep()) {
    const std::int64_t run = tag.getColumn(0).getInt64();
    while (place != summaries.end() && std::stoll(place->id) > run) ++place;
    if (place != summaries.end() && std::stoll(place->id) == run) place->tags.push_back(tag.getColumn(1).getString());
  }
  return summaries;
}

void loadLabels(SQLite::Database& db, std::optional<std::int64_t> only, const Records& records) {
  const std::string filter = only ? " WHERE run = ?" : "";
  SQLite::Statement label(db, "SELECT run, starred, note, trashed FROM labels" + filter);
  if (only) label.bind(1, *only);
  while (label.executeStep()) {
    const auto record = records.find(label.getColumn(0).getInt64());
    if (record == records.end()) continue;
    record->second->starred = label.getColumn(1).getInt() != 0;
    record->second->note = label.getColumn(2).getString();
    record->second->trashed = label.getColumn(3).getString();
  }
  SQLite::Statement tag(db, "SELECT run, tag FROM tags" + filter + " ORDER BY run, tag");
  if (only) tag.bind(1, *only);
  while (tag.executeStep()) {
    const auto record = records.find(tag.getColumn(0).getInt64());
    if (record != records.end()) record->second->tags.push_back(tag.getColumn(1).getString());
  }
}

void setStarred(SQLite::Database& db, std::int64_t run, bool starred) {
  setLabel(db, run, "starred", starred ? "1" : "0");
}

void setNote(SQLite::Database& db, std::int64_t run, const std::string& note) {
  setLabel(db, run, "note", note);
}

void setTrashed(SQLite::Database& db, std::int64_t run, const std::string& when) {
  setLabel(db, run, "trashed", when);
}

void addTag(SQLite::Database& db, std::int64_t run, const std::string& tag) {
  SQLite::Statement row(db, "INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)");
  SQLite::bind(row, run, tag);
  row.exec();
}

void removeTag(SQLite::Database& db, std::int64_t run, const std::string& tag) {
  SQLite::Statement row(db, "DELETE FROM tags WHERE run = ? AND tag = ?");
  SQLite::bind(row, run, tag);
  row.exec();
}

std::vector<std::string> tablesOfRuns(SQLite::Database& db) {
  SQLite::Statement row(db,
                        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'run' "
                        "WHERE m.type = 'table' AND m.name <> 'summaries' ORDER BY m.name");
  std::vector<std::string> tables;
  while (row.executeStep()) tables.push_back(row.getColumn(0).getString());
  return tables;
}

}  // namespace panicle
