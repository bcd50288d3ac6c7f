// RandomResizedCrop and RatioResize against fastai 2.7.13, whose boxes came from Python's generator.
#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <map>
#include <random>

#include "core/base/json.h"
#include "core/transforms/resize.h"
#include "tests/testing.h"
#include "tests/transforms/pictures.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::noise;
using testing::readPng;
using testing::reference;

// The words that random.seed(number) starts the Mersenne Twister with: Matsumoto and Nishimura's
// init_by_array.
class PythonSeed {
 public:
  using result_type = std::uint32_t;
  explicit PythonSeed(std::uint32_t number) : number_(number) {}

  template <typename Iterator>
  void generate(Iterator begin, Iterator end) {
    const auto n = static_cast<std::uint32_t>(end - begin);
    std::vector<std::uint32_t> words{19650218u};
    for (std::uint32_t i = 1; i < n; ++i) words.push_back(1812433253u * mixed(words[i - 1]) + i);
    std::uint32_t i = 1;
    const auto advance = [&] {
      if (++i < n) return;
      words[0] = words[n - 1];
      i = 1;
    };
    for (std::uint32_t k = 0; k < n; ++k, advance())
      words[i] = (words[i] ^ (mixed(words[i - 1]) * 1664525u)) + number_;
    for (std::uint32_t k = 1; k < n; ++k, advance())
      words[i] = (words[i] ^ (mixed(words[i - 1]) * 1566083941u)) - i;
    words[0] = 0x80000000u;
    std::copy(words.begin(), words.end(), begin);
  }

 private:
  static std::uint32_t mixed(std::uint32_t word) { return word ^ (word >> 30); }
  std::uint32_t number_;
};

// Python's module random after random.seed(number).
class Python {
 public:
  explicit Python(std::uint32_t seed) {
    PythonSeed words(seed);
    engine_.seed(words);
  }
  double random() {
    const auto high = static_cast<double>(engine_() >> 5);
    const auto low = static_cast<double>(engine_() >> 6);
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }
  double uniform(double low, double high) { return low + (high - low) * random(); }
  int randint(int low, int high) {
    const auto count = static_cast<std::uint32_t>(high - low + 1);
    const int bits = std::bit_width(count);
    std::uint32_t number = engine_() >> (32 - bits);
    while (number >= count) number = engine_() >> (32 - bits);
    return low + static_cast<int>(number);
  }
  CropNumbers numbers() {
    return {[this](double low, double high) { return uniform(low, high); },
            [this](int low, int high) { return randint(low, high); }};
  }

 private:
  std::mt19937 engine_;
};

constexpr ResizeOptions kCrop96{.method = ResizeMethod::RandomResizedCrop, .size = {96, 96}};

Json boxCases() {
  return readJson(reference("fastai/data/04_resize.json"))["random_resized_crop_item"];
}

TEST(RandomResizedCrop, PythonsNumbersAreTheKnownOnes) {
  Python python(0);
  EXPECT_EQ(python.random(), 0.8444218515250481);  // of the Python documentation's "random.seed(0)"
  EXPECT_EQ(python.random(), 0.7579544029403025);
}

TEST(RandomResizedCrop, TakesTheBoxThatFastaiTakes) {
  const std::map<std::string, Size> sources{{"land640x480", {480, 640}}, {"port240x320", {320, 240}},
                                            {"tall90x260", {260, 90}},   {"wide300x100", {100, 300}},
                                            {"sq160", {160, 160}},       {"odd151x97", {97, 151}}};
  ResizeOptions options = kCrop96;
  options.min_scale = 0.35;  // with which the reference was made
  int boxes = 0;
  for (const Json& json : boxCases()) {
    if (json["split_idx"] != 0) continue;
    Python python(json["seed"].get<std::uint32_t>());
    const Box box = randomResizedCropBox(options, sources.at(json["src"]), python.numbers());
    const Json expected{json["tl_xy"][0], json["tl_xy"][1], json["cp_wh"][0], json["cp_wh"][1]};
    EXPECT_EQ(Json({box.left, box.top, box.width, box.height}), expected) << json;
    ++boxes;
  }
  EXPECT_EQ(boxes, 24);
}

TEST(RandomResizedCrop, SeesNearlyAllInValidation) {
  const Image source = readPng(reference("fastai/img/land640x480.png"));
  const Image expected = readPng(reference("fastai/data/04_land640x480_RRCitem_96_s1.png"));
  RandomStream stream(1);
  const ResizeDraw draw = drawResize(kCrop96, {480, 640}, Mode::Valid, stream);
  EXPECT_EQ(resize(source, kCrop96, draw).pixels, expected.pixels);
  // 112 x 112, of which the middle 96 are kept.
  EXPECT_EQ(resizeBox({480, 640}, kCrop96, draw), (Box{46, 34, 549, 411}));
  const ResizeOptions all{.method = ResizeMethod::RandomResizedCrop, .size = {31, 57}, .val_xtra = 0};
  EXPECT_EQ(resize(source, all, {}).pixels, resizeBilinear(source, {31, 57}).pixels);
}

