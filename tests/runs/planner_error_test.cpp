#include "core/runs/planner_error.h"

#include <gmock/gmock.h>

namespace panicle {
namespace {

MeasuredRun runOf(const std::string& id, std::uint64_t predicted, std::uint64_t measured, bool cuda = false, std::uint64_t process = 0) {
  MeasuredRun run{.run = id, .memory = {.profile = cuda ? "card" : "processor", .cuda = cuda}};
  run.memory.stages.push_back({.stage = kOutsideStages, .measured = {9999, 9999, 9999, 9999}});
  run.memory.stages.push_back({.stage = 0,
                               .whole = true,
                               .measured = {cuda ? measured / 2 : measured, measured, process, 5},
                               .predicted = MemoryParts{.weights = predicted, .loader = 10, .overhead = 777}});
  return run;
}

TEST(PlannerErrorTest, IsTheMedianAndTheFarthestRatio) {
  std::vector<MeasuredRun> runs{runOf("4", 100, 90), runOf("3", 100, 103), runOf("2", 100, 101), runOf("1", 200, 260, true)};
  auto errors = plannerError(runs);
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].kind, ComputeKind::Cpu);
  EXPECT_EQ(errors[0].runs, 3U);
  EXPECT_DOUBLE_EQ(errors[0].median, 1.01);
  EXPECT_DOUBLE_EQ(errors[0].worst, 0.9);
  EXPECT_EQ(errors[0].worst_run, "4");
  EXPECT_EQ(errors[1].kind, ComputeKind::Cuda);
  EXPECT_DOUBLE_EQ(errors[1].worst, 1.3) << "of a card what its allocator held";
  runs[1] = runOf("3", 100, 120);
  runs.erase(runs.begin() + 2);
  errors = plannerError(runs);
  EXPECT_DOUBLE_EQ(errors[0].median, 1.05);
  EXPECT_EQ(errors[0].worst_run, "3");
}

TEST(PlannerErrorTest, CountsNoRunThatSaysNothingOfItsPlan) {
  MeasuredRun stopped = runOf("1", 100, 50), split = runOf("2", 100, 50), unplanned = runOf("3", 100, 50), unmeasured = runOf("4", 100, 0);
  stopped.memory.stages[1].whole = false;
  split.split = true;
  unplanned.memory.stages[1].predicted.reset();
  EXPECT_TRUE(plannerError({stopped, split, unplanned, unmeasured}).empty());
  // The stage that takes most was not reached.
  MeasuredRun half = runOf("5", 100, 100);
  half.memory.stages.push_back({.stage = 1, .predicted = MemoryParts{.weights = 5000}});
  EXPECT_TRUE(plannerError({half}).empty());
}

TEST(LearnedOverheadTest, IsTheHighestOfTheLastTen) {
  DeviceProfile profile{.name = "processor", .kind = ComputeKind::Cpu, .overhead = 512};
  EXPECT_FALSE(learnedOverhead({}, profile));
  learnOverhead(profile, {runOf("1", 100, 100, true, 500)});
  EXPECT_EQ(profile.overhead, 512U) << "another device's";
  EXPECT_FALSE(profile.overhead_measured);

  std::vector<MeasuredRun> runs;
  runs.push_back(runOf("1", 100, 100, false, 9000));  // too long ago
  for (int i = 2; i <= 11; ++i) runs.push_back(runOf(std::to_string(i), 100, 100, false, 300 + static_cast<std::uint64_t>(i)));
  const auto learned = learnedOverhead(runs, profile);
  ASSERT_TRUE(learned);
  EXPECT_EQ(learned->runs, 10U);
  EXPECT_EQ(learned->bytes, 311U - 100 - 10);
  learnOverhead(profile, runs);
  EXPECT_EQ(profile.overhead, 201U);
  EXPECT_TRUE(profile.overhead_measured);
}

}  // namespace
}  // namespace panicle
