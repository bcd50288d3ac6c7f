#include "core/eval/leaks.h"

#include <gmock/gmock.h>

#include <cmath>

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Right, wrong, right, wrong, unlabelled.
Predictions five() {
  return {.vocab = {"a", "b"},
          .ids = {"1", "2", "3", "4", "5"},
          .paths = {"x/1", "x/2", "x/3", "x/4", "x/5"},
          .probabilities = {0.9f, 0.1f, 0.2f, 0.8f, 0.4f, 0.6f, 0.3f, 0.7f, 0.5f, 0.5f},
          .targets = {0, 0, 1, 0, -1},
          .losses = {0.1f, 1.6f, 0.5f, 1.2f, 0}};
}

TEST(WithoutLeaks, CountsBothPartsApart) {
  const LeakReport report = withoutLeaks(five(), {"1", "3", "nowhere", "5", "1"});
  EXPECT_EQ(report.all.images, 4u);
  EXPECT_EQ(report.all.wrong, 2u);
  EXPECT_EQ(report.leaked.images, 2u);
  EXPECT_EQ(report.leaked.rate(), 0);
  EXPECT_EQ(report.without.rate(), 1);
  EXPECT_LT(report.range.low, 0.5);
  EXPECT_EQ(report.range.high, 1);
  EXPECT_DOUBLE_EQ(report.all.rate(), five().errorRate());
  EXPECT_TRUE(std::isnan(withoutLeaks(five(), {"1", "2", "3", "4"}).without.rate()));
}

TEST(WithoutLeaks, AgreesWithWhatIsLeftOut) {
  const std::vector<std::string> leaked{"2", "5"};
  const Predictions kept = leaveOut(five(), leaked);
  EXPECT_THAT(kept.ids, ElementsAre("1", "3", "4"));
  EXPECT_THAT(kept.paths, ElementsAre("x/1", "x/3", "x/4"));
  EXPECT_THAT(kept.probabilities, ElementsAre(0.9f, 0.1f, 0.4f, 0.6f, 0.3f, 0.7f));
  EXPECT_THAT(kept.targets, ElementsAre(0, 1, 0));
  EXPECT_THAT(kept.losses, ElementsAre(0.1f, 0.5f, 1.2f));
  EXPECT_DOUBLE_EQ(kept.errorRate(), withoutLeaks(five(), leaked).without.rate());
  EXPECT_THAT(leaveOut(five(), {"1", "2", "3", "4", "5"}).ids, IsEmpty());
}

}  // namespace
}  // namespace panicle
