#include "core/runs/sweep.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

RunSpec base(const TempFolder& folder) {
  RunSpec spec;
  spec.name = "base";
  spec.data.root = folder.path().string();
  return spec;
}

SweepOptions over(const std::vector<std::string>& axes) {
  SweepOptions options;
  for (const std::string& axis : axes) options.axes.push_back(parseSweepAxis(axis));
  return options;
}

TEST(Sweep, AGridIsEveryCombinationInOrder) {
  const TempFolder folder;
  const auto members =
      planSweep(base(folder), over({"model.arch=resnet18,resnet26d", "stages.0.resize.size=64,[96,128]", "stages.0.schedule.epochs=1,2,3"}));
  ASSERT_EQ(members.size(), 12u);
  EXPECT_EQ(members[0].spec.model.arch, "resnet18");
  EXPECT_EQ(members[0].spec.stages[0].resize.size, (Size{64, 64}));
  EXPECT_EQ(members[1].spec.stages[0].schedule.epochs, 2);  // the last axis fastest
  EXPECT_EQ(members[5].spec.stages[0].resize.size, (Size{96, 128}));
  EXPECT_EQ(members[5].spec.name, "base, arch resnet18, size [96,128], epochs 3");
  EXPECT_EQ(members[11].spec.model.arch, "resnet26d");
  std::set<std::string> distinct;
  for (const auto& member : members) {
    EXPECT_THAT(member.problems, ElementsAre());
    distinct.insert(member.spec.name);
  }
  EXPECT_EQ(distinct.size(), 12u);
}

TEST(Sweep, RangesAreEvenOrLogarithmic) {
  const TempFolder folder;
  const auto rates = planSweep(base(folder), over({"stages.0.schedule.base_lr=log:1e-4..1e-1:4"}));
  ASSERT_EQ(rates.size(), 4u);
  EXPECT_DOUBLE_EQ(rates[1].spec.stages[0].schedule.base_lr, 1e-3);
  EXPECT_DOUBLE_EQ(rates[3].spec.stages[0].schedule.base_lr, 1e-1);
  const auto epochs = planSweep(base(folder), over({"stages.0.schedule.epochs=2..6:3"}));
  ASSERT_EQ(epochs.size(), 3u);
  EXPECT_EQ(epochs[1].spec.stages[0].schedule.epochs, 4);
}

TEST(Sweep, SettingsThatGoTogether) {
  const TempFolder folder;
  const auto members = planSweep(base(folder), over({"model.arch+stages.0.resize.size=resnet18+64,vit_small_patch16_224+224"}));
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].spec.model.arch, "vit_small_patch16_224");
  EXPECT_EQ(members[1].spec.stages[0].resize.size, (Size{224, 224}));
}

TEST(Sweep, ARandomSampleIsRepeatableAllDifferentAndWithinItsRanges) {
  const TempFolder folder;
  SweepOptions options = over({"stages.0.schedule.base_lr=log:1e-4..1e-2", "model.arch=resnet18,resnet26d"});
  options.random = 50;
  options.seed = 5;
  const auto members = planSweep(base(folder), options);
  ASSERT_EQ(members.size(), 50u);
  std::set<std::string> names;
  int below = 0;
  for (const auto& member : members) {
    const double rate = member.spec.stages[0].schedule.base_lr;
    EXPECT_GE(rate, 1e-4);
    EXPECT_LE(rate, 1e-2);
    below += rate < 1e-3;
    names.insert(member.spec.name);
  }
  EXPECT_EQ(names.size(), 50u);
  EXPECT_GT(below, 12);  // half of a logarithmic range lies below its geometric middle
  EXPECT_LT(below, 38);
  EXPECT_EQ(planSweep(base(folder), options)[49].spec.name, members[49].spec.name);
  options.seed = 6;
  EXPECT_NE(planSweep(base(folder), options)[0].spec.name, members[0].spec.name);

  SweepOptions few = over({"stages.0.schedule.epochs=1,2,3"});
  few.random = 10;
  EXPECT_EQ(planSweep(base(folder), few).size(), 3u);
}

TEST(Sweep, EachWithSeveralSeeds) {
  const TempFolder folder;
  SweepOptions options = over({"batch.size=8,16"});
  options.repeat = 3;
  const auto members = planSweep(base(folder), options);
  ASSERT_EQ(members.size(), 6u);
  EXPECT_EQ(members[0].spec.seed, 42u);
  EXPECT_EQ(members[2].spec.seed, 44u);
  EXPECT_EQ(members[4].spec.name, "base, size 16, seed 43");
}

TEST(Sweep, WhatCannotRunSaysWhy) {
  const TempFolder folder;
  const auto members = planSweep(base(folder), over({"model.arch=resnet18,swinv2_base_window12_192_22k"}));
  EXPECT_TRUE(members[0].problems.empty());
  ASSERT_FALSE(members[1].problems.empty());
  EXPECT_THAT(members[1].problems[0], HasSubstr("size"));
}

TEST(Sweep, MistakesAreNamed) {
  const TempFolder folder;
  const auto plan = [&](const std::string& axis) { return message([&] { planSweep(base(folder), over({axis})); }); };
  EXPECT_THAT(plan("arhc=a,b"), HasSubstr("unknown key 'arhc'"));
  EXPECT_THAT(plan("stages.0.schedule.epochs=two"), HasSubstr("whole number"));
  EXPECT_THAT(plan("stages.0.schedule.base_lr=1e-4..1e-2"), HasSubstr("needs a count"));
  EXPECT_THAT(message([&] { planSweep(base(folder), over({"seed=1..20000:10000", "batch.size=1,2"})); }), HasSubstr("more than 10000"));
  EXPECT_THAT(message([&] { planSweep(base(folder), over({"seed=1,2", "seed=3,4"})); }), HasSubstr("varied twice"));
  for (const char* axis : {"seed", "=1", "seed=", "seed=1,,2", "a+b=1,2", "base_lr=log:0..1:3", "base_lr=3..1:3", "base_lr=1..3:1"}) {
    EXPECT_NE(message([&] { parseSweepAxis(axis); }), "no error") << axis;
  }
}

}  // namespace
}  // namespace panicle
