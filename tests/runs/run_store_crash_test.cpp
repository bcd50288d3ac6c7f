// The store under kill -9 and under several processes at once.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>

#include "core/runs/run_store.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::TempFolder;

constexpr int kStepsPerEpoch = 10;

// Runs `work` in another process; what it throws ends that with status 1.
pid_t inChild(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception& error) {
    (void)::write(STDERR_FILENO, error.what(), std::char_traits<char>::length(error.what()));
    ::_exit(1);
  }
  ::_exit(0);
}

bool succeeded(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void recordEpoch(RunStore& store, const std::string& run, int number) {
  for (int i = 1; i <= kStepsPerEpoch; ++i) {
    BatchEnded batch;
    batch.step = static_cast<std::uint64_t>(number * kStepsPerEpoch + i);
    store.record(run, batch);
  }
  EpochEnded epoch;
  epoch.epoch = number;
  epoch.metrics = {{"error_rate", 0.5}, {"accuracy", 0.5}};
  store.record(run, epoch);
}

// Run after run, epoch after epoch, until it is killed.
void recordForEver(const std::filesystem::path& workspace) {
  RunStore store(workspace);
  for (;;) {
    const std::string run = store.create(RunSpec{}, {});
    for (int number = 0; number < 20; ++number) recordEpoch(store, run, number);
    store.record(
        run, RunEnded{.run = run, .status = RunStatus::Finished, .message = "", .metrics = {}, .seconds = 1});
  }
}

// Steps are 1..n without gaps, and an epoch is there with all its steps and metrics or not at all.
void expectConsistent(const RunStore& store, const RunRecord& record) {
  const auto steps = store.steps(record.id);
  for (std::size_t i = 0; i < steps.size(); ++i) ASSERT_EQ(steps[i].step, i + 1) << "run " << record.id;
  EXPECT_GE(steps.size(), record.epochs.size() * kStepsPerEpoch) << "run " << record.id;
  for (std::size_t i = 0; i < record.epochs.size(); ++i) {
    EXPECT_EQ(record.epochs[i].epoch, static_cast<int>(i)) << "run " << record.id;
    EXPECT_EQ(record.epochs[i].metrics.size(), 2u) << "run " << record.id;
  }
}

TEST(RunStoreCrash, KilledAtAnyMomentItOpensAndShowsTheRunAsInterrupted) {
  const TempFolder folder;
  std::mt19937 random(1);
  for (int round = 0; round < 25; ++round) {
    const pid_t child = inChild([&] { recordForEver(folder.path()); });
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution<int>(0, 60'000)(random)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);

    const RunStore store(folder.path());
    for (const auto& record : store.list()) {
      EXPECT_TRUE(record.status == RunStatus::Finished || record.status == RunStatus::Interrupted)
          << "run " << record.id << " is " << toString(record.status);
      EXPECT_TRUE(std::filesystem::exists(store.folder(record.id) / "spec.json")) << "run " << record.id;
      EXPECT_TRUE(record.status == RunStatus::Interrupted || record.epochs.size() == 20u)
          << "run " << record.id;
      expectConsistent(store, record);
    }
  }
  EXPECT_FALSE(RunStore(folder.path()).list().empty()) << "no child lived long enough to make a run";
}

TEST(RunStoreCrash, ARunInProgressIsInterruptedExactlyWhenItsProcessDies) {
  const TempFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = inChild([&] {
    RunStore store(folder.path());
    const std::string run = store.create(RunSpec{}, {});
    recordEpoch(store, run, 0);
    (void)!::write(ready[1], "x", 1);
    for (;;) ::pause();
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const RunStore store(folder.path());
  EXPECT_EQ(store.list().at(0).status, RunStatus::Running);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(store.list().at(0).status, RunStatus::Interrupted);
  EXPECT_EQ(store.get("1").epochs.size(), 1u);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(RunStoreCrash, ProcessesOnOneWorkspaceDoNotHarmEachOther) {
  const TempFolder folder;
  constexpr int kProcesses = 4;
  constexpr int kRuns = 5;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(inChild([&] {
      RunStore store(folder.path());  // all of them find an empty folder and make the database
      for (int i = 0; i < kRuns; ++i) {
        const std::string run = store.create(RunSpec{}, {});
        for (int number = 0; number < 3; ++number) recordEpoch(store, run, number);
        if (store.get(run).status != RunStatus::Running) throw std::runtime_error("a run was taken for dead");
        store.record(
            run,
            RunEnded{.run = run, .status = RunStatus::Finished, .message = "", .metrics = {}, .seconds = 1});
      }
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(succeeded(child));
  const RunStore store(folder.path());
  const auto records = store.list();
  EXPECT_EQ(records.size(), static_cast<std::size_t>(kProcesses * kRuns));
  for (const auto& record : records) {
    EXPECT_EQ(record.status, RunStatus::Finished) << record.id;
    EXPECT_EQ(record.epochs.size(), 3u) << record.id;
    expectConsistent(store, record);
  }
}

TEST(RunStoreCrash, ThreadsShareAStore) {
  const TempFolder folder;
  RunStore store(folder.path());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const std::string run = store.create(RunSpec{}, {});
        for (int number = 0; number < 5; ++number) {
          recordEpoch(store, run, number);
          store.list();
        }
      });
    }
  }
  const auto records = store.list();
  ASSERT_EQ(records.size(), 4u);
  for (const auto& record : records) {
    EXPECT_EQ(record.epochs.size(), 5u);
    expectConsistent(store, record);
  }
}

}  // namespace
}  // namespace panicle
