// Workspaces that earlier versions made: the tables as those versions made them, and that nothing of them is lost.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "core/runs/queue.h"
#include "core/runs/run_store.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using testing::TempFolder;

// Never to be changed: what schema 1 to 4 were.
constexpr std::array kOldSchemas{
    R"(CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL DEFAULT '',
         created TEXT NOT NULL, finished TEXT NOT NULL DEFAULT '', seconds REAL DEFAULT 0, peak_tensor_bytes INTEGER NOT NULL DEFAULT 0,
         spec TEXT NOT NULL, environment TEXT NOT NULL);
       CREATE TABLE epochs (run INTEGER NOT NULL REFERENCES runs (id), epoch INTEGER NOT NULL, stage INTEGER NOT NULL, phase TEXT NOT NULL,
         train_loss REAL, valid_loss REAL, seconds REAL, PRIMARY KEY (run, epoch)) WITHOUT ROWID;
       CREATE TABLE metrics (run INTEGER NOT NULL REFERENCES runs (id), epoch INTEGER NOT NULL, name TEXT NOT NULL, value REAL,
         PRIMARY KEY (run, epoch, name)) WITHOUT ROWID;
       CREATE TABLE steps (run INTEGER NOT NULL REFERENCES runs (id), step INTEGER NOT NULL, loss REAL, smooth_loss REAL, lr REAL, momentum REAL,
         PRIMARY KEY (run, step)) WITHOUT ROWID;
       CREATE TABLE warnings (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs (id), message TEXT NOT NULL, UNIQUE (run, message));)",
    R"(CREATE TABLE changes (run INTEGER NOT NULL REFERENCES runs (id), step INTEGER NOT NULL, epoch INTEGER NOT NULL, lr_scale REAL, wd REAL,
         PRIMARY KEY (run, step)) WITHOUT ROWID;
       ALTER TABLE epochs ADD COLUMN skipped_steps INTEGER NOT NULL DEFAULT 0;)",
    R"(CREATE TABLE results (run INTEGER NOT NULL REFERENCES runs (id), name TEXT NOT NULL, value REAL, PRIMARY KEY (run, name)) WITHOUT ROWID;)",
    R"(CREATE TABLE plans (run INTEGER NOT NULL REFERENCES runs (id), stage INTEGER NOT NULL, profile TEXT NOT NULL, cuda INTEGER NOT NULL,
         total INTEGER NOT NULL, frozen INTEGER NOT NULL, parts TEXT NOT NULL, PRIMARY KEY (run, stage)) WITHOUT ROWID;
       CREATE TABLE peaks (run INTEGER NOT NULL REFERENCES runs (id), stage INTEGER NOT NULL, whole INTEGER NOT NULL, tensors INTEGER NOT NULL,
         reserved INTEGER NOT NULL, process INTEGER NOT NULL, others INTEGER NOT NULL, PRIMARY KEY (run, stage)) WITHOUT ROWID;
       CREATE TABLE memory (run INTEGER NOT NULL REFERENCES runs (id), sample INTEGER NOT NULL, seconds REAL, step INTEGER NOT NULL,
         tensors INTEGER NOT NULL, reserved INTEGER NOT NULL, process INTEGER NOT NULL, others INTEGER NOT NULL,
         PRIMARY KEY (run, sample)) WITHOUT ROWID;
       CREATE TABLE splits (run INTEGER NOT NULL REFERENCES runs (id), step INTEGER NOT NULL, stage INTEGER NOT NULL, epoch INTEGER NOT NULL,
         pieces INTEGER NOT NULL, PRIMARY KEY (run, step)) WITHOUT ROWID;
       CREATE TABLE remedies (run INTEGER NOT NULL REFERENCES runs (id), position INTEGER NOT NULL, words TEXT NOT NULL, settings TEXT NOT NULL,
         predicted INTEGER NOT NULL, PRIMARY KEY (run, position)) WITHOUT ROWID;)"};

