#include "tests/transforms/fastai_cases.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "core/base/error.h"
#include "tests/testing.h"
#include "tests/transforms/pictures.h"

namespace panicle::testing {
namespace {

AugOptions optionsOf(const Json& json) {
  AugOptions options;
  std::vector<std::string> problems;
  fromJson(options, json, "", problems);
  if (!problems.empty()) throw Error(problems.front());
  return options;
}

void setDraw(AugDraw& draw, const std::string& name, float value) {
  static const std::map<std::string, float AugDraw::*> members{
      {"rotate", &AugDraw::rotate},         {"zoom", &AugDraw::zoom},
      {"zoom_x", &AugDraw::zoom_x},         {"zoom_y", &AugDraw::zoom_y},
      {"warp_x", &AugDraw::warp_x},         {"warp_y", &AugDraw::warp_y},
      {"brightness", &AugDraw::brightness}, {"contrast", &AugDraw::contrast},
      {"saturation", &AugDraw::saturation}, {"hue", &AugDraw::hue}};
  if (name == "dihedral") {
    draw.dihedral = static_cast<int>(value);
  } else {
    draw.*members.at(name) = value;
  }
}

// ---- augment_cases.json ----

// made() of make_augment_cases.py.
Image made(int picture, Size size) {
  Image image{size.width, size.height, {}};
  image.pixels.reserve(3 * static_cast<std::size_t>(size.height) * size.width);
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        const std::int64_t wave = std::abs((x * (2 + c) + y * (1 + picture)) % 128 - 64) * 2;
        const std::int64_t bend = std::abs((x * y / 16 + 31 * c + 17 * picture) % 96 - 48);
        const std::int64_t noise =
            (((x * 73856093) ^ (y * 19349663) ^ ((3 * picture + c + 1) * 83492791)) >> 8) & 63;
        image.pixels.push_back(
            static_cast<std::uint8_t>(std::clamp<std::int64_t>((wave + bend + noise) * 9 / 8 - 8, 0, 255)));
      }
    }
  }
  return image;
}

FastaiCase madeCase(const Json& json, const std::vector<float>& values) {
  FastaiCase c{.name = json["name"], .options = optionsOf(json["options"])};
  const Size item{json["item"][0], json["item"][1]};
  const double range = json["coordinate_low"].is_null()
                           ? 2
                           : json["coordinate_high"].get<double>() - json["coordinate_low"].get<double>();
  for (const Json& drawn : json["draws"]) {
    AugDraw draw;
    for (const auto& [name, value] : drawn.items()) setDraw(draw, name, value);
    draw.crop = {json["crop"][0], json["crop"][1], json["crop"][2], json["crop"][3]};
    draw.coordinate_range = range;
    c.items.push_back(made(static_cast<int>(c.items.size()), item));
    c.draws.push_back(draw);
  }
  c.result = {json["shape"][2], json["shape"][3]};
  c.row_stride = json["stride"][0];
  c.column_stride = json["stride"][1];
  const std::size_t rows = (c.result.height + c.row_stride - 1) / c.row_stride;
  const std::size_t columns = (c.result.width + c.column_stride - 1) / c.column_stride;
  const auto first = values.begin() + json["offset"].get<std::ptrdiff_t>();
  c.expected.assign(first, first + static_cast<std::ptrdiff_t>(c.items.size() * 3 * rows * columns));
  return c;
}

// ---- 05_augment.json ----

// What its calls mean as options.
const std::map<std::string, const char*>& callsAsOptions() {
  static const std::map<std::string, const char*> options{
      {"A_rrc_seed1", R"({"size": [64, 64], "min_scale": 0.75})"},
      {"C_rrc_valid", R"({"size": [64, 64], "min_scale": 0.75})"},
      {"D_size_seed3", R"({"size": [64, 64]})"},
      {"E_size_valid", R"({"size": [64, 64]})"},
      {"F_nosize_seed4", "{}"},
      {"Fv_nosize_valid", "{}"},
      {"G_strong_nonsquare_seed5", R"({"size": [48, 64], "flip_vert": true, "max_rotate": 30, "max_zoom": 1.5,
                                       "max_warp": 0.3, "max_lighting": 0.4})"},
      {"H2_border_seed7", R"({"pad_mode": "border", "max_rotate": 45})"},
      {"Iv_rrc_nonsquare_valid", R"({"size": [64, 64], "min_scale": 0.75})"},
      {"J_flip_zoom_only_seed9", R"({"max_rotate": 0, "max_warp": 0, "max_lighting": 0})"},
      {"Mv_480to128_valid", R"({"size": [128, 128], "min_scale": 0.75})"},
      {"N_480to96_valid", R"({"size": [96, 96], "min_scale": 0.35})"},
      {"K_xtra_saturation_seed10", R"({"size": [48, 48], "min_scale": 0.75, "saturation": {"p": 1}})"}};
  return options;
}

