// Resize against what fastai 2.7.13 with Pillow 9.4 gave.
#include "core/transforms/resize.h"

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/testing.h"
#include "tests/transforms/pictures.h"

namespace panicle {
namespace {

using testing::noise;
using testing::readPng;
using testing::reference;

ResizeOptions optionsOf(const Json& json) {
  ResizeOptions options;
  std::vector<std::string> problems;
  fromJson(options, json, "", problems);
  EXPECT_TRUE(problems.empty()) << problems.front();
  return options;
}

struct Case {
  Json json;
  ResizeOptions options;
  ResizeDraw draw;
};

std::vector<Case> fastaiCases() {
  std::vector<Case> cases;
  const Json list = readJson(reference("fastai/data/04_resize.json"))["cases"];
  for (const Json& json : list) {
    Case c{json,
           optionsOf(
               {{"method", json["method"]}, {"size", json["size_arg_hw"]}, {"pad_mode", json["pad_mode"]}}),
           {}};
    if (json.contains("pcts")) c.draw = {json["pcts"][0], json["pcts"][1]};
    cases.push_back(c);
  }
  return cases;
}

TEST(Resize, TakesTheBoxThatFastaiTakes) {
  int boxes = 0;
  for (const Case& c : fastaiCases()) {
    if (!c.json.contains("cp_wh")) continue;
    const Box box = resizeBox({c.json["src_wh"][1], c.json["src_wh"][0]}, c.options, c.draw);
    const Json expected{c.json["tl_xy"][0], c.json["tl_xy"][1], c.json["cp_wh"][0], c.json["cp_wh"][1]};
    EXPECT_EQ(Json({box.left, box.top, box.width, box.height}), expected) << c.json;
    ++boxes;
  }
  EXPECT_EQ(boxes, 97);
}

TEST(Resize, GivesFastaisPixelsExactly) {
  int pictures = 0;
  for (const Case& c : fastaiCases()) {
    if (!c.json.contains("out")) continue;
    const Image source = readPng(reference("fastai") / c.json["src"].get<std::string>());
    const Image expected = readPng(reference("fastai") / c.json["out"].get<std::string>());
    const Image result = resize(source, c.options, c.draw);
    EXPECT_EQ(result.width, c.json["out_wh"][0].get<int>());
    EXPECT_EQ(result.height, c.json["out_wh"][1].get<int>());
    EXPECT_TRUE(result.pixels == expected.pixels) << c.json;
    ++pictures;
  }
  EXPECT_EQ(pictures, 60);
}

TEST(Resize, LosesAPixelWhereFastaisIntegerLosesOne) {
  const Json examples =
      readJson(reference("fastai/data/04_resize.json"))["int_truncation_examples_w_size_got"];
  EXPECT_EQ(examples.size(), 60u);
  for (const Json& example : examples) {
    const int width = example[0];
    const int side = example[1];
    const Box box = resizeBox({2 * width, width}, {.method = ResizeMethod::Crop, .size = {side, side}}, {});
    EXPECT_EQ(box.width, example[2].get<int>()) << example;
    EXPECT_EQ(box.left, 0) << "half a pixel is cut to none";
  }
}

TEST(Resize, CropEqualsCuttingTheBoxOutFirst) {
  const Image image = noise(61, 47);
  for (const double place : {0.0, 0.31, 0.99}) {
    const ResizeOptions options{.method = ResizeMethod::Crop, .size = {24, 13}};
    const Box box = resizeBox({image.height, image.width}, options, {place, place});
    Image cut{box.width, box.height, {}};
    for (int y = 0; y < box.height; ++y) {
      const auto row = image.pixels.begin() + 3 * ((box.top + y) * image.width + box.left);
      cut.pixels.insert(cut.pixels.end(), row, row + 3 * box.width);
    }
    EXPECT_EQ(resize(image, options, {place, place}).pixels, resizeBilinear(cut, options.size).pixels);
  }
}

TEST(Resize, KeepsAPictureThatHasTheSizeAlready) {
  const Image image = noise(40, 30);
  for (const auto method : {ResizeMethod::Squish, ResizeMethod::Pad, ResizeMethod::Crop}) {
    EXPECT_EQ(resize(image, {.method = method, .size = {30, 40}}, {0.7, 0.2}).pixels, image.pixels);
  }
}

TEST(Resize, TakesOneColouredPicturesOfAnyShape) {
  for (const Size source : {Size{1, 1}, Size{1, 49}, Size{300, 1}, Size{2, 5000}, Size{71, 360}}) {
    Image image{source.width, source.height,
                std::vector<std::uint8_t>(3 * source.width * source.height, 200)};
    for (const auto method : {ResizeMethod::Squish, ResizeMethod::Pad, ResizeMethod::Crop}) {
      const Image result = resize(image, {.method = method, .size = {49, 49}}, {});
      EXPECT_EQ(result.pixels, std::vector<std::uint8_t>(3 * 49 * 49, 200)) << toString(source);
    }
  }
}

TEST(Resize, RefusesNothingness) {
  EXPECT_THROW(resize(Image{}, {}, {}), Error);
  EXPECT_THROW(resizeBilinear(noise(4, 4), {0, 4}), Error);
}

TEST(Resize, IsCentredInValidationAndAnywhereInTraining) {
  constexpr Size kSource{480, 640};
  RandomStream stream(42, "resize");
  const ResizeOptions crop{.method = ResizeMethod::Crop};
  const ResizeDraw centre = drawResize(crop, kSource, Mode::Valid, stream);
  EXPECT_EQ(centre.x, 0.5);
  EXPECT_EQ(centre.y, 0.5);
  drawResize({.method = ResizeMethod::Squish}, kSource, Mode::Train, stream);
  RandomStream again(42, "resize");
  for (const auto method : {ResizeMethod::Pad, ResizeMethod::Crop, ResizeMethod::RatioResize}) {
    const ResizeDraw drawn = drawResize({.method = method}, kSource, Mode::Train, stream);
    EXPECT_EQ(drawn.x, again.uniform())
        << "x is drawn first, and neither validation nor squish draw anything";
    EXPECT_EQ(drawn.y, again.uniform());
    EXPECT_FALSE(drawn.box);
  }
}

TEST(Resize, OptionsReadBackFromTheirJson) {
  const ResizeOptions options{.method = ResizeMethod::Pad, .size = {640, 480}, .pad_mode = PadMode::Border};
  const ResizeOptions read = optionsOf(toJson(options));
  EXPECT_EQ(read.method, ResizeMethod::Pad);
  EXPECT_EQ(read.size, (Size{640, 480}));
  EXPECT_EQ(read.pad_mode, PadMode::Border);
  ResizeOptions wrong;
  std::vector<std::string> problems;
  fromJson(wrong, {{"metod", "crop"}, {"size", 0}, {"pad_mode", "mirror"}}, "resize", problems);
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_NE(problems[0].find("resize.method"), std::string::npos) << problems[0];
}

}  // namespace
}  // namespace panicle
