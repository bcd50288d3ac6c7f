// Learning rates as numbers and slices: over the groups, in JSON, on the command line.
#include "core/train/learning_rate.h"

#include <gmock/gmock.h>

#include "core/train/schedule_options.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> read(LearningRate& rate, const Json& json) {
  ScheduleOptions options;
  std::vector<std::string> problems;
  fromJson(options, Json{{"lr_max", json}}, "", problems);
  rate = options.lr_max;
  return problems;
}

LearningRate reading(const Json& json) {
  LearningRate rate;
  EXPECT_THAT(read(rate, json), IsEmpty()) << json;
  return rate;
}

TEST(LearningRate, ReachesTheGroupsAsInFastai) {
  EXPECT_THAT(LearningRate{.high = 0.01}.of(3), ElementsAre(0.01, 0.01, 0.01));
  EXPECT_THAT((LearningRate{.high = 0.01, .slice = true}.of(3)), ElementsAre(0.001, 0.001, 0.01));
  EXPECT_THAT((LearningRate{.high = 0.01, .slice = true}.of(1)), ElementsAre(0.01));
  EXPECT_THAT((LearningRate{.high = 1e-2, .low = 1e-4}.of(1)), ElementsAre(1e-2));
  const Json all = readJson(testing::reference("fastai/data/01_schedules.json"));
  const auto expected = all["even_mults_1e-4_1e-2_3"].get<std::vector<double>>();
  const auto rates = LearningRate{.high = 1e-2, .low = 1e-4}.of(3);
  ASSERT_EQ(rates.size(), expected.size());
  for (std::size_t i = 0; i < rates.size(); ++i) EXPECT_DOUBLE_EQ(rates[i], expected[i]);
}

TEST(LearningRate, ReadsNumbersAndSlices) {
  EXPECT_EQ(reading(0.003), (LearningRate{.high = 0.003}));
  EXPECT_EQ(reading("3e-3"), (LearningRate{.high = 0.003}));
  EXPECT_EQ(reading("slice(0.003)"), (LearningRate{.high = 0.003, .slice = true}));
  EXPECT_EQ(reading("slice(None, 0.003)"), (LearningRate{.high = 0.003, .slice = true}));
  EXPECT_EQ(reading(" slice( 1e-6 , 1e-4 ) "), (LearningRate{.high = 1e-4, .low = 1e-6}));
  EXPECT_FALSE(reading(0.003) == reading("slice(0.003)"));
  EXPECT_FALSE(reading("slice(1e-6,1e-4)") == reading("slice(1e-4)"));
}

TEST(LearningRate, WritesWhatItReads) {
  for (const char* text : {"slice(0.003)", "slice(1e-06,0.0001)"}) {
    EXPECT_EQ(reading(text).text(), text);
    EXPECT_EQ(leafToJson(reading(text)), Json(text));
  }
  EXPECT_EQ(reading(0.003).text(), "0.003");
  EXPECT_EQ(reading(1).text(), "1");
  EXPECT_EQ(leafToJson(reading(0.003)), Json(0.003));
}

TEST(LearningRate, RefusesWhatIsNone) {
  for (const Json& json : {Json("fast"),
                           Json(""),
                           Json("slice()"),
                           Json("slice(1e-6,)"),
                           Json("slice(,1e-4)"),
                           Json("slice(1,2,3)"),
                           Json("slice(1e-4"),
                           Json("slice(1e-4) or so"),
                           Json("1e-4x"),
                           Json("nan"),
                           Json("inf"),
                           Json(0),
                           Json(-0.1),
                           Json(101),
                           Json("slice(0,1e-4)"),
                           Json("slice(1e-6,200)"),
                           Json("1e999"),
                           Json(true),
                           Json(nullptr),
                           Json::array({1e-6, 1e-4})}) {
    LearningRate rate;
    const auto problems = read(rate, json);
    ASSERT_EQ(problems.size(), 1u) << json;
    EXPECT_THAT(problems[0], HasSubstr("lr_max must be a learning rate from 1e-09 to 100: a number, "
                                       "slice(HIGH) or slice(LOW,HIGH), not "));
    EXPECT_THAT(problems[0], HasSubstr(json.dump()));
    EXPECT_EQ(rate, LearningRate{}) << json;
  }
}

}  // namespace
}  // namespace panicle
