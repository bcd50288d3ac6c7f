// aug_transforms against what fastai 2.7.13 gave: inputs, draws and outputs in 05_augment.json.
#include <cmath>
#include <fstream>
#include <map>

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

constexpr Normalization kPlain{{0, 0, 0}, {1, 1, 1}};
constexpr double kTolerance = 2e-5;  // of pixels in 0..1, as the data's README states it

const Json& data() {
  static const Json json = Json::parse(std::ifstream(reference("fastai/data/05_augment.json")));
  return json;
}

AugOptions still() {
  return {.do_flip = false, .max_rotate = 0, .max_zoom = 1, .max_warp = 0, .max_lighting = 0};
}

AugOptions only(void (*change)(AugOptions&)) {
  AugOptions options = still();
  change(options);
  return options;
}

// The options of each case's call.
const std::map<std::string, AugOptions>& calls() {
  static const std::map<std::string, AugOptions> table{
      {"A_rrc_seed1", {.size = Size{64, 64}, .min_scale = 0.75}},
      {"C_rrc_valid", {.size = Size{64, 64}, .min_scale = 0.75}},
      {"D_size_seed3", {.size = Size{64, 64}}},
      {"E_size_valid", {.size = Size{64, 64}}},
      {"F_nosize_seed4", {}},
      {"Fv_nosize_valid", {}},
      {"G_strong_nonsquare_seed5",
       {.size = Size{48, 64}, .flip_vert = true, .max_rotate = 30, .max_zoom = 1.5, .max_warp = 0.3, .max_lighting = 0.4}},
      {"H2_border_seed7", {.max_rotate = 45, .pad_mode = PadMode::Border}},
      {"Iv_rrc_nonsquare_valid", {.size = Size{64, 64}, .min_scale = 0.75}},
      {"J_flip_zoom_only_seed9", {.max_rotate = 0, .max_warp = 0, .max_lighting = 0}},
      {"Mv_480to128_valid", {.size = Size{128, 128}, .min_scale = 0.75}},
      {"N_480to96_valid", {.size = Size{96, 96}, .min_scale = 0.35}},
      {"K_xtra_saturation_seed10", {.size = Size{48, 48}, .min_scale = 0.75, .saturation = SaturationOptions{.p = 1}}},
      {"S_flip", only([](AugOptions& o) { o.do_flip = true; })},
      {"S_rotate10", only([](AugOptions& o) { o.max_rotate = 10; })},
      {"S_zoom1.1_.2_.7", only([](AugOptions& o) { o.max_zoom = 1.1; })},
      {"S_warp.15_-.1", only([](AugOptions& o) { o.max_warp = 0.2; })},
      {"S_dihedral3_nonsq", only([](AugOptions& o) { o.do_flip = o.flip_vert = true; })},
      {"S_dihedral6_nonsq", only([](AugOptions& o) { o.do_flip = o.flip_vert = true; })},
      {"S_bright.6", only([](AugOptions& o) { o.max_lighting = 0.2; })},
      {"S_contrast.8", only([](AugOptions& o) { o.max_lighting = 0.2; })},
      {"S_saturation.8", only([](AugOptions& o) { o.saturation = SaturationOptions{}; })},
      {"S_hue.1", only([](AugOptions& o) { o.hue = HueOptions{}; })},
      {"S_identity_affine", only([](AugOptions& o) { o.do_flip = true; })},
  };
  return table;
}

// The case's draws, which are listed in fastai's order, as those of image `i`.
AugDraw drawOf(const Json& test, const AugOptions& options, std::size_t i) {
  AugDraw draw;
  if (test["split_idx"] == 1) return draw;
  std::size_t next = 0;
  const auto take = [&] { return test["draws"].at(next++)["value"].at(i).get<float>(); };
  const std::string name = test["name"];
  if (options.do_flip) draw.dihedral = static_cast<int>(take());
  if (options.rotateLimit() != 0) draw.rotate = take();
  if (options.zooms()) {
    draw.zoom = take();
    draw.zoom_x = take();
    draw.zoom_y = take();
  }
  if (options.warpLimit() != 0) {
    draw.warp_x = take();
    draw.warp_y = take();
  }
  const bool single = name.starts_with("S_");
  if (options.lightingLimit() != 0 && (!single || name.starts_with("S_bright"))) draw.brightness = take();
  if (options.lightingLimit() != 0 && (!single || name.starts_with("S_contrast"))) draw.contrast = take();
  if (options.saturation) draw.saturation = take();
  if (options.hue) draw.hue = take();
  EXPECT_EQ(next, test["draws"].size()) << name;
  return draw;
}

struct Batch {
  std::vector<Image> images;
  std::vector<AugDraw> draws;
  Size item;
};

