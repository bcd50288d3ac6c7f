// The store's tables about memory (schema 4): predictions, peaks, samples, batches that were split, remedies.
// Internal to the run store; throws SQLite::Exception.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/runs/run_store.h"

namespace panicle {

extern const char* const kMemoryTables;  // the SQL that makes them

void insertPlan(SQLite::Database& db, std::int64_t run, const DeviceProfile& profile, const RunPlan& plan);
void insertRow(SQLite::Database& db, std::int64_t run, const MemoryMeasured& measured);
void insertRow(SQLite::Database& db, std::int64_t run, const BatchesSplit& split);
void insertRemedies(SQLite::Database& db, std::int64_t run, const std::vector<Remedy>& remedies);

// Brings the stored samples of a run to `samples`, of which those before firstChanged() are stored.
void writeSamples(SQLite::Database& db, std::int64_t run, const ThinnedMemory& samples);
std::vector<MemoryRow> loadSamples(SQLite::Database& db, std::int64_t run);

// The last that were planned, newest first.
std::vector<MeasuredRun> loadMeasuredRuns(SQLite::Database& db);

// Fills what the records tell of memory: of one run, or of all.
void loadMemory(SQLite::Database& db, std::optional<std::int64_t> only,
                const std::unordered_map<std::int64_t, RunRecord*>& records);

}  // namespace panicle
