#include "core/runs/queue.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "core/base/error.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

std::vector<RunSpec> specs(const TempFolder& folder, int count) {
  std::vector<RunSpec> all;
  for (int i = 0; i < count; ++i) {
    RunSpec& spec = all.emplace_back();
    spec.name = "run " + std::to_string(i + 1);
    spec.device = "cpu";
    spec.data.root = folder.path().string();
  }
  return all;
}

std::vector<std::int64_t> idsOf(const std::vector<QueueEntry>& entries) {
  std::vector<std::int64_t> ids;
  for (const QueueEntry& entry : entries) ids.push_back(entry.id);
  return ids;
}

// A run that comes to this end at once; its events are told as execute() does.
EntryWork endsAs(RunStatus status, const std::string& text = "") {
  return [=](RunStore& store, const QueueEntry& entry, TrainControl&, const TrainObserver& observer) {
    const std::string run = store.create(entry.spec, {});
    RunStarted started;
    started.run = run;
    observer(started);
    RunEnded end;
    end.run = run;
    end.status = status;
    end.message = text;
    store.record(run, end);
    return RunOutcome{run, status, text};
  };
}

TEST(RunQueue, RunsWhatWaitsInItsOrder) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunQueue queue(store);
  EXPECT_THAT(queue.add(specs(folder, 3)), ElementsAre(1, 2, 3));
  queue.moveBefore(3, 1);
  EXPECT_THAT(idsOf(queue.list()), ElementsAre(3, 1, 2));
  queue.hold(1);
  EXPECT_EQ(queue.get(1).state, QueueState::Held);
  std::vector<std::string> names;
  LaneObserver observer;
  observer.started = [&](const QueueEntry& entry, TrainControl&) {
    names.push_back(entry.spec.name);
    EXPECT_EQ(queue.get(entry.id).state, QueueState::Running);
    EXPECT_TRUE(LaneRunner::isBusy(store, "cpu"));
  };
  {
    LaneRunner runner(store, queue, "cpu", endsAs(RunStatus::Finished));
    EXPECT_EQ(runner.runAll(observer), 2);
  }
  EXPECT_FALSE(LaneRunner::isBusy(store, "cpu"));
  EXPECT_THAT(names, ElementsAre("run 3", "run 2"));
  EXPECT_EQ(queue.get(3).state, QueueState::Finished);
  EXPECT_EQ(queue.get(3).run, "1");
  EXPECT_EQ(store.get("1").name, "run 3");
  EXPECT_FALSE(queue.get(3).ended.empty());
  EXPECT_EQ(queue.get(1).state, QueueState::Held);
  queue.release(1);
  EXPECT_THAT(idsOf(queue.list()), ElementsAre(1, 2, 3));  // what has ended last comes first among those that have
}

TEST(RunQueue, SurvivesARestartWithItsSpecsAsTheyWere) {
  const TempFolder folder;
  {
    RunStore store(folder.path());
    RunQueue queue(store);
    std::vector<RunSpec> all = specs(folder, 2);
    all[1].seed = 1234;
    queue.add(all, {.group = "sweep", .held = false});
    queue.setOnFailure(OnFailure::Hold);
    all[1].seed = 1;  // nobody's business any more
  }
  RunStore store(folder.path());
  RunQueue queue(store);
  const auto entries = queue.list();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].spec.seed, 1234u);
  EXPECT_EQ(entries[1].group, "sweep");
  EXPECT_EQ(entries[1].lane, "cpu");
  EXPECT_EQ(queue.onFailure(), OnFailure::Hold);
}

TEST(RunQueue, AFailureLetsTheOthersRunOrHoldsThem) {
  for (const OnFailure policy : {OnFailure::Continue, OnFailure::Hold}) {
    const TempFolder folder;
    RunStore store(folder.path());
    RunQueue queue(store);
    queue.setOnFailure(policy);
    queue.add(specs(folder, 3));
    LaneRunner runner(store, queue, "cpu", endsAs(RunStatus::Failed, "no photos"));
    EXPECT_EQ(runner.runAll(), policy == OnFailure::Hold ? 1 : 3);
    EXPECT_EQ(queue.get(1).state, QueueState::Failed);
    EXPECT_EQ(queue.get(1).message, "no photos");
    EXPECT_EQ(queue.get(2).state, policy == OnFailure::Hold ? QueueState::Held : QueueState::Failed);
  }
}

