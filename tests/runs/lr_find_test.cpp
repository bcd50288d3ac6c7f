// The learning-rate finder as a whole, on painted photos.
#include "core/runs/lr_find.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/runs/execute.h"
#include "core/train/schedule.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempFolder;

class LrFind : public ::testing::Test {
 protected:
  LrFind() {
    writeSampleData(folder_ / "data", {.per_class = 3, .size = {96, 96}});
    spec_.data.root = (folder_ / "data").string();
    spec_.model = {.arch = "resnet18", .weights = "none"};
    spec_.batch.size = 8;
    spec_.stages[0].resize.size = {32, 32};
    spec_.stages[0].schedule.epochs = 1;
  }

  LrSweep find(const LrFindOptions& options, const LrFindObserver& observer = {}) {
    return findLearningRate(spec_, workspace(), options, control_, observer);
  }
  std::filesystem::path workspace() const { return folder_ / "workspace"; }

  TempFolder folder_;
  RunSpec spec_;
  TrainControl control_;
};

constexpr LrSweepOptions kShort{.num_it = 6, .stop_div = false};

// What files and folders there are, with their times and contents.
std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  const auto add = [&](const std::filesystem::path& path) {
    const auto changed = std::filesystem::last_write_time(path).time_since_epoch().count();
    all[path.string()] =
        std::to_string(changed) + " " + (std::filesystem::is_directory(path) ? "" : readText(path));
  };
  add(folder);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) add(entry.path());
  return all;
}

TEST_F(LrFind, RatesRiseByEqualFactorsAndSuggestionsAreThoseOfTheCurve) {
  const LrSweep sweep = find({.sweep = {.start_lr = 1e-6, .end_lr = 1, .num_it = 24, .stop_div = false}});
  ASSERT_EQ(sweep.points.size(), 24u);
  std::vector<double> lrs, losses;
  SmoothLoss smooth;
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    const LrPoint& point = sweep.points[i];
    EXPECT_EQ(point.iteration, static_cast<int>(i));
    EXPECT_DOUBLE_EQ(point.lr, 1e-6 * std::pow(1e6, static_cast<double>(i) / 24));
    smooth.add(static_cast<float>(point.loss));
    EXPECT_DOUBLE_EQ(point.smooth_loss, smooth.value());
    lrs.push_back(point.lr);
    losses.push_back(point.smooth_loss);
  }
  const LrSuggestions again = suggestRates(lrs, losses, 24);
  ASSERT_TRUE(sweep.suggestions.valley && sweep.suggestions.slide && sweep.suggestions.minimum &&
              sweep.suggestions.steep);
  EXPECT_EQ(sweep.suggestions.valley, again.valley);
  EXPECT_EQ(sweep.suggestions.slide, again.slide);
  EXPECT_EQ(sweep.suggestions.minimum, again.minimum);
  EXPECT_EQ(sweep.suggestions.steep, again.steep);
  EXPECT_EQ(sweep.frozen, "everything learns");
  EXPECT_EQ(sweep.start, "scratch: model.weights is none");
  EXPECT_EQ(sweep.ended, "24 steps");
}

TEST_F(LrFind, ARunAfterASweepEqualsARunWithoutIt) {
  spec_.stages[0].schedule = {.kind = ScheduleKind::FineTune, .epochs = 1};
  RunStore store(folder_ / "workspace");
  const auto run = [&] {
    const RunOutcome outcome = execute(store, spec_, control_, {});
    EXPECT_EQ(outcome.status, RunStatus::Finished) << outcome.message;
    return outcome.run;
  };
  const std::string without = run();
  const LrSweep sweep = find({.sweep = kShort});
  EXPECT_EQ(sweep.points.size(), 6u);
  const std::string after = run();

  const auto before = store.steps(without), same = store.steps(after);
  ASSERT_EQ(before.size(), 6u);  // 24 photos train, 8 a batch, a frozen epoch and one that is not
  ASSERT_EQ(same.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].loss, same[i].loss) << i;
    EXPECT_EQ(before[i].lr, same[i].lr) << i;
    EXPECT_EQ(before[i].momentum, same[i].momentum) << i;
  }
  for (const char* file : {"model.safetensors", "valid_preds.csv", "test_preds.csv"})
    EXPECT_TRUE(readBytes(store.folder(without) / file) == readBytes(store.folder(after) / file)) << file;
  EXPECT_EQ(store.list().size(), 2u) << "a sweep is no run";
}