TEST(RandomResizedCrop, TrainsOnItsBox) {
  const Image source = noise(90, 70);
  RandomStream stream(5);
  for (int i = 0; i < 20; ++i) {
    const ResizeDraw draw = drawResize(kCrop96, {70, 90}, Mode::Train, stream);
    ASSERT_TRUE(draw.box);
    const Box box = *draw.box;
    EXPECT_EQ(resizeBox({70, 90}, kCrop96, draw), box);
    ASSERT_TRUE(box.left >= 0 && box.top >= 0 && box.left + box.width <= 90 && box.top + box.height <= 70);
    Image cut{box.width, box.height, {}};
    for (int y = 0; y < box.height; ++y) {
      const auto row = source.pixels.begin() + 3 * ((box.top + y) * source.width + box.left);
      cut.pixels.insert(cut.pixels.end(), row, row + 3 * box.width);
    }
    EXPECT_EQ(resize(source, kCrop96, draw).pixels, resizeBilinear(cut, kCrop96.size).pixels);
  }
}

TEST(RandomResizedCrop, BoxesHaveTheSharesAndShapesAskedFor) {
  ResizeOptions options = kCrop96;
  options.min_scale = 0.3;
  options.max_scale = 0.5;
  options.min_ratio = 0.9;
  options.max_ratio = 1.2;
  RandomStream stream(9);
  for (int i = 0; i < 500; ++i) {
    const Box box = *drawResize(options, {1000, 1000}, Mode::Train, stream).box;
    const double share = static_cast<double>(box.width) * box.height / 1e6;
    const double ratio = static_cast<double>(box.width) / box.height;
    EXPECT_TRUE(share > 0.298 && share < 0.502) << share;
    EXPECT_TRUE(ratio > 0.898 && ratio < 1.203) << ratio;
  }
}

TEST(RandomResizedCrop, TakesPicturesOfOnePixel) {
  RandomStream stream(3);
  for (const Size source : {Size{1, 1}, Size{1, 40}, Size{40, 1}}) {
    const Image image{source.width, source.height,
                      std::vector<std::uint8_t>(3 * source.width * source.height, 77)};
    for (int i = 0; i < 10; ++i) {
      const ResizeDraw draw = drawResize(kCrop96, source, Mode::Train, stream);
      EXPECT_EQ(resize(image, kCrop96, draw).pixels, std::vector<std::uint8_t>(3 * 96 * 96, 77));
    }
  }
}

// fastai: w, h = 640, 427; nh = 427 * 300 / 640 = 200.16 -> 200; Resize((200, 300)), whose method is crop.
// Where no try fits and the shape asks for less than a pixel.
TEST(RandomResizedCrop, KeepsAPixelOfAnUnfittingShape) {
  ResizeOptions options = kCrop96;
  options.min_scale = 1;
  RandomStream stream(4);
  options.min_ratio = options.max_ratio = 0.01;
  EXPECT_EQ(*drawResize(options, {50, 50}, Mode::Train, stream).box, (Box{24, 0, 1, 50}));
  options.min_ratio = options.max_ratio = 100;
  EXPECT_EQ(*drawResize(options, {50, 50}, Mode::Train, stream).box, (Box{0, 24, 50, 1}));
}

TEST(RatioResize, MakesTheLongerSideAsLongAsAsked) {
  const auto sized = [](Size source, Size size) {
    return resizedSize({.method = ResizeMethod::RatioResize, .size = size}, source);
  };
  EXPECT_EQ(sized({427, 640}, {300, 300}), (Size{200, 300}));
  EXPECT_EQ(sized({640, 427}, {300, 100}), (Size{300, 200}));
  EXPECT_EQ(sized({100, 100}, {64, 320}), (Size{320, 320}));
  EXPECT_EQ(sized({1, 5000}, {224, 224}), (Size{1, 224}));
  EXPECT_EQ(resizedSize({.method = ResizeMethod::Pad, .size = {30, 40}}, {427, 640}), (Size{30, 40}));

  const Image source = noise(640, 427);
  const ResizeOptions options{.method = ResizeMethod::RatioResize, .size = {300, 300}};
  const ResizeOptions crop{.method = ResizeMethod::Crop, .size = {200, 300}};
  for (const ResizeDraw& draw :
       {ResizeDraw{}, ResizeDraw{.x = 0.99, .y = 0.99}, ResizeDraw{.x = 0, .y = 0}}) {
    EXPECT_EQ(resizeBox({427, 640}, options, draw), resizeBox({427, 640}, crop, draw));
    EXPECT_EQ(resize(source, options, draw).pixels, resize(source, crop, draw).pixels);
  }
}

TEST(ResizeOptionsCheck, FindsLimitsThatAreTheWrongWayRound) {
  EXPECT_THAT(check(ResizeOptions{}), IsEmpty());
  EXPECT_THAT(check(ResizeOptions{.min_scale = 0.5, .max_scale = 0.4, .min_ratio = 2, .max_ratio = 1}),
              ElementsAre(::testing::StartsWith("min_scale "), ::testing::StartsWith("min_ratio ")));
}

