#include "core/runs/run_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "core/base/file.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

RunSpec namedSpec(const std::string& name) {
  RunSpec spec;
  spec.name = name;
  spec.seed = 7;
  return spec;
}

BatchEnded batch(std::uint64_t step) {
  BatchEnded batch;
  batch.step = step;
  batch.loss = 1.0 / static_cast<double>(step);
  batch.smooth_loss = 2.0 / static_cast<double>(step);
  batch.lr = 1e-3;
  batch.momentum = 0.95;
  batch.seconds = static_cast<double>(step);
  return batch;
}

EpochEnded epoch(int number, double errorRate) {
  EpochEnded epoch;
  epoch.epoch = number;
  epoch.phase = "one cycle";
  epoch.train_loss = 0.5;
  epoch.valid_loss = 0.25;
  epoch.metrics = {{"accuracy", 1 - errorRate}, {"error_rate", errorRate}};
  epoch.seconds = 3;
  return epoch;
}

TEST(RunStore, KeepsChangesOfTheRatesAndSkippedSteps) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = store.create(namedSpec("changed"), {});
  store.record(run, RatesChanged{0, 5, 0.5, 0.01});
  store.record(run, RatesChanged{1, 9, 0.25, 0.1});
  store.record(run, RatesChanged{1, 9, 0.125, 0.2});  // before the same step: the last one counts
  EpochEnded ended = epoch(0, 0.5);
  ended.skipped_steps = 3;
  store.record(run, ended);
  const RunRecord record = store.get(run);
  ASSERT_EQ(record.changes.size(), 2u);
  EXPECT_EQ(record.changes[0].step, 5u);
  EXPECT_EQ(record.changes[1].epoch, 1);
  EXPECT_EQ(record.changes[1].lr_scale, 0.125);
  EXPECT_EQ(record.changes[1].wd, 0.2);
  EXPECT_EQ(record.epochs.at(0).skipped_steps, 3u);
}

// As another program sees it, which has not what this one buffers.
TEST(RunStore, WhatIsBufferedIsWrittenWhenAsked) {
  const TempFolder folder;
  RunStore store(folder.path());
  const RunStore other(folder.path());
  const std::string run = store.create(namedSpec("buffered"), {{"torch", "1"}});
  store.record(run, MemorySampled{.seconds = 1, .tensor_bytes = 2, .step = 3});
  store.describe(run, {{"device", "cpu"}});
  EXPECT_TRUE(other.memory(run).empty());
  EXPECT_EQ(other.get(run).environment, (Json{{"torch", "1"}, {"device", "cpu"}}));
  store.flush(run);
  ASSERT_EQ(other.memory(run).size(), 1u);
  EXPECT_EQ(other.memory(run)[0].step, 3u);
  EXPECT_THAT(message([&] { store.flush("7"); }), HasSubstr("not being recorded"));
}

TEST(RunStore, TheBestEpochIsWhatKeepBestWatches) {
  RunRecord record;
  EXPECT_EQ(record.best(), nullptr);
  // train_loss, valid_loss and metrics, each best in another epoch.
  const double nan = std::numeric_limits<double>::quiet_NaN();
  record.epochs = {{0, 0, "", 0.1, nan, {{"error_rate", 0.5}, {"f1_macro", 0.5}, {"recall/blast", nan}}, 1, 0},
                   {0, 1, "", 0.4, 0.2, {{"error_rate", 0.4}, {"f1_macro", 0.6}, {"recall/blast", 0.1}}, 1, 0},
                   {0, 2, "", 0.3, 0.6, {{"error_rate", 0.3}, {"f1_macro", 0.4}, {"recall/blast", 0.2}}, 1, 0},
                   {0, 3, "", 0.2, 0.5, {{"error_rate", 0.6}, {"f1_macro", 0.3}, {"recall/blast", 0.9}}, 1, 0}};
  EXPECT_EQ(record.monitor(), "error_rate");
  EXPECT_EQ(record.best(), &record.epochs[2]);
  for (const auto& [monitor, best] : {std::pair{"train_loss", 0}, {"valid_loss", 1}, {"f1_macro", 1}, {"recall/blast", 3}}) {
    record.spec.callbacks.keep_best = KeepBestOptions{.monitor = monitor};
    EXPECT_EQ(record.monitor(), monitor);
    EXPECT_EQ(record.best(), &record.epochs[static_cast<std::size_t>(best)]) << monitor;
  }
  record.spec.callbacks.keep_best = std::nullopt;
  for (EpochRow& epoch : record.epochs) epoch.metrics.erase("error_rate");
  EXPECT_EQ(record.monitor(), "valid_loss");
  EXPECT_EQ(record.best(), &record.epochs[1]);
}

