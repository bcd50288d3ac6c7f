// The list of all runs, their labels, and the trash.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "core/base/file.h"
#include "core/runs/run_lock.h"
#include "core/runs/run_store.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

EpochEnded epoch(int number, double error) {
  EpochEnded ended;
  ended.epoch = number;
  ended.train_loss = 0.5;
  ended.valid_loss = 0.25;
  ended.metrics = {{"error_rate", error}, {"accuracy", 1 - error}};
  ended.seconds = 10;
  return ended;
}

void end(RunStore& store, const std::string& run, RunStatus status = RunStatus::Finished, std::map<std::string, double> metrics = {}) {
  RunEnded ended;
  ended.run = run;
  ended.status = status;
  ended.metrics = std::move(metrics);
  ended.seconds = 20;
  store.record(run, ended);
}

std::string madeRun(RunStore& store, const std::string& name = "") {
  RunSpec spec;
  spec.name = name;
  const std::string run = store.create(spec, {{"device", "CPU, 2 threads"}, {"precision", "fp32"}});
  end(store, run);
  return run;
}

std::vector<std::string> idsOf(const std::vector<RunSummary>& runs) {
  std::vector<std::string> ids;
  for (const RunSummary& run : runs) ids.push_back(run.id);
  return ids;
}

// Each number of a row against the run's own record.
TEST(Summaries, SayWhatTheRecordsSayWhileARunGrows) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunSpec spec;
  spec.name = "grows";
  const std::string run = store.create(spec, {{"device", "CPU, 2 threads"}});
  const auto expectAgreement = [&] {
    const RunSummary row = store.summaries().at(0);
    const RunRecord record = store.get(run);
    EXPECT_EQ(row.status, record.status);
    EXPECT_EQ(row.epochs, static_cast<int>(record.epochs.size()));
    EXPECT_EQ(row.curve.size(), record.epochs.size());
    EXPECT_EQ(row.monitor, record.monitor());
    const EpochRow* best = record.best();
    EXPECT_EQ(row.best_epoch, best ? best->epoch : -1);
    if (!best) return;
    EXPECT_EQ(row.best, best->value("error_rate"));
    EXPECT_EQ(row.error, row.best);
    EXPECT_EQ(row.last, record.epochs.back().value("error_rate"));
    EXPECT_EQ(row.valid_loss, record.epochs.back().valid_loss);
    EXPECT_EQ(row.seconds_per_epoch, 10);
  };
  expectAgreement();
  EXPECT_TRUE(std::isnan(store.summaries().at(0).best));
  store.record(run, epoch(0, 0.5));
  expectAgreement();
  store.record(run, epoch(1, 0.2));
  store.record(run, epoch(2, 0.3));
  expectAgreement();
  end(store, run, RunStatus::Finished, {{"tta_error_rate", 0.15}});
  expectAgreement();
  const RunSummary row = store.summaries().at(0);
  EXPECT_EQ(row.name, "grows");
  EXPECT_EQ(row.best, 0.2);
  EXPECT_EQ(row.last, 0.3);
  EXPECT_EQ(row.tta, 0.15);
  EXPECT_EQ(row.seconds, 20);
  EXPECT_EQ(row.device, "CPU, 2 threads");
  EXPECT_THAT(row.curve, ElementsAre(0.5f, 0.2f, 0.3f));
}

TEST(Labels, AreKept) {
  const TempFolder folder;
  {
    RunStore store(folder.path());
    const std::string run = madeRun(store, "first");
    store.rename(run, "second");
    store.setStarred(run, true);
    store.setNote(run, "a 'note'\nof two lines");
    store.addTag(run, " zebra ");
    store.addTag(run, "ant");
    store.addTag(run, "ant");
    store.addTag(run, "bee");
    store.removeTag(run, "bee");
  }
  const RunStore store(folder.path());
  const RunSummary row = store.summaries().at(0);
  EXPECT_EQ(row.name, "second");
  EXPECT_TRUE(row.starred);
  EXPECT_EQ(row.note, "a 'note'\nof two lines");
  EXPECT_THAT(row.tags, ElementsAre("ant", "zebra"));
  const RunRecord record = store.get("1");
  EXPECT_EQ(record.name, "second");
  EXPECT_TRUE(record.starred);
  EXPECT_EQ(record.note, row.note);
  EXPECT_EQ(record.tags, row.tags);
}

TEST(Labels, MistakesAreNamed) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = madeRun(store);
  EXPECT_THAT(message([&] { store.addTag(run, "  "); }), HasSubstr("at least one letter"));
  EXPECT_THAT(message([&] { store.setStarred("9", true); }), HasSubstr("no run '9'"));
  EXPECT_THAT(message([&] { store.keepAsIs(run); }), HasSubstr("not interrupted"));
}