// ---- reduced JPEGs

// A picture of slow waves, and the same averaged over squares as a reduced decoding gives it.
Image waves(int width, int height, int reduction) {
  Image image{(width + reduction - 1) / reduction, (height + reduction - 1) / reduction, {}};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      double sum = 0;
      for (int dy = 0; dy < reduction; ++dy) {
        for (int dx = 0; dx < reduction; ++dx) {
          const double across = (reduction * x + dx + 0.5) / 15;
          const double down = (reduction * y + dy + 0.5) / 19;
          sum += 127.5 + 60 * std::sin(across) + 60 * std::cos(down);
        }
      }
      image.pixels.insert(image.pixels.end(), 3,
                          static_cast<std::uint8_t>(sum / (reduction * reduction) + 0.5));
    }
  }
  return image;
}

TEST(JpegReduction, NeverLeadsToAnEnlargement) {
  const auto reduction = [](ResizeMethod method, Size size, Size source) {
    return jpegReduction({.method = method, .size = size, .dct_scale = true}, source, {});
  };
  EXPECT_EQ(reduction(ResizeMethod::Squish, {224, 224}, {480, 640}), 2);
  EXPECT_EQ(reduction(ResizeMethod::Squish, {240, 320}, {480, 640}), 2);
  EXPECT_EQ(reduction(ResizeMethod::Squish, {241, 100}, {480, 640}), 1) << "one side would be enlarged";
  EXPECT_EQ(reduction(ResizeMethod::Squish, {60, 60}, {480, 640}), 8);
  EXPECT_EQ(reduction(ResizeMethod::Squish, {100, 100}, {480, 640}), 4);
  EXPECT_EQ(reduction(ResizeMethod::Crop, {224, 224}, {480, 640}), 2);
  EXPECT_EQ(reduction(ResizeMethod::Pad, {320, 320}, {480, 640}), 2) << "the box is 640 x 640";
  EXPECT_EQ(reduction(ResizeMethod::RandomResizedCrop, {224, 224}, {480, 640}), 1)
      << "256 before the centre is cut";
  EXPECT_EQ(reduction(ResizeMethod::RandomResizedCrop, {208, 208}, {480, 640}), 2);
  EXPECT_EQ(reduction(ResizeMethod::RatioResize, {320, 320}, {480, 640}), 2);
  const ResizeOptions crop{.method = ResizeMethod::RandomResizedCrop, .size = {100, 100}, .dct_scale = true};
  EXPECT_EQ(jpegReduction(crop, {480, 640}, {.box = Box{0, 0, 399, 450}}), 2);
  EXPECT_EQ(jpegReduction(crop, {480, 640}, {.box = Box{0, 0, 199, 450}}), 1);
  EXPECT_EQ(jpegReduction({.method = ResizeMethod::Squish, .size = {60, 60}}, {480, 640}, {}), 1)
      << "off by default";
}

TEST(JpegReduction, KeepsEveryPixelInItsPlace) {
  const ResizeDraw draw{.x = 0.37, .y = 0.81};
  // Sides that no reduction divides; but where pad meets such a side, a pixel of the reduced picture is part
  // padding. Along the edge of the padding the coarser pixels weigh a little otherwise.
  const std::vector<std::pair<ResizeMethod, Size>> cases{
      {ResizeMethod::Squish, {475, 637}}, {ResizeMethod::Crop, {475, 637}}, {ResizeMethod::Pad, {476, 636}}};
  for (const auto& [method, source] : cases) {
    const Image exact = waves(source.width, source.height, 1);
    for (const int reduction : {2, 4}) {
      const Image reduced = waves(source.width, source.height, reduction);
      const ResizeOptions options{.method = method, .size = {104, 93}, .pad_mode = PadMode::Zeros};
      Image result;
      resizeReduced(reduced, source, reduction, options, draw, result);
      const Image expected = resize(exact, options, draw);
      ASSERT_EQ(result.pixels.size(), expected.pixels.size());
      int largest = 0;
      for (std::size_t i = 0; i < expected.pixels.size(); ++i)
        largest = std::max(largest, std::abs(result.pixels[i] - expected.pixels[i]));
      EXPECT_LE(largest, method == ResizeMethod::Pad ? 12 : 3) << enumName(method) << " at 1/" << reduction;
    }
  }
}

TEST(JpegReduction, OfOneIsTheExactPath) {
  const Image image = noise(61, 47);
  for (const auto method :
       {ResizeMethod::Squish, ResizeMethod::Pad, ResizeMethod::Crop, ResizeMethod::RatioResize}) {
    const ResizeOptions options{.method = method, .size = {20, 33}};
    Image result;
    resizeReduced(image, {47, 61}, 1, options, {.x = 0.2, .y = 0.9}, result);
    EXPECT_EQ(result.pixels, resize(image, options, {.x = 0.2, .y = 0.9}).pixels);
  }
}

}  // namespace
}  // namespace panicle