// Rows that each of those versions may have written.
constexpr std::array kOldRows{
    R"(INSERT INTO runs VALUES (3, 'old one', 'finished', 'message', '2026-01-02T03:04:05Z', '2026-01-02T04:04:05Z', 3600.5, 123456,
         '{"seed": 7, "model": {"arch": "resnet26d"}, "stages": [{"schedule": {"kind": "fine_tune", "epochs": 1, "base_lr": 0.01}}]}', '{"device": "CPU"}');
       INSERT INTO runs VALUES (5, 'younger', 'interrupted', '', '2026-01-03T03:04:05Z', '', 1, 0, '{}', '{}');
       INSERT INTO epochs (run, epoch, stage, phase, train_loss, valid_loss, seconds) VALUES (3, 0, 0, 'frozen', 1.5, 1.25, 30), (3, 1, 0, 'unfrozen', 0.5, NULL, 50);
       INSERT INTO metrics VALUES (3, 0, 'error_rate', 0.25), (3, 1, 'error_rate', 0.125);
       INSERT INTO steps VALUES (3, 1, 2.5, 2.5, 0.001, 0.9), (3, 2, 2.25, 2.4, 0.002, 0.9);
       INSERT INTO warnings VALUES (1, 3, 'a bad image');)",
    R"(INSERT INTO changes VALUES (3, 2, 1, 0.5, 0.01);)",
    R"(INSERT INTO results VALUES (3, 'tta_error_rate', 0.0625);)",
    R"(INSERT INTO peaks VALUES (3, 0, 1, 1000, 1000, 5000, 0);)"};

void makeOldWorkspace(const std::filesystem::path& folder, std::size_t version) {
  SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  for (std::size_t i = 0; i < version; ++i) {
    db.exec(kOldSchemas[i]);
    db.exec(kOldRows[i]);
  }
  db.exec("PRAGMA user_version = " + std::to_string(version));
}

// Every value of every table of the old version.
std::vector<std::string> contents(const std::filesystem::path& folder, const std::vector<std::string>& columns) {
  SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READONLY, 5000);
  std::vector<std::string> values;
  for (const std::string& column : columns) {
    const std::string table = column.substr(0, column.find('.'));
    SQLite::Statement row(db, "SELECT " + column + " FROM " + table);
    while (row.executeStep()) values.push_back(column + "=" + row.getColumn(0).getString());
  }
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<std::string> columnsIn(const std::filesystem::path& folder) {
  SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READONLY, 5000);
  SQLite::Statement row(db, "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'");
  std::vector<std::string> columns;
  while (row.executeStep()) columns.push_back(row.getColumn(0).getString());
  return columns;
}

class OldWorkspace : public ::testing::TestWithParam<std::size_t> {};

TEST_P(OldWorkspace, IsBroughtUpToDateWithNothingLost) {
  const TempFolder folder;
  makeOldWorkspace(folder.path(), GetParam());
  const auto columns = columnsIn(folder.path());
  const auto before = contents(folder.path(), columns);
  {
    const RunStore store(folder.path());
    const auto runs = store.summaries();
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs[0].id, "5");
    const RunSummary& run = runs[1];
    EXPECT_EQ(run.id, "3");
    EXPECT_EQ(run.name, "old one");
    EXPECT_EQ(run.status, RunStatus::Finished);
    EXPECT_EQ(run.architecture, "resnet26d");
    EXPECT_EQ(run.schedule, "fine_tune 1 at 0.01");
    EXPECT_EQ(run.device, "CPU");
    EXPECT_EQ(run.seed, 7u);
    EXPECT_EQ(run.best, 0.125);
    EXPECT_EQ(run.best_epoch, 1);
    EXPECT_EQ(run.epochs, 2);
    EXPECT_EQ(run.planned_epochs, 2);
    EXPECT_EQ(run.seconds_per_epoch, 40);
    EXPECT_THAT(run.curve, ElementsAre(0.25f, 0.125f));
    EXPECT_EQ(run.peak_bytes, 123456u);
    EXPECT_FALSE(run.starred);
    if (GetParam() >= 3) {
      EXPECT_EQ(run.tta, 0.0625);
    }
    const RunRecord record = store.get("3");
    EXPECT_EQ(record.epochs.size(), 2u);
    EXPECT_EQ(record.changes.size(), GetParam() >= 2 ? 1u : 0u);
    EXPECT_THAT(record.warnings, ElementsAre("a bad image"));
    EXPECT_EQ(store.steps("3").size(), 2u);
    EXPECT_TRUE(RunQueue(store).list().empty());
  }
  EXPECT_EQ(contents(folder.path(), columns), before);
  RunStore again(folder.path());
  EXPECT_EQ(again.summaries().size(), 2u);
  EXPECT_EQ(again.create(RunSpec{}, {}), "6");
}

INSTANTIATE_TEST_SUITE_P(Schemas, OldWorkspace, ::testing::Values(1u, 2u, 3u, 4u));

TEST(Summaries, AreMadeAgainWhenAnotherVersionMadeThem) {
  const TempFolder folder;
  { RunStore(folder.path()).create(RunSpec{}, {}); }
  {
    SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE);
    db.exec("UPDATE summaries SET version = 0, architecture = 'nonsense'");
  }
  EXPECT_EQ(RunStore(folder.path()).summaries().at(0).architecture, RunSpec{}.model.arch);
}

}  // namespace
}  // namespace panicle
