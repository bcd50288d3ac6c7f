// The parts of aug_transforms against what fastai 2.7.13 gave, in 05_augment.json. Whole pictures:
// augment_cases_test.cpp.
#include <cmath>
#include <fstream>

#include "core/transforms/augment.h"
#include "core/transforms/augment_kernels.h"
#include "core/transforms/geometry.h"
#include "tests/testing.h"
#include "tests/transforms/pictures.h"

namespace panicle {
namespace {

using testing::readNpy;
using testing::readPng;
using testing::reference;

const Json& data() {
  static const Json json = Json::parse(std::ifstream(reference("fastai/data/05_augment.json")));
  return json;
}

TEST(AugmentReference, PrefilteredHeightsRoundAsFastais) {
  for (const Json& row : data()["area_prefilter_height_not_2W"]["examples_Hin_Wout_got"]) {
    const int input = row[0], width = row[1];
    const auto area = areaPrefilter({input, 100 * input}, {width, width}, 2);
    ASSERT_TRUE(area.has_value());
    EXPECT_EQ(area->height, row[2].get<int>()) << input << ' ' << width;
  }
}

TEST(AugmentReference, MatricesAreFastais) {
  const auto expect = [](const char* name, const AugDraw& draw) {
    const AffineMatrix matrix = affineMatrix(draw, {48, 64});
    const Json& rows = data()["matrices"].at(name)["prepared_48x64"];
    for (int i = 0; i < 6; ++i)
      EXPECT_NEAR(matrix[i], rows[i / 3][i % 3].get<float>(), 1e-7) << name << ' ' << i;
  };
  for (int i = 0; i < 8; ++i) expect(("dihedral draw=" + std::to_string(i)).c_str(), {.dihedral = i});
  expect("flip draw=0", {});
  expect("flip draw=1", {.dihedral = 1});
  expect("rotate draw=-10.0", {.rotate = -10});
  expect("rotate draw=3.5", {.rotate = 3.5f});
  expect("rotate draw=10.0", {.rotate = 10});
  expect("rotate draw=45.0", {.rotate = 45});
  expect("zoom draw=1.1 draw_x=0.5 draw_y=0.5", {.zoom = 1.1f});
  expect("zoom draw=1.1 draw_x=0.2 draw_y=0.7", {.zoom = 1.1f, .zoom_x = 0.2f, .zoom_y = 0.7f});
  expect("zoom draw=1.05 draw_x=0.0 draw_y=1.0", {.zoom = 1.05f, .zoom_x = 0, .zoom_y = 1});
  expect("zoom draw=0.8 draw_x=0.25 draw_y=0.5", {.zoom = 0.8f, .zoom_x = 0.25f, .zoom_y = 0.5f});
  expect("composed flip(1) @ rotate(7) @ zoom(1.08,.3,.9)",
         {.dihedral = 1, .rotate = 7, .zoom = 1.08f, .zoom_x = 0.3f, .zoom_y = 0.9f});
}

TEST(AugmentReference, WarpsAreFastais) {
  int compared = 0;
  for (const auto& [name, test] : data()["warp"].items()) {
    AugDraw draw;
    ASSERT_EQ(std::sscanf(name.c_str(), "draw_x=%f draw_y=%f", &draw.warp_x, &draw.warp_y), 2) << name;
    const auto coefficients = warpCoefficients(draw);
    for (int i = 0; i < 8; ++i)
      EXPECT_NEAR(coefficients[i], test["coeffs8"][i].get<float>(), 5e-7) << name << ' ' << i;
    // The mapped grid, through the kernel that places samples.
    Mapping mapping{.warped = true, .warp = coefficients, .source = {100, 100}};
    Places places;
    places.resize(5);
    for (int row = 0; row < 4; ++row) {
      std::vector<float> x;
      for (const Json& point : test["coords_4x5_identity_in"][row]) x.push_back(point[0]);
      augmentKernels().locate(mapping, x.data(), test["coords_4x5_identity_in"][row][0][1], 5, places);
      for (int i = 0; i < 5; ++i) {
        EXPECT_NEAR(places.column[i] - 1, test["coords_4x5_out"][row][i][0].get<float>(), 1e-6) << name;
        EXPECT_NEAR(places.row[i] - 1, test["coords_4x5_out"][row][i][1].get<float>(), 1e-6) << name;
      }
    }
    ++compared;
  }
  EXPECT_EQ(compared, 4);
}

TEST(AugmentReference, LightingIsFastais) {
  const Json& table = data()["lighting"];
  const auto x = table["x"].get<std::vector<float>>();
  const auto change = [&](const LogitChange& to) {
    auto values = x;
    augmentKernels().relight(values.data(), static_cast<int>(values.size()), to);
    return values;
  };
  int compared = 0;
  for (const auto& [name, expected] : table.items()) {
    float amount = 0;
    LogitChange to;
    if (std::sscanf(name.c_str(), "brightness draw=%f", &amount) == 1) {
      to.brightness = std::log(amount / (1 - amount));
    } else if (std::sscanf(name.c_str(), "contrast draw=%f", &amount) == 1) {
      to.contrast = amount;
    } else if (name != "sigmoid_of_logit") {
      continue;
    }
    const auto values = change(to);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(values[i], expected[i].get<float>(), 3e-7) << name << ' ' << x[i];
    ++compared;
  }
  EXPECT_EQ(compared, 8);
}

// fastai's crop boxes at validation, which nothing random decides; and those that a square cannot miss.
TEST(AugmentReference, CropBoxesAreFastais) {
  for (const Json& row : data()["rrc_boxes"]) {
    const Size item{row["hw"][0], row["hw"][1]};
    const bool valid = row["split_idx"] == 1;
    if (!valid && item.height == item.width) continue;
    const Box box = drawCrop({.size = Size{64, 64}, .min_scale = valid ? 0.75 : 1e-9 + 1.0}, item,
                             valid ? Mode::Valid : Mode::Train, RandomStream(1, "crop"));
    EXPECT_EQ(box.height, row["cp_hw"][0].get<int>());
    EXPECT_EQ(box.width, row["cp_hw"][1].get<int>());
    EXPECT_EQ(box.top, row["tl_yx"][0].get<int>());
    EXPECT_EQ(box.left, row["tl_yx"][1].get<int>());
  }
}

// Photos of four shapes through Resize, the batch transforms at validation and Normalize.
TEST(AugmentReference, ValidationFromEndToEndIsFastais) {
  const auto expected = readNpy(reference("fastai/data/05_e2e_valid_norm.npy"));
  const char* names[] = {"land640x480.png", "port240x320.png", "tall90x260.png", "wide300x100.png"};
  const AugOptions options{.size = Size{64, 64}, .min_scale = 0.75};
  constexpr std::size_t kArea = 64 * 64;
  ASSERT_EQ(expected.size(), 4 * 3 * kArea);
  std::vector<float> out(3 * kArea);
  double worst = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const Image item = resizeBilinear(readPng(reference("fastai/img") / names[i]), {96, 96});
    AugDraw draw;
    draw.crop = drawCrop(options, {96, 96}, Mode::Valid, RandomStream(1, "crop"));
    augment(item, options, draw, {}, out);
    for (std::size_t pixel = 0; pixel < kArea; ++pixel) {
      for (std::size_t channel = 0; channel < 3; ++channel)
        worst = std::max(worst, std::abs(static_cast<double>(out[3 * pixel + channel]) -
                                         expected[(3 * i + channel) * kArea + pixel]));
    }
  }
  std::printf("  e2e_valid (normalised)       %.2e\n", worst);
  EXPECT_LE(worst, 1e-4);
}

}  // namespace
}  // namespace panicle
