#include "core/memory/device_profile.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace panicle {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

DeviceProfile ofMib(std::uint64_t mib) {
  return ownProfile(mib * kMiB);
}

TEST(DeviceProfile, JudgesByShares) {
  const DeviceProfile profile = ofMib(1000);
  EXPECT_EQ(judge(profile, 800 * kMiB), Fit::Fits);
  EXPECT_EQ(judge(profile, 800 * kMiB + 1), Fit::Tight);
  EXPECT_EQ(judge(profile, 950 * kMiB), Fit::Tight);
  EXPECT_EQ(judge(profile, 950 * kMiB + 1), Fit::No);
  EXPECT_EQ(judge(profile, 600 * kMiB, 250 * kMiB), Fit::Tight);
  EXPECT_EQ(judge(profile, 600 * kMiB, 400 * kMiB), Fit::No);
}

TEST(DeviceProfile, WhatTakesMoreNeverFitsBetter) {
  const DeviceProfile profile = ofMib(16'280);
  Fit before = Fit::Fits;
  for (std::uint64_t mib = 0; mib < 40'000; mib += 100) {
    const Fit now = judge(profile, mib * kMiB);
    EXPECT_GE(now, before);
    before = now;
  }
  EXPECT_EQ(judge(profile, ~std::uint64_t{0}, ~std::uint64_t{0}), Fit::No);
}

TEST(DeviceProfile, Words) {
  EXPECT_STREQ(words(Fit::Fits), "fits");
  EXPECT_STREQ(words(Fit::Tight), "tight");
  EXPECT_STREQ(words(Fit::No), "no");
}

TEST(DeviceProfile, ThisMachineComesFirst) {
  const auto profiles = deviceProfiles();
  ASSERT_FALSE(profiles.empty());
  EXPECT_TRUE(profiles.front().name.starts_with("This machine: ")) << profiles.front().name;
  std::set<std::string> names;
  bool processor = false;
  for (const DeviceProfile& profile : profiles) {
    EXPECT_TRUE(names.insert(profile.name).second) << profile.name << " is there twice";
    EXPECT_GT(profile.total, 1024 * kMiB) << profile.name;
    EXPECT_GT(profile.overhead, 0u) << profile.name;
    EXPECT_FALSE(profile.overhead_measured);
    EXPECT_NE(profile.precision, Precision::Auto) << profile.name;
    processor = processor || profile.kind == ComputeKind::Cpu;
  }
  EXPECT_TRUE(processor);
}

TEST(DeviceProfile, KagglesCardsAsTheyReportThemselves) {
  std::map<std::string, std::uint64_t> mib;
  for (const DeviceProfile& profile : deviceProfiles()) mib[profile.name] = profile.total / kMiB;
  EXPECT_EQ(mib.at("Kaggle P100"), 16'280u);
  EXPECT_EQ(mib.at("Kaggle T4"), 15'109u);
  for (const auto& [name, least] : std::map<std::string, std::uint64_t>{
           {"Card of 8 GB", 7'900}, {"Card of 12 GB", 11'900}, {"Card of 24 GB", 24'000},
           {"Card of 40 GB", 40'000}, {"Card of 80 GB", 80'000}}) {
    EXPECT_GE(mib.at(name), least) << name;
  }
}

}  // namespace
}  // namespace panicle