TEST(RunStore, KeepsWhatARunTells) {
  const TempFolder folder;
  std::string run;
  {
    RunStore store(folder.path());
    run = store.create(namedSpec("first"), {{"torch", "1.13"}});
    EXPECT_EQ(run, "1");
    EXPECT_EQ(store.get(run).status, RunStatus::Running);
    EXPECT_EQ(specToJson(readSpec(store.folder(run) / "spec.json")), specToJson(namedSpec("first")));
    store.record(run, batch(1));
    store.record(run, batch(2));
    store.record(run, Warning{"cannot be read", "a.jpg"});
    store.record(run, Warning{"cannot be read", "a.jpg"});
    store.record(run, Warning{"b.jpg: truncated", "b.jpg"});
    store.record(run, MemorySampled{0, 10, 30});
    store.record(run, MemorySampled{0, 10, 20});
    store.record(run, epoch(0, 0.5));
    store.record(run, epoch(1, 0.25));
    store.record(run, epoch(2, 0.375));
    EXPECT_TRUE(store.get(run).results.empty());
    RunEnded end{.run = run,
                 .status = RunStatus::Finished,
                 .message = "",
                 .metrics = {{"error_rate", 0.375}, {"tta_error_rate", 0.125}},
                 .seconds = 12.5};
    store.record(run, end);
    EXPECT_EQ(store.list().at(0).results, end.metrics);
    EXPECT_FALSE(std::filesystem::exists(store.folder(run) / "running.lock"));
  }
  const RunStore store(folder.path());
  const RunRecord record = store.get(run);
  EXPECT_EQ(record.name, "first");
  EXPECT_EQ(record.status, RunStatus::Finished);
  EXPECT_EQ(record.seconds, 12.5);
  EXPECT_EQ(record.peak_tensor_bytes, 30u);
  EXPECT_EQ(record.environment["torch"], "1.13");
  EXPECT_EQ(specToJson(record.spec), specToJson(namedSpec("first")));
  EXPECT_THAT(record.warnings, ElementsAre("a.jpg: cannot be read", "b.jpg: truncated"));
  EXPECT_THAT(record.created, ::testing::MatchesRegex("....-..-..T..:..:..Z"));
  EXPECT_GE(record.finished, record.created);
  ASSERT_EQ(record.epochs.size(), 3u);
  EXPECT_EQ(record.epochs[2].epoch, 2);
  EXPECT_EQ(record.epochs[0].phase, "one cycle");
  EXPECT_EQ(record.epochs[0].valid_loss, 0.25);
  EXPECT_EQ(record.best(), &record.epochs[1]);
  EXPECT_EQ(record.results, (std::map<std::string, double>{{"error_rate", 0.375}, {"tta_error_rate", 0.125}}));
  const auto steps = store.steps(run);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].step, 2u);
  EXPECT_EQ(steps[1].loss, 0.5);
  EXPECT_EQ(steps[1].smooth_loss, 1.0);
}

RunPlan planOf(std::uint64_t weights, std::uint64_t activations) {
  RunPlan plan;
  plan.stages.push_back({.stage = 0, .frozen = true, .parts = {.weights = weights, .overhead = 7}});
  plan.stages.push_back({.stage = 1, .frozen = false, .parts = {.weights = weights, .activations = activations, .cached = 5, .overhead = 7}});
  return plan;
}

