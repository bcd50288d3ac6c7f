#include "core/runs/memory_tables.h"

#include <SQLiteCpp/VariadicBind.h>

#include <algorithm>
#include <string>
#include <utility>

namespace panicle {

// `plans`, `peaks`: a row for each stage; of peaks one with stage -1 for what lies outside. `parts`: MemoryParts
// by name. `sample`: rows of a run in order of time.
const char* const kMemoryTables = R"(
  CREATE TABLE plans (
    run INTEGER NOT NULL REFERENCES runs (id),
    stage INTEGER NOT NULL,
    profile TEXT NOT NULL,
    cuda INTEGER NOT NULL,
    total INTEGER NOT NULL,
    frozen INTEGER NOT NULL,
    parts TEXT NOT NULL,
    PRIMARY KEY (run, stage)) WITHOUT ROWID;
  CREATE TABLE peaks (
    run INTEGER NOT NULL REFERENCES runs (id),
    stage INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    tensors INTEGER NOT NULL, reserved INTEGER NOT NULL, process INTEGER NOT NULL, others INTEGER NOT NULL,
    PRIMARY KEY (run, stage)) WITHOUT ROWID;
  CREATE TABLE memory (
    run INTEGER NOT NULL REFERENCES runs (id),
    sample INTEGER NOT NULL,
    seconds REAL, step INTEGER NOT NULL,
    tensors INTEGER NOT NULL, reserved INTEGER NOT NULL, process INTEGER NOT NULL, others INTEGER NOT NULL,
    PRIMARY KEY (run, sample)) WITHOUT ROWID;
  CREATE TABLE splits (
    run INTEGER NOT NULL REFERENCES runs (id),
    step INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    pieces INTEGER NOT NULL,
    PRIMARY KEY (run, step)) WITHOUT ROWID;
  CREATE TABLE remedies (
    run INTEGER NOT NULL REFERENCES runs (id),
    position INTEGER NOT NULL,
    words TEXT NOT NULL,
    settings TEXT NOT NULL,
    predicted INTEGER NOT NULL,
    PRIMARY KEY (run, position)) WITHOUT ROWID;)";

namespace {

constexpr int kMostMeasured = 200;

using Records = std::unordered_map<std::int64_t, RunRecord*>;

std::int64_t signedBytes(std::uint64_t bytes) {
  return static_cast<std::int64_t>(bytes);
}

std::uint64_t bytesAt(SQLite::Statement& row, int column) {
  return static_cast<std::uint64_t>(row.getColumn(column).getInt64());
}

// Of four columns from `first` on.
MemoryPeak peakAt(SQLite::Statement& row, int first) {
  return {bytesAt(row, first), bytesAt(row, first + 1), bytesAt(row, first + 2), bytesAt(row, first + 3)};
}

std::string textOf(const MemoryParts& parts) {
  Json json = Json::object();
  for (const MemoryPart& part : memoryParts()) json[part.name] = parts.*part.bytes;
  return json.dump();
}

MemoryParts partsOf(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  MemoryParts parts;
  for (const MemoryPart& part : memoryParts()) {
    if (json.is_object() && json.contains(part.name) && json[part.name].is_number_unsigned())
      parts.*part.bytes = json[part.name].get<std::uint64_t>();
  }
  return parts;
}

// Each row of `query`, whose first column is the run, goes to `take` with its record.
template <typename Take>
void forEach(SQLite::Database& db, const std::string& query, const std::string& order,
             std::optional<std::int64_t> only, const Records& records, const Take& take) {
  SQLite::Statement row(db, query + (only ? " WHERE run = ? " : " ") + order);
  if (only) row.bind(1, *only);
  while (row.executeStep()) {
    const auto record = records.find(row.getColumn(0).getInt64());
    if (record != records.end()) take(row, *record->second);
  }
}

StageMemory& stageOf(RunMemory& memory, int stage) {
  const auto found = std::ranges::find_if(memory.stages, [&](const auto& known) { return known.stage >= stage; });
  if (found != memory.stages.end() && found->stage == stage) return *found;
  return *memory.stages.insert(found, StageMemory{.stage = stage});
}

void loadPlans(SQLite::Database& db, std::optional<std::int64_t> only, const Records& records) {
  forEach(db, "SELECT run, stage, profile, cuda, total, frozen, parts FROM plans", "ORDER BY run, stage", only, records,
          [](SQLite::Statement& row, RunRecord& record) {
            record.memory.profile = row.getColumn(2).getString();
            record.memory.cuda = row.getColumn(3).getInt() != 0;
            record.memory.total = bytesAt(row, 4);
            StageMemory& stage = stageOf(record.memory, row.getColumn(1).getInt());
            stage.frozen = row.getColumn(5).getInt() != 0;
            stage.predicted = partsOf(row.getColumn(6).getString());
          });
}

void loadPeaks(SQLite::Database& db, std::optional<std::int64_t> only, const Records& records) {
  forEach(db, "SELECT run, stage, whole, tensors, reserved, process, others FROM peaks", "ORDER BY run, stage", only, records,
          [](SQLite::Statement& row, RunRecord& record) {
            StageMemory& stage = stageOf(record.memory, row.getColumn(1).getInt());
            stage.whole = row.getColumn(2).getInt() != 0;
            stage.measured = peakAt(row, 3);
          });
}

void loadSplits(SQLite::Database& db, std::optional<std::int64_t> only, const Records& records) {
  forEach(db, "SELECT run, step, stage, epoch, pieces FROM splits", "ORDER BY run, step", only, records,
          [](SQLite::Statement& row, RunRecord& record) {
            record.splits.push_back({row.getColumn(2).getInt(), row.getColumn(3).getInt(), bytesAt(row, 1),
                                     row.getColumn(4).getInt()});
          });
}

void loadRemedies(SQLite::Database& db, std::optional<std::int64_t> only, const Records& records) {
  forEach(db, "SELECT run, words, settings, predicted FROM remedies", "ORDER BY run, position", only, records,
          [](SQLite::Statement& row, RunRecord& record) {
            Remedy remedy{.words = row.getColumn(1).getString(), .settings = {}, .predicted = bytesAt(row, 3)};
            const Json settings = Json::parse(row.getColumn(2).getString(), nullptr, false);
            for (const auto& setting : settings.is_array() ? settings : Json::array()) {
              remedy.settings.emplace_back(setting.at(0).get<std::string>(), setting.at(1).get<std::string>());
            }
            record.remedies.push_back(std::move(remedy));
          });
}

}  // namespace

