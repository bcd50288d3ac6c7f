// The store's tables of what a list of runs shows (schema 5): labels, tags, summaries, and of the queue. Internal to core/runs; throws
// SQLite::Exception.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/runs/run_store.h"

namespace panicle {

extern const char* const kSummaryTables;  // the SQL that makes them

// Puts what is to be seen of the run in its row of `summaries`: after anything that a summary tells of has changed.
void writeSummary(SQLite::Database& db, std::int64_t run, const RunRecord& record);
// Runs without a row, or with one that an earlier Panicle wrote in other words.
std::vector<std::int64_t> runsWithoutSummary(SQLite::Database& db);
std::vector<RunSummary> loadSummaries(SQLite::Database& db, Shown shown);

// Fills what the records tell of labels and tags: of one run, or of all.
void loadLabels(SQLite::Database& db, std::optional<std::int64_t> only, const std::unordered_map<std::int64_t, RunRecord*>& records);
void setStarred(SQLite::Database& db, std::int64_t run, bool starred);
void setNote(SQLite::Database& db, std::int64_t run, const std::string& note);
void setTrashed(SQLite::Database& db, std::int64_t run, const std::string& when);  // "": brings it back
void addTag(SQLite::Database& db, std::int64_t run, const std::string& tag);
void removeTag(SQLite::Database& db, std::int64_t run, const std::string& tag);

// The tables that hold rows of a run, each in its column `run`; not `runs` itself, nor summaries.
std::vector<std::string> tablesOfRuns(SQLite::Database& db);

}  // namespace panicle