TEST(RunStore, KeepsWhatARunTookBesideWhatWasPredicted) {
  const TempFolder folder;
  std::string run;
  {
    RunStore store(folder.path());
    run = store.create(RunSpec{}, {});
    EXPECT_FALSE(store.get(run).memory.predictedHeld());
    EXPECT_EQ(store.get(run).memory.worst(), nullptr);
    const DeviceProfile profile{.name = "a card", .kind = ComputeKind::Cuda, .total = 1000, .overhead = 7};
    store.keepPlan(run, profile, planOf(100, 50));
    store.record(run, MemorySampled{0.5, 90, 95, 3, 110, 300, 40});
    store.record(run, MemoryMeasured{0, true, {98, 112, 301, 41}});
    store.record(run, MemoryMeasured{1, false, {140, 160, 290, 39}});
    store.record(run, MemoryMeasured{kOutsideStages, false, {10, 20, 30, 50}});
    store.record(run, BatchesSplit{1, 2, 17, 4});
    RunEnded end{.run = run, .status = RunStatus::Failed};
    end.remedies = {{"batch 16 with accum 2", {{"batch.size", "16"}, {"batch.accum", "2"}}, 900}, {"checkpointing", {}, 800}};
    store.record(run, end);
  }
  const RunStore store(folder.path());
  const RunRecord record = store.get(run);
  EXPECT_EQ(record.peak_tensor_bytes, 140U);
  const RunMemory& memory = record.memory;
  EXPECT_EQ(memory.profile, "a card");
  EXPECT_TRUE(memory.cuda);
  EXPECT_EQ(memory.total, 1000U);
  ASSERT_EQ(memory.stages.size(), 3U);
  EXPECT_EQ(memory.stages[0].stage, kOutsideStages);
  EXPECT_FALSE(memory.stages[0].predicted);
  EXPECT_TRUE(memory.stages[1].whole && memory.stages[1].frozen);
  EXPECT_FALSE(memory.stages[2].whole || memory.stages[2].frozen);
  EXPECT_EQ(memory.stages[1].measured.process, 301U);
  EXPECT_EQ(memory.worst(), &memory.stages[2]);
  EXPECT_EQ(memory.worst()->predicted->activations, 50U);
  EXPECT_EQ(memory.predictedHeld(), 155U);
  EXPECT_EQ(memory.measuredHeld(), 160U) << "on a card what the allocator held";
  EXPECT_EQ(memory.measured().others, 50U);
  ASSERT_EQ(record.splits.size(), 1U);
  EXPECT_EQ(record.splits[0].stage, 1);
  EXPECT_EQ(record.splits[0].step, 17U);
  EXPECT_EQ(record.splits[0].pieces, 4);
  ASSERT_EQ(record.remedies.size(), 2U);
  EXPECT_EQ(record.remedies[0].words, "batch 16 with accum 2");
  EXPECT_EQ(record.remedies[0].predicted, 900U);
  EXPECT_THAT(record.remedies[0].settings, ElementsAre(std::pair<std::string, std::string>("batch.size", "16"),
                                                       std::pair<std::string, std::string>("batch.accum", "2")));
  const std::vector<MemoryRow> samples = store.memory(run);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].seconds, 0.5);
  EXPECT_EQ(samples[0].step, 3U);
  EXPECT_EQ(samples[0].bytes.reserved, 110U);
}

// Three days at four samples a second; some are written between.
TEST(RunStore, SamplesOfALongRunStayFew) {
  const TempFolder folder;
  constexpr std::uint64_t kSamples = 3 * 24 * 3600 * 4, kHigh = 777'777;
  std::string run;
  {
    RunStore store(folder.path());
    run = store.create(RunSpec{}, {});
    for (std::uint64_t i = 0; i < kSamples; ++i) {
      const std::uint64_t bytes = i == kSamples / 3 ? kHigh : i % 1000;
      store.record(run, MemorySampled{static_cast<double>(i) / 4, bytes, bytes, i, bytes, bytes, bytes});
      if (i % 50'000 == 7) store.record(run, epoch(static_cast<int>(i / 50'000), 0.5));
    }
    EXPECT_LE(store.memory(run).size(), ThinnedMemory::kMost);
  }
  const RunStore store(folder.path());
  const std::vector<MemoryRow> samples = store.memory(run);
  EXPECT_LE(samples.size(), ThinnedMemory::kMost);
  EXPECT_GE(samples.size(), ThinnedMemory::kMost / 2);
  EXPECT_EQ(samples.front().step, 0U);
  EXPECT_GT(samples.back().step, kSamples - 2 * kSamples / (ThinnedMemory::kMost / 2));
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i > 0) {
      ASSERT_GT(samples[i].step, samples[i - 1].step);
    }
    highest = std::max(highest, samples[i].bytes.process);
  }
  EXPECT_EQ(highest, kHigh) << "the highest of those that a row stands for must not be lost";
}