TEST_F(LrFind, TheSameSweepTwiceIsTheSame) {
  const LrSweep first = find({.sweep = kShort}), second = find({.sweep = kShort});
  ASSERT_EQ(first.points.size(), second.points.size());
  for (std::size_t i = 0; i < first.points.size(); ++i)
    EXPECT_EQ(first.points[i].loss, second.points[i].loss) << i;
}

TEST_F(LrFind, WritesNothingIntoTheDataFolderAndMakesNoRun) {
  const auto before = contents(folder_ / "data");
  find({.sweep = kShort});
  EXPECT_EQ(contents(folder_ / "data"), before);
  EXPECT_FALSE(std::filesystem::exists(workspace() / "panicle.db"));
  EXPECT_FALSE(std::filesystem::exists(workspace() / "runs"));
}

TEST_F(LrFind, EndsWhenTheLossRunsAway) {
  const LrSweep sweep = find({.sweep = {.start_lr = 1e-2, .end_lr = 1e4, .num_it = 60}});
  ASSERT_GE(sweep.points.size(), 2u);
  ASSERT_LT(sweep.points.size(), 60u);
  double best = sweep.points.front().smooth_loss;
  for (const LrPoint& point : sweep.points) {
    best = std::min(best, point.smooth_loss);
    EXPECT_EQ(point.smooth_loss > 4 * best, point.iteration + 1 == static_cast<int>(sweep.points.size()))
        << point.iteration;
  }
  EXPECT_THAT(sweep.ended, HasSubstr("4 times"));
}

TEST_F(LrFind, SaysWhatIsFrozen) {
  spec_.stages[0].schedule.kind = ScheduleKind::FineTune;
  EXPECT_THAT(find({.sweep = kShort}).frozen,
              AllOf(StartsWith("the body is frozen (11.2 of 11.7 million parameters)"),
                    HasSubstr("the head and the norm layers learn")));
}

TEST_F(LrFind, TakesTheStageThatIsAskedFor) {
  StageOptions large = spec_.stages[0];
  large.resize.size = {64, 64};
  large.batch = BatchOptions{.size = 4};
  spec_.stages.push_back(large);
  const LrSweep first = find({.sweep = kShort, .stage = 0}), second = find({.sweep = kShort, .stage = 1});
  EXPECT_EQ(first.points.size(), second.points.size());
  EXPECT_NE(first.points[0].loss, second.points[0].loss);
  spec_.stages = {large};
  EXPECT_EQ(find({.sweep = kShort, .stage = 0}).points[0].loss, second.points[0].loss)
      << "of a later stage, the network as it would be if it came first";
}

TEST_F(LrFind, StopsWithinABatch) {
  std::size_t points = 0;
  LrFindObserver observer;
  observer.point = [&](const LrPoint&) {
    ++points;
    control_.stopNow();
  };
  EXPECT_THROW(find({.sweep = kShort}, observer), Cancelled);
  EXPECT_EQ(points, 1u);
}

TEST_F(LrFind, TellsWhatItDoes) {
  std::vector<std::string> phases;
  int points = 0;
  LrFindObserver observer{.phase = [&](const std::string& what) { phases.push_back(what); },
                          .point = [&](const LrPoint& point) { EXPECT_EQ(point.iteration, points++); }};
  find({.sweep = kShort}, observer);
  EXPECT_EQ(points, 6);
  EXPECT_THAT(phases,
              AllOf(::testing::Contains("reading the data set"), ::testing::Contains("building resnet18")));
  EXPECT_EQ(phases.back(), "sweeping");
}

TEST_F(LrFind, WrongOptionsAreListedTogether) {
  try {
    spec_.data.root.clear();
    find({.sweep = {.start_lr = 1, .end_lr = 0.1, .num_it = 0}, .stage = 3});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("the sweep cannot start"), HasSubstr("data.root"), HasSubstr("no stage 3"),
                      HasSubstr("1 to 0.1"), HasSubstr("number of batches")));
  }
}

}  // namespace
}  // namespace panicle