// The names of a case's draws in their order. Cases of a single transform are called S_ and its name.
std::vector<std::string> drawNames(const std::string& name, const AugOptions& options) {
  static const std::vector<std::pair<std::string, std::vector<std::string>>> single{
      {"S_flip", {"dihedral"}},         {"S_dihedral", {"dihedral"}},
      {"S_identity", {"dihedral"}},     {"S_rotate", {"rotate"}},
      {"S_warp", {"warp_x", "warp_y"}}, {"S_zoom", {"zoom", "zoom_x", "zoom_y"}},
      {"S_bright", {"brightness"}},     {"S_contrast", {"contrast"}},
      {"S_saturation", {"saturation"}}, {"S_hue", {"hue"}}};
  for (const auto& [prefix, names] : single) {
    if (name.starts_with(prefix)) return names;
  }
  std::vector<std::string> names{"dihedral"};
  if (options.rotateLimit() != 0) names.insert(names.end(), {"rotate"});
  names.insert(names.end(), {"zoom", "zoom_x", "zoom_y"});
  if (options.warpLimit() != 0) names.insert(names.end(), {"warp_x", "warp_y"});
  if (options.lightingLimit() != 0) names.insert(names.end(), {"brightness", "contrast"});
  if (options.saturation) names.insert(names.end(), {"saturation"});
  return names;
}

FastaiCase photoCase(const Json& json, const Json& inputs) {
  FastaiCase c{.name = json["name"]};
  const auto known = callsAsOptions().find(c.name);
  c.options = optionsOf(Json::parse(known == callsAsOptions().end() ? "{}" : known->second));
  const std::size_t count = json["batch_size"];
  for (std::size_t i = 0; i < count; ++i)
    c.items.push_back(
        readPng(reference("fastai") / inputs[json["input"].get<std::string>()][i].get<std::string>()));
  AugDraw shared;
  shared.crop = {0, 0, c.items[0].width, c.items[0].height};
  if (json.contains("rrc")) {
    const Json& rrc = json["rrc"];
    shared.crop = {rrc["tl_yx"][1], rrc["tl_yx"][0], rrc["cp_hw"][1], rrc["cp_hw"][0]};
  }
  if (!json["grid_sample"].empty()) {
    const Json& grid = json["grid_sample"][0];
    shared.coordinate_range = grid["coords_max"].get<double>() - grid["coords_min"].get<double>();
  }
  c.draws.assign(count, shared);
  if (json["split_idx"] == 0) {
    const auto names = drawNames(c.name, c.options);
    if (names.size() != json["draws"].size()) throw Error(c.name + " has another number of draws");
    for (std::size_t k = 0; k < names.size(); ++k) {
      for (std::size_t i = 0; i < count; ++i) setDraw(c.draws[i], names[k], json["draws"][k]["value"][i]);
    }
  }
  c.result = {json["out_shape"][2], json["out_shape"][3]};
  c.expected = readNpy(reference("fastai") / json["out"].get<std::string>());
  return c;
}

}  // namespace

float FastaiCase::tolerance() const {
  const int side = std::max(items.front().height, items.front().width);
  return std::max(2e-5f, std::ldexp(static_cast<float>(side), -24));
}

float FastaiCase::worstDifference(std::size_t item, const float* values) const {
  const int rows = (result.height + row_stride - 1) / row_stride;
  const int columns = (result.width + column_stride - 1) / column_stride;
  const float* wanted = expected.data() + item * 3 * static_cast<std::size_t>(rows) * columns;
  float worst = 0;
  for (int channel = 0; channel < 3; ++channel) {
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j, ++wanted) {
        const float value = values[3 * (i * row_stride * result.width + j * column_stride) + channel];
        const float difference = std::abs(value - *wanted);
        if (std::isnan(difference)) return difference;
        worst = std::max(worst, difference);
      }
    }
  }
  return worst;
}

std::vector<FastaiCase> fastaiCases() {
  std::vector<FastaiCase> cases;
  const Json photos = readJson(reference("fastai/data/05_augment.json"));
  for (const Json& json : photos["cases"]) cases.push_back(photoCase(json, photos["inputs"]));
  const auto values = readNpy(reference("fastai/augment_cases.npy"));
  const Json more = readJson(reference("fastai/augment_cases.json"));
  for (const Json& json : more["cases"]) cases.push_back(madeCase(json, values));
  return cases;
}

}  // namespace panicle::testing