TEST(RunStore, StepsStillInTheBufferAreSeen) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = store.create(RunSpec{}, {});
  for (std::uint64_t step = 1; step <= 100; ++step) store.record(run, batch(step));
  const auto steps = store.steps(run);
  ASSERT_EQ(steps.size(), 100u);
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i].step, i + 1);
}

TEST(RunStore, NotANumberComesBackAsSuch) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = store.create(RunSpec{}, {});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EpochEnded ended = epoch(0, nan);
  ended.train_loss = nan;
  ended.valid_loss = std::numeric_limits<double>::infinity();
  BatchEnded first = batch(1);
  first.loss = nan;
  store.record(run, first);
  store.record(run, ended);
  const RunRecord record = store.get(run);
  ASSERT_EQ(record.epochs.size(), 1u);
  EXPECT_TRUE(std::isnan(record.epochs[0].train_loss));
  EXPECT_TRUE(std::isinf(record.epochs[0].valid_loss));
  EXPECT_TRUE(std::isnan(record.epochs[0].metrics.at("error_rate")));
  EXPECT_EQ(record.best(), nullptr);
  EXPECT_TRUE(std::isnan(store.steps(run)[0].loss));
}

TEST(RunStore, FailureKeepsItsMessage) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = store.create(RunSpec{}, {});
  store.record(
      run,
      RunEnded{
          .run = run, .status = RunStatus::Failed, .message = "disk on fire", .metrics = {}, .seconds = 1});
  EXPECT_EQ(store.get(run).status, RunStatus::Failed);
  EXPECT_EQ(store.get(run).message, "disk on fire");
  EXPECT_THAT(message([&] { store.record(run, batch(1)); }), HasSubstr("not being recorded"));
}

TEST(RunStore, ListIsNewestFirst) {
  const TempFolder folder;
  RunStore store(folder.path());
  for (const char* name : {"a", "b", "c"}) {
    const std::string run = store.create(namedSpec(name), {});
    store.record(run, epoch(0, 0.5));
  }
  std::vector<std::string> names;
  for (const auto& record : store.list()) {
    names.push_back(record.name);
    EXPECT_EQ(record.epochs.size(), 1u);
  }
  EXPECT_THAT(names, ElementsAre("c", "b", "a"));
}

TEST(RunStore, AStoreThatEndsBeforeItsRunLeavesItInterrupted) {
  const TempFolder folder;
  std::string run;
  {
    RunStore store(folder.path());
    run = store.create(RunSpec{}, {});
    for (std::uint64_t step = 1; step <= 5; ++step) store.record(run, batch(step));
  }
  const RunStore store(folder.path());
  EXPECT_EQ(store.get(run).status, RunStatus::Interrupted);
  EXPECT_EQ(store.list().at(0).status, RunStatus::Interrupted);
  EXPECT_EQ(store.steps(run).size(), 5u);
  EXPECT_EQ(store.get(run).seconds, 5);
  EXPECT_NE(store.get(run).finished, "");
}

TEST(RunStore, ARunOfAnotherStoreIsRunningWhileThatLives) {
  const TempFolder folder;
  RunStore first(folder.path());
  const std::string run = first.create(RunSpec{}, {});
  RunStore second(folder.path());
  EXPECT_EQ(second.get(run).status, RunStatus::Running);
  EXPECT_EQ(second.list().at(0).status, RunStatus::Running);
  EXPECT_EQ(second.create(RunSpec{}, {}), "2");
  EXPECT_EQ(first.list().size(), 2u);
  first.record(
      run, RunEnded{.run = run, .status = RunStatus::Stopped, .message = "", .metrics = {}, .seconds = 1});
  EXPECT_EQ(second.get(run).status, RunStatus::Stopped);
}

TEST(RunStore, UnknownRunsAreNamed) {
  const TempFolder folder;
  RunStore store(folder.path());
  EXPECT_THAT(message([&] { store.get("7"); }),
              AllOf(HasSubstr("no run '7'"), HasSubstr("holds no runs yet")));
  store.create(RunSpec{}, {});
  for (const char* run : {"7", "", "x", "1x", "-1", "99999999999999999999"}) {
    EXPECT_THAT(message([&] { store.get(run); }), HasSubstr("there is no run")) << run;
    EXPECT_THAT(message([&] { store.steps(run); }), HasSubstr("there is no run")) << run;
  }
}