TEST(Trash, KeepsEverythingUntilItIsPurged) {
  const TempFolder folder;
  RunStore store(folder.path());
  for (const char* name : {"a", "b", "c"}) madeRun(store, name);
  store.addTag("2", "kept");
  writeAtomically(store.folder("2") / "model.safetensors", std::string(5000, 'x'));
  store.moveToTrash({"2", "3"});
  EXPECT_THAT(idsOf(store.summaries()), ElementsAre("1"));
  EXPECT_EQ(store.list().size(), 1u);
  EXPECT_THAT(idsOf(store.summaries(Shown::Trashed)), ElementsAre("3", "2"));
  EXPECT_FALSE(store.get("2").trashed.empty());
  EXPECT_THAT(message([&] { store.purge({"1"}); }), HasSubstr("not in the trash"));

  store.restore({"2"});
  EXPECT_THAT(idsOf(store.summaries()), ElementsAre("2", "1"));
  EXPECT_THAT(store.get("2").tags, ElementsAre("kept"));
  EXPECT_TRUE(store.get("2").trashed.empty());

  store.moveToTrash({"2"});
  EXPECT_GE(store.purge({"2", "3"}), 5000u);
  EXPECT_TRUE(store.summaries(Shown::Trashed).empty());
  EXPECT_FALSE(std::filesystem::exists(store.folder("2")));
  EXPECT_THAT(message([&] { store.get("2"); }), HasSubstr("no run '2'"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "runs"), {}), 1);
  EXPECT_EQ(madeRun(store), "4");
}

TEST(Trash, IsAllOrNothingAndLeavesRunningRunsAlone) {
  const TempFolder folder;
  RunStore store(folder.path());
  madeRun(store);
  const std::string running = store.create(RunSpec{}, {});
  EXPECT_THAT(message([&] { store.moveToTrash({"1", running}); }), HasSubstr("is running"));
  EXPECT_THAT(message([&] { store.moveToTrash({"1", "77"}); }), HasSubstr("no run '77'"));
  EXPECT_TRUE(store.summaries(Shown::Trashed).empty());
  // Another program sees that it runs, too.
  RunStore other(folder.path());
  EXPECT_THAT(message([&] { other.moveToTrash({running}); }), HasSubstr("is running"));
}

TEST(Interrupted, CanBeKeptAsItIs) {
  const TempFolder folder;
  {
    RunStore store(folder.path());
    store.record(store.create(RunSpec{}, {}), epoch(0, 0.25));
  }
  RunStore store(folder.path());
  EXPECT_EQ(store.summaries().at(0).status, RunStatus::Interrupted);
  store.keepAsIs("1");
  EXPECT_EQ(store.get("1").status, RunStatus::Stopped);
  EXPECT_EQ(store.get("1").epochs.size(), 1u);
}

TEST(Changes, AreSeenWhoeverMakesThem) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunStore other(folder.path());
  madeRun(store);
  std::uint64_t seen = store.changes();
  EXPECT_EQ(store.changes(), seen);
  store.summaries();
  EXPECT_EQ(store.changes(), seen);
  store.setStarred("1", true);
  EXPECT_NE(store.changes(), seen);
  seen = store.changes();
  other.setNote("1", "x");
  EXPECT_NE(store.changes(), seen);
}

TEST(RunLock, IsHeldByOneAndSaysByWhom) {
  const TempFolder folder;
  const auto file = folder / "running.lock";
  EXPECT_FALSE(RunLock::isHeld(file));
  EXPECT_FALSE(RunLock::signOfLife(file));
  {
    const RunLock lock(file);
    EXPECT_TRUE(RunLock::isHeld(file));
    EXPECT_EQ(readText(file), machineName() + "\n");
    EXPECT_THAT(message([&] { RunLock again(file, "somebody is here"); }), HasSubstr("somebody is here"));
  }
  EXPECT_FALSE(RunLock::isHeld(file));
}

// A network folder may keep the locks of other machines from this one: then the file's own word counts, while it is fresh.
TEST(RunLock, AnotherMachineIsBelievedWhileItGivesSignsOfLife) {
  const TempFolder folder;
  const auto file = folder / "running.lock";
  std::ofstream(file) << "another-machine\n";
  EXPECT_TRUE(RunLock::isHeld(file));
  EXPECT_THAT(message([&] { RunLock lock(file); }), HasSubstr("another-machine"));
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - 2 * RunLock::kSilence);
  EXPECT_FALSE(RunLock::isHeld(file));
  EXPECT_NO_THROW(RunLock lock(file));
  // One that died here holds nothing, however fresh.
  std::ofstream(file) << machineName() << "\n";
  EXPECT_FALSE(RunLock::isHeld(file));
}

}  // namespace
}  // namespace panicle
