// lr-find: what it prints and draws.
#include <gmock/gmock.h>

#include <cmath>

#include "core/base/file.h"
#include "core/data/decode.h"
#include "core/data/sample_data.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::Answer;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

class CliLrFind : public ::testing::Test {
 protected:
  CliLrFind() { writeSampleData(folder_ / "data", {.per_class = 2, .size = {96, 96}}); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Answer find(std::vector<std::string> more) const {
    const Json spec{{"data", {{"root", path("data")}}},
                    {"batch", {{"size", 8}}},
                    {"model", {{"weights", "none"}}},
                    {"stages", {{{"resize", {{"size", {32, 32}}}}}}}};
    std::vector<std::string> arguments{"lr-find", "-", "--workspace", path("w"), "--num-it", "30"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run(folder_.path(), arguments, spec.dump());
  }

  TempFolder folder_;
};

TEST_F(CliLrFind, JsonHasTheSuggestionsAndTheCurve) {
  const Answer answer = find({"--whole", "--end-lr", "0.1", "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json json = answer.json();
  ASSERT_EQ(json["lrs"].size(), 30u);
  ASSERT_EQ(json["losses"].size(), 30u);
  ASSERT_EQ(json["batch_losses"].size(), 30u);
  EXPECT_DOUBLE_EQ(json["lrs"][0].get<double>(), 1e-7);
  EXPECT_DOUBLE_EQ(json["lrs"][15].get<double>(), 1e-7 * std::pow(1e6, 0.5));
  for (const char* name : {"valley", "slide", "minimum", "steep"}) {
    ASSERT_TRUE(json["suggestions"][name].is_number()) << name;
    const double rate = json["suggestions"][name];
    EXPECT_GT(rate, 1e-8) << name;
    EXPECT_LT(rate, 0.1) << name;
  }
  EXPECT_EQ(json["learns"], "everything learns");
  EXPECT_EQ(json["ended"], "30 steps");
  EXPECT_TRUE(json["out"].is_null());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "w" / "panicle.db")) << "a sweep is no run";
}

TEST_F(CliLrFind, PrintsAndDraws) {
  const Answer answer = find({"--out", path("plot.png"), "--set", "stages.0.schedule.kind=fine_tune"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("starts from scratch: model.weights is none"),
                                HasSubstr("the body is frozen"), ContainsRegex("valley +[0-9.]+e-[0-9]+"),
                                HasSubstr("--set stages.0.schedule.base_lr="), HasSubstr(path("plot.png"))));
  const Image plot = decodeImage(folder_ / "plot.png");
  ASSERT_EQ(plot.width, 1200);
  ASSERT_EQ(plot.height, 720);
  const auto count = [&](int red, int green, int blue) {
    int pixels = 0;
    for (std::size_t i = 0; i < plot.pixels.size(); i += 3)
      pixels += plot.pixels[i] == red && plot.pixels[i + 1] == green && plot.pixels[i + 2] == blue;
    return pixels;
  };
  EXPECT_GT(count(31, 119, 180), 300) << "the curve";
  EXPECT_GT(count(230, 126, 34), 200) << "valley";
  EXPECT_GT(count(255, 255, 255), 1200 * 720 / 2) << "paper";
}

TEST_F(CliLrFind, WrongOptionsAreUsageErrors) {
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--out", "plot.jpg"},
                                                {"--start-lr", "0"},
                                                {"--stage", "-1"},
                                                {"--num-it", "0"}}) {
    const Answer answer = find(wrong);
    EXPECT_EQ(answer.status, 2) << wrong[0];
    EXPECT_THAT(answer.err, HasSubstr("lr-find --help")) << wrong[0];
    EXPECT_THAT(answer.out, IsEmpty());
  }
  const Answer answer = find({"--stage", "1", "--start-lr", "20"});
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("no stage 1"), HasSubstr("20 to 10")));
}

}  // namespace
}  // namespace panicle