TEST(RunStore, ALostDatabaseDoesNotCostTheRunFolders) {
  const TempFolder folder;
  {
    RunStore store(folder.path());
    const std::string run = store.create(RunSpec{}, {});
    writeAtomically(store.folder(run) / "model.safetensors", "precious");
  }
  for (const char* name : {"panicle.db", "panicle.db-wal", "panicle.db-shm"})
    std::filesystem::remove(folder / name);
  RunStore store(folder.path());
  EXPECT_EQ(store.create(RunSpec{}, {}), "2");
  EXPECT_EQ(readText(folder / "runs/1/model.safetensors"), "precious");
}

TEST(RunStore, IdsAreNotUsedTwice) {
  const TempFolder folder;
  {
    RunStore store(folder.path());
    store.create(RunSpec{}, {});
    store.create(RunSpec{}, {});
  }
  {
    SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE);
    db.exec("DELETE FROM runs");
  }
  std::filesystem::remove_all(folder / "runs" / "2");
  EXPECT_EQ(RunStore(folder.path()).create(RunSpec{}, {}), "3");
}

TEST(RunStore, AnUnreadableSpecDoesNotHideItsRun) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = store.create(namedSpec("old"), {});
  {
    SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE, 5000);
    db.exec(R"(UPDATE runs SET spec = '{"seed": 9, "gone": 1}')");
  }
  const RunRecord record = store.get(run);
  EXPECT_EQ(record.spec.seed, 9u);
  EXPECT_THAT(record.warnings, ElementsAre(HasSubstr("'gone'")));
  {
    SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE, 5000);
    db.exec("UPDATE runs SET spec = '{cut', environment = ''");
  }
  EXPECT_EQ(store.list().at(0).name, "old");
  EXPECT_TRUE(store.get(run).environment.is_object());
}

TEST(RunStore, WhatIsNotItsDatabaseIsRefused) {
  const TempFolder folder;
  writeAtomically(folder / "panicle.db", std::string(5000, 'x'));
  EXPECT_THAT(message([&] { RunStore store(folder.path()); }), HasSubstr("panicle.db"));
  std::filesystem::remove(folder / "panicle.db");
  { RunStore store(folder.path()); }
  {
    SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA user_version = 99");
  }
  EXPECT_THAT(message([&] { RunStore store(folder.path()); }),
              AllOf(HasSubstr("newer Panicle"), HasSubstr("99")));
  writeAtomically(folder / "file", "");
  EXPECT_THAT(message([&] { RunStore store(folder / "file"); }), HasSubstr("file"));
}

TEST(RunStore, ThousandsOfRunsAreListedWithoutTheirSteps) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = store.create(namedSpec("0"), {});
  store.record(run, epoch(0, 0.5));
  {
    SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE, 5000);
    SQLite::Transaction transaction(db);
    db.exec(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        "INSERT INTO runs (id, name, status, created, spec, environment) "
        "SELECT i, CAST(i AS TEXT), 'finished', created, spec, environment FROM n, runs WHERE runs.id = 1");
    db.exec(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        "INSERT INTO epochs (run, epoch, stage, phase, train_loss, valid_loss, seconds) SELECT i, 0, 0, 'x', "
        "1, 1, 1 FROM n");
    transaction.commit();
  }
  const auto records = store.list();
  ASSERT_EQ(records.size(), 3000u);
  EXPECT_EQ(records.front().id, "3000");
  EXPECT_EQ(records.front().epochs.size(), 1u);
  EXPECT_EQ(records.back().id, "1");
}

TEST(RunStore, TheDefaultWorkspaceCanBeNamed) {
  ::setenv("PANICLE_WORKSPACE", "/somewhere", 1);
  EXPECT_EQ(defaultWorkspace(), "/somewhere");
  ::unsetenv("PANICLE_WORKSPACE");
  EXPECT_EQ(defaultWorkspace().filename(), "Panicle");
}

}  // namespace
}  // namespace panicle