void insertPlan(SQLite::Database& db, std::int64_t run, const DeviceProfile& profile, const RunPlan& plan) {
  SQLite::Statement row(
      db, "INSERT OR REPLACE INTO plans (run, stage, profile, cuda, total, frozen, parts) VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const StagePlan& stage : plan.stages) {
    SQLite::bind(row, run, static_cast<std::int64_t>(stage.stage), profile.name, profile.kind == ComputeKind::Cuda ? 1 : 0,
                 signedBytes(profile.total), stage.frozen ? 1 : 0, textOf(stage.parts));
    row.exec();
    row.reset();
  }
}

void insertRow(SQLite::Database& db, std::int64_t run, const MemoryMeasured& measured) {
  SQLite::Statement row(
      db, "INSERT OR REPLACE INTO peaks (run, stage, whole, tensors, reserved, process, others) VALUES (?, ?, ?, ?, ?, ?, ?)");
  SQLite::bind(row, run, measured.stage, measured.whole ? 1 : 0, signedBytes(measured.peak.tensors),
               signedBytes(measured.peak.reserved), signedBytes(measured.peak.process), signedBytes(measured.peak.others));
  row.exec();
}

void insertRow(SQLite::Database& db, std::int64_t run, const BatchesSplit& split) {
  SQLite::Statement row(db, "INSERT OR REPLACE INTO splits (run, step, stage, epoch, pieces) VALUES (?, ?, ?, ?, ?)");
  SQLite::bind(row, run, signedBytes(split.step), split.stage, split.epoch, split.pieces);
  row.exec();
}

void insertRemedies(SQLite::Database& db, std::int64_t run, const std::vector<Remedy>& remedies) {
  SQLite::Statement row(
      db, "INSERT OR REPLACE INTO remedies (run, position, words, settings, predicted) VALUES (?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < remedies.size(); ++i) {
    Json settings = Json::array();
    for (const auto& [key, value] : remedies[i].settings) settings.push_back({key, value});
    SQLite::bind(row, run, static_cast<std::int64_t>(i), remedies[i].words, settings.dump(), signedBytes(remedies[i].predicted));
    row.exec();
    row.reset();
  }
}

void writeSamples(SQLite::Database& db, std::int64_t run, const ThinnedMemory& samples) {
  const std::size_t first = samples.firstChanged();
  if (first == samples.rows().size()) return;
  SQLite::Statement old(db, "DELETE FROM memory WHERE run = ? AND sample >= ?");
  SQLite::bind(old, run, static_cast<std::int64_t>(first));
  old.exec();
  SQLite::Statement row(
      db, "INSERT INTO memory (run, sample, seconds, step, tensors, reserved, process, others) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  for (std::size_t i = first; i < samples.rows().size(); ++i) {
    const MemoryRow& sample = samples.rows()[i];
    SQLite::bind(row, run, static_cast<std::int64_t>(i), sample.seconds, signedBytes(sample.step), signedBytes(sample.bytes.tensors),
                 signedBytes(sample.bytes.reserved), signedBytes(sample.bytes.process), signedBytes(sample.bytes.others));
    row.exec();
    row.reset();
  }
}

std::vector<MemoryRow> loadSamples(SQLite::Database& db, std::int64_t run) {
  SQLite::Statement row(
      db, "SELECT seconds, step, tensors, reserved, process, others FROM memory WHERE run = ? ORDER BY sample");
  row.bind(1, run);
  std::vector<MemoryRow> rows;
  while (row.executeStep()) rows.push_back({row.getColumn(0).getDouble(), bytesAt(row, 1), peakAt(row, 2)});
  return rows;
}

std::vector<MeasuredRun> loadMeasuredRuns(SQLite::Database& db) {
  std::vector<RunRecord> records;
  SQLite::Statement row(db, "SELECT DISTINCT run FROM plans ORDER BY run DESC LIMIT ?");
  row.bind(1, kMostMeasured);
  while (row.executeStep()) records.emplace_back().id = row.getColumn(0).getString();
  std::vector<MeasuredRun> runs;
  for (RunRecord& record : records) {
    const std::int64_t id = std::stoll(record.id);
    loadMemory(db, id, {{id, &record}});
    runs.push_back({record.id, std::move(record.memory), !record.splits.empty()});
  }
  return runs;
}

void loadMemory(SQLite::Database& db, std::optional<std::int64_t> only, const Records& records) {
  loadPlans(db, only, records);
  loadPeaks(db, only, records);
  loadSplits(db, only, records);
  loadRemedies(db, only, records);
}

}  // namespace panicle
