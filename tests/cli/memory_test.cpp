// The memory command, as a script would drive it.
#include <gmock/gmock.h>

#include <filesystem>

#include "core/runs/run_store.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::Answer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

class CliMemory : public ::testing::Test {
 protected:
  Answer run(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), "memory");
    arguments.insert(arguments.end(), {"--workspace", (folder_.path() / "w").string()});
    return testing::run(folder_.path(), arguments, input);
  }

  TempFolder folder_;
  const std::vector<std::string> small_{"--arch", "resnet18", "--size", "64", "--bs", "8", "--profile", "Kaggle P100"};
  std::vector<std::string> with(const std::vector<std::string>& more) const {
    std::vector<std::string> all = small_;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(CliMemory, TellsPartByPart) {
  const Answer answer = run(small_);
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("resnet18 on Kaggle P100: needs about"));
  EXPECT_THAT(answer.out, HasSubstr("of 16280 MiB: fits"));
  EXPECT_THAT(answer.out, HasSubstr("weights and buffers"));
  EXPECT_THAT(answer.out, HasSubstr("an assumption"));
  EXPECT_THAT(answer.out, Not(HasSubstr("so far"))) << "there are no runs";
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "w")) << "a question makes no workspace";
}

TEST_F(CliMemory, JsonHasTheFieldsOfItsDescription) {
  const Answer answer = run(with({"--accum", "2", "--json"}));
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json json = answer.json();
  double sum = 0;
  for (const auto& [name, part] : json["parts"].items()) sum += part.get<double>();
  EXPECT_NEAR(sum, json["predicted_peak_mib"].get<double>(), 1e-6);
  EXPECT_TRUE(json["measured_peak_mib"].is_null());
  EXPECT_EQ(json["fits"], true);
  EXPECT_EQ(json["accum"], 2);
  EXPECT_EQ(json["overhead_measured"], false);
  EXPECT_EQ(json["planner_error"], Json::array());
}

TEST_F(CliMemory, ABudgetIsHeldAgainstIt) {
  const double peak = run(with({"--json"})).json()["predicted_peak_mib"].get<double>();
  const auto with_budget = [&](double mib) { return run(with({"--json", "--budget-mib", std::to_string(mib)})).json(); };
  EXPECT_EQ(with_budget(peak * 2)["fit"], "fits");
  EXPECT_EQ(with_budget(peak / 0.9)["fit"], "tight");
  EXPECT_EQ(with_budget(peak / 0.96)["fits"], false);
  const Answer answer = run(with({"--budget-mib", std::to_string(peak / 4)}));
  EXPECT_THAT(answer.out, HasSubstr("no accum makes it fit"));
}

TEST_F(CliMemory, MeasuresAStepForReal) {
  const Answer answer = run({"--arch", "resnet18", "--size", "64", "--bs", "8", "--profile", "This machine: processor", "--measure", "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json json = answer.json();
  EXPECT_NEAR(json["measured_peak_mib"].get<double>() / json["predicted_peak_mib"].get<double>(), 1, 0.05);
  EXPECT_LT(json["measured_tensors_mib"], json["measured_peak_mib"]);
}

TEST_F(CliMemory, TellsHowFarPlansWereOff) {
  {
    RunStore store(folder_.path() / "w");
    const std::string made = store.create(RunSpec{}, {});
    RunPlan plan;
    plan.stages.push_back({.parts = {.weights = 1000, .loader = 50, .overhead = 7}});
    store.keepPlan(made, {.name = "Kaggle P100", .kind = ComputeKind::Cuda}, plan);
    store.record(made, MemoryMeasured{0, true, {900, 1100, 1150 + (std::uint64_t{3} << 30), 0}});
    store.record(made, RunEnded{.run = made});
  }
  const Json json = run(with({"--json"})).json();
  ASSERT_EQ(json["planner_error"].size(), 1U);
  EXPECT_EQ(json["planner_error"][0]["kind"], "cuda");
  EXPECT_EQ(json["planner_error"][0]["runs"], 1);
  EXPECT_NEAR(json["planner_error"][0]["worst_ratio"].get<double>(), 1.1, 1e-9);
  EXPECT_EQ(json["overhead_measured"], true);
  EXPECT_EQ(json["parts"]["overhead"], 3 * 1024.0);
  const Answer text = run(small_);
  EXPECT_THAT(text.out, HasSubstr("so far the plans of 1 run on cards"));
  EXPECT_THAT(text.out, HasSubstr("measured in earlier runs"));
}

TEST_F(CliMemory, TheTableIsCsv) {
  const Answer answer = run({"--size", "64", "--bs", "8", "--csv", "--profile", "Card of 8 GB"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(answer.out.starts_with("architecture,height,width,batch,accum,predicted_mib,fit,epoch_seconds\n"));
  EXPECT_THAT(answer.out, HasSubstr("\nresnet18,64,64,8,1,"));
}

TEST_F(CliMemory, BadArgumentsAreNamed) {
  EXPECT_EQ(run({"--bs", "1"}).status, 2);
  EXPECT_EQ(run({"--budget-mib", "-3"}).status, 2);
  const Answer profile = run({"--arch", "resnet18", "--profile", "Abacus"});
  EXPECT_EQ(profile.status, 1);
  EXPECT_THAT(profile.err, HasSubstr("Kaggle T4")) << "those that there are";
  const Answer arch = run({"--arch", "resnet1"});
  EXPECT_EQ(arch.status, 1);
  EXPECT_THAT(arch.err, HasSubstr("resnet1"));
  EXPECT_EQ(run({"--arch", "resnet18", "--size", "abc"}).status == 0, false);
}

}  // namespace
}  // namespace panicle