Batch batchOf(const Json& test, const AugOptions& options) {
  Batch batch;
  for (const auto& file : data()["inputs"][test["input"].get<std::string>()]) batch.images.push_back(readPng(reference("fastai") / file.get<std::string>()));
  batch.images.resize(test["batch_size"].get<std::size_t>());
  batch.item = {batch.images[0].height, batch.images[0].width};
  double low = 1, high = -1;
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    batch.draws.push_back(drawOf(test, options, i));
    const CoordinateExtent extent = coordinateExtent(options, batch.item, batch.draws.back());
    low = std::min(low, extent.low);
    high = std::max(high, extent.high);
  }
  for (AugDraw& draw : batch.draws) {
    draw.coordinate_range = high - low;
    if (!test.contains("rrc")) continue;
    const Json& box = test["rrc"];
    draw.crop = {box["tl_yx"][1], box["tl_yx"][0], box["cp_hw"][1], box["cp_hw"][0]};
  }
  return batch;
}

double worstDifference(const Json& test, const AugOptions& options) {
  const Batch batch = batchOf(test, options);
  const auto expected = readNpy(reference("fastai") / test["out"].get<std::string>());
  const Size size = augmentedSize(options, batch.item);
  const std::size_t area = static_cast<std::size_t>(size.height) * size.width;
  EXPECT_EQ(expected.size(), batch.images.size() * 3 * area);
  double worst = 0;
  std::vector<float> out(3 * area);
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    augment(batch.images[i], options, batch.draws[i], kPlain, out);
    for (std::size_t pixel = 0; pixel < area; ++pixel) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const double difference = std::abs(static_cast<double>(out[3 * pixel + channel]) - expected[(3 * i + channel) * area + pixel]);
        worst = std::max(worst, difference);
      }
    }
  }
  return worst;
}

TEST(AugmentReference, EveryCaseIsFastais) {
  int compared = 0;
  for (const Json& test : data()["cases"]) {
    const std::string name = test["name"];
    ASSERT_TRUE(calls().contains(name)) << "no options for case " << name;
    const double worst = worstDifference(test, calls().at(name));
    std::printf("  %-28s %.2e\n", name.c_str(), worst);
    EXPECT_LE(worst, kTolerance) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 24);
}

TEST(AugmentReference, TheCoordinatesOfABatchDecideThePrefilter) {
  for (const Json& test : data()["cases"]) {
    if (!test.contains("affine") || test["grid_sample"].empty()) continue;
    const AugOptions options = calls().at(test["name"].get<std::string>());
    const Batch batch = batchOf(test, options);
    const Json& sampled = test["grid_sample"][0];
    const double range = sampled["coords_max"].get<double>() - sampled["coords_min"].get<double>();
    AugOptions first = options;  // with a crop the affine step keeps the item's size
    if (options.crops()) first.size.reset();
    double low = 1e9, high = -1e9;
    for (const AugDraw& draw : batch.draws) {
      const CoordinateExtent extent = coordinateExtent(first, batch.item, draw);
      low = std::min(low, extent.low);
      high = std::max(high, extent.high);
    }
    EXPECT_NEAR(high - low, range, 1e-5) << test["name"];
    const Size out{sampled["out_hw"][0], sampled["out_hw"][1]};
    const auto area = areaPrefilter(batch.item, out, range);
    ASSERT_EQ(area.has_value(), sampled["area_prefilter"].get<bool>()) << test["name"];
    if (area) {
      EXPECT_EQ(area->height, sampled["prefiltered_hw"][0].get<int>());
      EXPECT_EQ(area->width, sampled["prefiltered_hw"][1].get<int>());
    }
  }
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
    for (int i = 0; i < 6; ++i) EXPECT_NEAR(matrix[i], rows[i / 3][i % 3].get<float>(), 1e-7) << name << ' ' << i;
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
  expect("composed flip(1) @ rotate(7) @ zoom(1.08,.3,.9)", {.dihedral = 1, .rotate = 7, .zoom = 1.08f, .zoom_x = 0.3f, .zoom_y = 0.9f});
}

TEST(AugmentReference, WarpsAreFastais) {
  int compared = 0;
  for (const auto& [name, test] : data()["warp"].items()) {
    AugDraw draw;
    ASSERT_EQ(std::sscanf(name.c_str(), "draw_x=%f draw_y=%f", &draw.warp_x, &draw.warp_y), 2) << name;
    const auto coefficients = warpCoefficients(draw);
    for (int i = 0; i < 8; ++i) EXPECT_NEAR(coefficients[i], test["coeffs8"][i].get<float>(), 5e-7) << name << ' ' << i;
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
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i].get<float>(), 3e-7) << name << ' ' << x[i];
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
    const Box box = drawCrop({.size = Size{64, 64}, .min_scale = valid ? 0.75 : 1e-9 + 1.0}, item, valid ? Mode::Valid : Mode::Train, RandomStream(1, "crop"));
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
        worst = std::max(worst, std::abs(static_cast<double>(out[3 * pixel + channel]) - expected[(3 * i + channel) * kArea + pixel]));
    }
  }
  std::printf("  e2e_valid (normalised)       %.2e\n", worst);
  EXPECT_LE(worst, 1e-4);
}

}  // namespace
}  // namespace panicle
