#include "core/eval/tta_views.h"

#include <gmock/gmock.h>

#include "core/base/file.h"
#include "core/eval/tta.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

const std::vector<Item> kItems{{"a.jpg", "t/a.jpg", 0}, {"b.jpg", "t/b.jpg", 1}, {"c.jpg", "t/c.jpg", 0}};

// A class of two, a number, a class of three; the second image could not be read.
std::vector<Target> targets() {
  return {{"label", {"x", "y"}, {}}, {"age", {}, {}}, {"variety", {"p", "q", "r"}, {}}};
}

Outputs outputs(float base) {
  Outputs made{.items = {0, 2}, .values = {}, .losses = std::vector<float>(6)};
  for (int k = 0; k < 12; ++k) made.values.push_back(base + static_cast<float>(k) / 16);
  return made;
}

TEST(TtaViews, ComeBackByTargetAndById) {
  const TempFolder folder;
  const Outputs plain = outputs(0);
  TtaViewKeeper keeper(plain, {.n = 2, .beta = 0.5});
  ASSERT_TRUE(keeper.keeps());
  keeper.add(outputs(1));
  keeper.add(outputs(2));
  keeper.write(folder.path(), "valid_tta", targets(), kItems);

  EXPECT_TRUE(hasViews(folder.path(), "valid_tta"));
  EXPECT_TRUE(hasViews(folder.path(), "valid_tta.variety"));
  EXPECT_FALSE(hasViews(folder.path(), "valid_tta.age"));
  const TtaViews views = readViews(folder.path(), "valid_tta.variety");
  EXPECT_THAT(views.views, ElementsAre("plain", "1", "2"));
  EXPECT_THAT(views.ids, ElementsAre("a.jpg", "c.jpg"));
  EXPECT_EQ(views.options.n, 2);
  EXPECT_EQ(views.options.beta, 0.5);
  EXPECT_THAT(views.row(2, 1), ElementsAre(2 + 9.0f / 16, 2 + 10.0f / 16, 2 + 11.0f / 16));

  const TtaViews one = readViewsOf(folder.path(), "valid_tta.variety", "c.jpg");
  EXPECT_THAT(one.ids, ElementsAre("c.jpg"));
  for (std::size_t view = 0; view < 3; ++view) {
    EXPECT_TRUE(std::equal(one.row(view, 0).begin(), one.row(view, 0).end(), views.row(view, 1).begin())) << "view " << view;
  }
  EXPECT_THAT(message([&] { readViewsOf(folder.path(), "valid_tta", "b.jpg"); }), HasSubstr("no views of 'b.jpg'"));
}

// The votes that are kept are those that were combined.
TEST(TtaViews, TheirCombinationIsThePrediction) {
  const TempFolder folder;
  const std::vector<Target> label{{"label", {"x", "y"}, {}}};
  const auto pass = [](std::vector<float> values) { return Outputs{.items = {0, 1}, .values = std::move(values), .losses = {0, 0}}; };
  const Outputs plain = pass({0.9f, 0.1f, 0.4f, 0.6f});
  const std::vector<Outputs> passes{pass({0.8f, 0.2f, 0.3f, 0.7f}), pass({0.5f, 0.5f, 0.1f, 0.9f})};
  const TtaOptions options{.n = 2};
  TtaPasses together(options, label);
  TtaViewKeeper keeper(plain, options);
  for (const Outputs& one : passes) {
    together.add(one);
    keeper.add(one);
  }
  keeper.write(folder.path(), "test_tta", label, kItems);
  const Outputs combined = together.combine(plain);
  const TtaViews views = readViews(folder.path(), "test_tta");
  for (std::size_t image = 0; image < 2; ++image) {
    for (std::size_t c = 0; c < 2; ++c) {
      const double mean = (views.row(1, image)[c] + views.row(2, image)[c]) / 2.0;
      EXPECT_NEAR(combined.row(image)[c], mean + options.beta * (views.row(0, image)[c] - mean), 1e-6);
    }
  }
}

TEST(TtaViews, TooLargeOnesAreNotKeptAndOtherFilesAreRefused) {
  const TempFolder folder;
  Outputs large{.items = {0}, .values = std::vector<float>(std::size_t{40} << 20), .losses = {0}};
  EXPECT_FALSE(TtaViewKeeper(large, {.n = 4}).keeps());
  writeAtomically(folder / "x_views.safetensors", "no tensors");
  EXPECT_THAT(message([&] { readViews(folder.path(), "x"); }), HasSubstr("x_views.safetensors"));
}

}  // namespace
}  // namespace panicle