TEST(RunQueue, WhatThrowsIsAFailureAndCanBeTriedAgain) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunQueue queue(store);
  queue.add(specs(folder, 2));
  {
    LaneRunner runner(store, queue, "cpu", [](auto&, const auto&, auto&, const auto&) -> RunOutcome { throw Error("wrong in itself"); });
    EXPECT_TRUE(runner.runNext());
  }
  EXPECT_EQ(queue.get(1).state, QueueState::Failed);
  EXPECT_EQ(queue.get(1).message, "wrong in itself");
  queue.retry(1);
  EXPECT_EQ(queue.get(1).state, QueueState::Waiting);
  EXPECT_EQ(queue.get(1).message, "");
  EXPECT_THAT(idsOf(queue.list()), ElementsAre(2, 1));
  LaneRunner runner(store, queue, "cpu", endsAs(RunStatus::Finished));
  EXPECT_EQ(runner.runAll(), 2);
}

TEST(RunQueue, CancelTakesOutWhatWaitsAndStopsWhatRuns) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunQueue queue(store);
  queue.add(specs(folder, 2));
  queue.cancel(2);
  EXPECT_EQ(queue.get(2).state, QueueState::Cancelled);
  RunStore otherStore(folder.path());
  RunQueue other(otherStore);  // as another program would
  LaneRunner runner(store, queue, "cpu", [&](RunStore& runs, const QueueEntry& entry, TrainControl& control, const TrainObserver& observer) {
    const std::string run = runs.create(entry.spec, {});
    other.cancel(entry.id);
    while (!control.token().stop_requested()) {
      observer(PhaseChanged{"training"});
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    RunEnded end;
    end.run = run;
    end.status = RunStatus::Stopped;
    runs.record(run, end);
    return RunOutcome{run, RunStatus::Stopped, ""};
  });
  EXPECT_TRUE(runner.runNext());
  EXPECT_EQ(queue.get(1).state, QueueState::Stopped);
  EXPECT_TRUE(queue.get(1).stop_asked);
  EXPECT_FALSE(runner.runNext());
}

TEST(RunQueue, AStopEndsTheRunAndLeavesTheOthersWaiting) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunQueue queue(store);
  queue.add(specs(folder, 2));
  std::stop_source stop;
  LaneRunner runner(store, queue, "cpu", [&](RunStore&, const QueueEntry&, TrainControl& control, const TrainObserver&) -> RunOutcome {
    stop.request_stop();
    EXPECT_TRUE(control.token().stop_requested());
    throw Cancelled();
  });
  EXPECT_EQ(runner.runAll({}, stop.get_token()), 1);
  EXPECT_EQ(queue.get(1).state, QueueState::Stopped);
  EXPECT_EQ(queue.get(2).state, QueueState::Waiting);
}

TEST(RunQueue, MistakesAreNamed) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunQueue queue(store);
  std::vector<RunSpec> wrong = specs(folder, 2);
  wrong[1].data.root = (folder / "gone").string();
  EXPECT_THAT(message([&] { queue.add(wrong); }), HasSubstr("the run 'run 2' cannot start"));
  EXPECT_TRUE(queue.list().empty());  // all or none
  wrong[1] = wrong[0];
  wrong[1].device = "cuda:99";
  EXPECT_THAT(message([&] { queue.add(wrong); }), HasSubstr("cuda:99"));
  queue.add(specs(folder, 1));
  EXPECT_THAT(message([&] { queue.release(1); }), HasSubstr("entry 1 of the queue is waiting"));
  EXPECT_THAT(message([&] { queue.retry(1); }), HasSubstr("still has its turn"));
  EXPECT_THAT(message([&] { queue.get(9); }), HasSubstr("no entry 9"));
  EXPECT_THAT(message([&] { queue.moveBefore(1, 9); }), HasSubstr("no entry 9"));
  LaneRunner runner(store, queue, "cpu", endsAs(RunStatus::Finished));
  EXPECT_THAT(message([&] { LaneRunner second(store, queue, "cpu"); }), HasSubstr("another program works on the queue of cpu"));
  runner.runAll();
  EXPECT_THAT(message([&] { queue.cancel(1); }), HasSubstr("ended already"));
  EXPECT_THAT(message([&] { queue.hold(1); }), HasSubstr("is finished"));
  queue.remove(1);
  EXPECT_TRUE(queue.list().empty());
  EXPECT_EQ(store.list().size(), 1u);
}

TEST(RunQueue, AHalvingTrainsTheBestAgainForLonger) {
  const TempFolder folder;
  RunStore store(folder.path());
  RunQueue queue(store);
  std::vector<RunSpec> all = specs(folder, 7);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].seed = i;
  EXPECT_THAT(message([&] { queue.add(all, {.group = "", .held = false, .halving = Halving{{3, 3}, 3}}); }), HasSubstr("must grow"));
  queue.add(all, {.group = "h", .held = false, .halving = Halving{{1, 2, 5}, 3}});
  queue.cancel(1);
  // The error is the smaller the higher the seed; the best fails.
  const EntryWork work = [](RunStore& runs, const QueueEntry& entry, TrainControl&, const TrainObserver&) {
    const std::string run = runs.create(entry.spec, {});
    EpochEnded epoch;
    epoch.metrics = {{"error_rate", 1.0 / static_cast<double>(entry.spec.seed + 1)}};
    runs.record(run, epoch);
    RunEnded end;
    end.run = run;
    end.status = entry.spec.seed == 6 ? RunStatus::Failed : RunStatus::Finished;
    runs.record(run, end);
    return RunOutcome{run, end.status, ""};
  };
  LaneRunner runner(store, queue, "cpu", work);
  EXPECT_EQ(runner.runAll(), 6 + 2 + 1);
  std::vector<std::vector<std::uint64_t>> seeds(3);
  for (const QueueEntry& entry : queue.list()) {
    ASSERT_GE(entry.rung, 0);
    EXPECT_EQ(entry.group, "h");
    EXPECT_EQ(entry.spec.stages.back().schedule.epochs, (std::vector{1, 2, 5})[static_cast<std::size_t>(entry.rung)]);
    seeds[static_cast<std::size_t>(entry.rung)].push_back(entry.spec.seed);
  }
  EXPECT_EQ(seeds[0].size(), 7u);
  EXPECT_THAT(seeds[1], ::testing::UnorderedElementsAre(4, 5));
  EXPECT_THAT(seeds[2], ElementsAre(5));
  queue.retry(7);  // the one that failed, too late
  EXPECT_EQ(runner.runAll(), 1);
  EXPECT_EQ(queue.list().size(), 10u);
}

pid_t inChild(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

TEST(RunQueue, AProgramThatDiesLeavesItsEntryInterrupted) {
  const TempFolder folder;
  {
    RunStore store(folder.path());
    RunQueue(store).add(specs(folder, 2));
  }
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = inChild([&] {
    RunStore store(folder.path());
    RunQueue queue(store);
    LaneRunner runner(store, queue, "cpu", [&](RunStore& runs, const QueueEntry& entry, TrainControl&, const TrainObserver& observer) -> RunOutcome {
      RunStarted started;
      started.run = runs.create(entry.spec, {});
      observer(started);
      (void)!::write(ready[1], "x", 1);
      for (;;) ::pause();
    });
    runner.runNext();
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  RunStore store(folder.path());
  RunQueue queue(store);
  EXPECT_EQ(queue.get(1).state, QueueState::Running);
  EXPECT_EQ(queue.get(1).run, "1");
  EXPECT_THAT(message([&] { LaneRunner second(store, queue, "cpu"); }), HasSubstr("another program"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(queue.get(1).state, QueueState::Interrupted);
  EXPECT_EQ(store.get("1").status, RunStatus::Interrupted);
  queue.retry(1);
  LaneRunner runner(store, queue, "cpu", endsAs(RunStatus::Finished));
  EXPECT_EQ(runner.runAll(), 2);
  ::close(ready[0]);
  ::close(ready[1]);
}

// Every entry runs once, though several programs, each with its own lanes, take from one queue.
TEST(RunQueue, NoEntryIsTakenTwice) {
  const TempFolder folder;
  constexpr int kEntries = 24;
  {
    RunStore store(folder.path());
    RunQueue(store).add(specs(folder, kEntries));
  }
  std::vector<pid_t> children;
  for (int process = 0; process < 3; ++process) {
    children.push_back(inChild([&] {
      RunStore store(folder.path());
      RunQueue queue(store);
      for (int tries = 0; tries < 4000; ++tries) {
        try {
          LaneRunner runner(store, queue, "cpu", endsAs(RunStatus::Finished));
          if (!runner.runNext()) return;
        } catch (const Error&) {
          std::this_thread::sleep_for(std::chrono::milliseconds(2));  // another has the lane just now
        }
      }
    }));
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  RunStore store(folder.path());
  RunQueue queue(store);
  EXPECT_EQ(store.list().size(), static_cast<std::size_t>(kEntries));
  for (const QueueEntry& entry : queue.list()) EXPECT_EQ(entry.state, QueueState::Finished) << entry.id;
}

}  // namespace
}  // namespace panicle
