// panicle-cli preview, against fastai's pictures and the loader's.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/decode.h"
#include "core/data/encode.h"
#include "core/loader/pipeline.h"
#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::Answer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::reference;
using ::testing::StartsWith;
using testing::TempFolder;

constexpr int kGap = 4;  // between the tiles of a grid

std::string photo(const std::string& name) {
  return reference("fastai/img/" + name + ".png").string();
}

Image fastaiPicture(const std::string& name) {
  return decodeImage(reference("fastai/data/04_" + name + ".png"));
}

class CliPreview : public ::testing::Test {
 protected:
  Answer run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "preview");
    return testing::run(folder_.path(), arguments);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // The picture that the arguments make.
  Image shown(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--out", path("shown.png")});
    const Answer answer = run(arguments);
    EXPECT_EQ(answer.status, 0) << answer.err;
    return decodeImage(path("shown.png"));
  }

  std::string damagedPhoto() const {
    const std::string file = path("damaged.png");
    writeAtomically(file, readText(photo("sq160")).substr(0, 2000));
    return file;
  }

  TempFolder folder_;
};

TEST_F(CliPreview, OnePhotoIsExactlyFastaisPixels) {
  const auto expectPicture = [&](const std::string& name, const std::string& expected,
                                 std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), photo(name));
    EXPECT_EQ(shown(arguments).pixels, fastaiPicture(name + "_" + expected).pixels) << expected;
  };
  expectPicture("land640x480", "squish_96x96_s1", {"--resize", "squish:96", "--valid"});
  expectPicture("land640x480", "squish_96x96_s1", {"--resize", "squish:96"});
  expectPicture("port240x320", "crop_64x112_s1", {"--resize", "crop:64,112", "--valid"});
  expectPicture("odd151x97", "pad_border_96x96_s1",
                {"--resize", "pad:96", "--pad-mode", "border", "--valid"});
  expectPicture("odd151x97", "pad_reflection_64x112_s1", {"--resize", "pad:64,112", "--valid"});
  expectPicture("land640x480", "RRCitem_96_s1", {"--resize", "random_resized_crop:96", "--valid"});
}

TEST_F(CliPreview, TrainingDependsOnSeedAndEpochAsInARun) {
  const auto crop = [&](const std::string& seed, const std::string& epoch) {
    return shown({photo("land640x480"), "--resize", "crop:96", "--seed", seed, "--epoch", epoch}).pixels;
  };
  const auto first = crop("1", "0");
  EXPECT_EQ(crop("1", "0"), first);
  EXPECT_NE(crop("2", "0"), first);
  EXPECT_NE(crop("1", "1"), first);
  const Pipeline pipeline{
      .decode = {}, .resize = {.size = {96, 96}}, .augment = {}, .normalization = {}, .seed = 2};
  Image expected;
  loadItem(pipeline, photo("land640x480"), {.mode = Mode::Train, .epoch = 3}, 0, expected);
  EXPECT_EQ(crop("2", "3"), expected.pixels);
}

TEST_F(CliPreview, OptionsOfTheMethodFollowItsSize) {
  const Image all =
      shown({photo("wide300x100"), "--resize", "random_resized_crop:32,64,val_xtra=0", "--valid"});
  EXPECT_EQ(all.pixels, shown({photo("wide300x100"), "--resize", "squish:32,64"}).pixels);
  const Image ratio = shown({photo("wide300x100"), "--resize", "ratio_resize:120"});
  EXPECT_EQ(ratio.width, 120);
  EXPECT_EQ(ratio.height, 40);
}

// Four photos, Resize(96, squish), aug_transforms(size=64, min_scale=.75), in validation.
TEST_F(CliPreview, ABatchIsWhatFastaiFeedsTheNetwork) {
  const Image grid =
      shown({photo("land640x480"), photo("port240x320"), photo("tall90x260"), photo("wide300x100"),
             "--resize", "squish:96", "--valid", "--aug", "size=64,min_scale=0.75"});
  ASSERT_EQ(grid.width, 2 * 64 + kGap);
  ASSERT_EQ(grid.height, 2 * 64 + kGap);
  const std::vector<std::byte> npy = readBytes(reference("fastai/data/05_e2e_valid_norm.npy"));
  constexpr std::size_t kPlane = 64 * 64;
  std::vector<float> expected(4 * 3 * kPlane);  // [image, channel, row, column]
  std::memcpy(expected.data(), npy.data() + npy.size() - 4 * expected.size(), 4 * expected.size());
  const Normalization normalization;
  double largest = 0;
  for (std::size_t image = 0; image < 4; ++image) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t i = 0; i < kPlane; ++i) {
        const std::size_t y = image / 2 * (64 + kGap) + i / 64;
        const std::size_t x = image % 2 * (64 + kGap) + i % 64;
        const double value = expected[(image * 3 + channel) * kPlane + i];
        const double exact = 255 * (value * normalization.std[channel] + normalization.mean[channel]);
        const double difference = std::abs(grid.pixels[3 * (y * grid.width + x) + channel] - exact);
        largest = std::max(largest, difference);
      }
    }
  }
  EXPECT_LT(largest, 0.51) << "rounding to bytes takes half a level";
}

TEST_F(CliPreview, AugmentedPhotosAreThoseOfTheLoader) {
  const std::vector<std::string> photos{photo("sq160"), photo("odd151x97"), photo("port240x320")};
  std::vector<std::string> arguments = photos;
  arguments.insert(arguments.end(),
                   {"--resize", "crop:80", "--seed", "5", "--epoch", "2", "--aug",
                    "size=48,64,min_scale=0.5,max_rotate=30,pad_mode=border,flip_vert=true,erase.p=1"});
  const Image grid = shown(arguments);
  ASSERT_EQ(grid.width, 2 * 64 + kGap);
  ASSERT_EQ(grid.height, 2 * 48 + kGap);

  AugOptions augment{.size = Size{48, 64},
                     .min_scale = 0.5,
                     .flip_vert = true,
                     .max_rotate = 30,
                     .pad_mode = PadMode::Border};
  augment.erase = EraseOptions{.p = 1};
  const Pipeline pipeline{
      .decode = {}, .resize = {.size = {80, 80}}, .augment = augment, .normalization = {}, .seed = 5};
  const std::vector<std::uint32_t> items{0, 1, 2};
  const BatchContext context = batchContext(pipeline, Mode::Train, 2, 0, items);
  std::vector<float> values(3 * 48 * 64);
  for (const std::uint32_t item : items) {
    renderItem(pipeline, photos[item], context, item, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t pixel = i / 3;
      const std::size_t y = item / 2 * (48 + kGap) + pixel / 64;
      const std::size_t x = item % 2 * (64 + kGap) + pixel % 64;
      const double share = values[i] * pipeline.normalization.std[i % 3] + pipeline.normalization.mean[i % 3];
      ASSERT_NEAR(grid.pixels[3 * (y * grid.width + x) + i % 3], 255 * std::clamp(share, 0.0, 1.0), 0.51);
    }
  }
}

TEST_F(CliPreview, ADamagedFileIsToldAndLeavesItsPlaceBlank) {
  const std::string damaged = damagedPhoto();
  const Answer answer = run({photo("sq160"), damaged, photo("tall90x260"), "--resize", "squish:32", "--out",
                             path("grid.png"), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr(damaged));
  const Json json = answer.json();
  EXPECT_THAT(json["images"][1]["error"].get<std::string>(), StartsWith(damaged + ": "));
  EXPECT_TRUE(json["images"][0]["error"].is_null());
  EXPECT_EQ(json["images"][2]["size"], Json({32, 32}));
  EXPECT_EQ(json["size"], Json({2 * 32 + kGap, 2 * 32 + kGap}));
  const Image grid = decodeImage(path("grid.png"));
  const auto at = [&](int x, int y) { return grid.pixels[3 * static_cast<std::size_t>(y * grid.width + x)]; };
  EXPECT_NE(at(36, 0), at(40, 0)) << "the blank is crossed out";
  EXPECT_EQ(at(40, 0), at(40, 20));
  EXPECT_EQ(at(36 + 10, 10), at(36, 0));
  EXPECT_EQ(at(33, 0), 255) << "the gap";
}

TEST_F(CliPreview, NothingButDamagedFilesIsAFailure) {
  const std::string damaged = damagedPhoto();
  for (const std::vector<std::string>& images : {std::vector{damaged}, {damaged, path("absent.png")}}) {
    std::vector<std::string> arguments = images;
    arguments.insert(arguments.end(), {"--resize", "squish:32", "--out", path("none.png")});
    const Answer answer = run(arguments);
    EXPECT_EQ(answer.status, 1);
    EXPECT_THAT(answer.err, HasSubstr(damaged + ": "));
    EXPECT_FALSE(std::filesystem::exists(path("none.png")));
  }
}

TEST_F(CliPreview, WrongOptionsAreUsageErrorsThatSayWhatIsRight) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"--resize", "squish"}, "METHOD:SIZE"},
      {{"--resize", "squash:32"}, "must be one of squish"},
      {{"--resize", "squish:0"}, "must be a size"},
      {{"--resize", "crop:32,min_scal=1"}, "did you mean 'min_scale'"},
      {{"--resize", "random_resized_crop:32,min_scale=0.9,max_scale=0.5"}, "min_scale"},
      {{"--resize", "pad:32", "--pad-mode", "mirror"}, "zeros, border, reflection"},
      {{"--resize", "squish:32", "--aug", "size=16,min_scal=0.5"}, "did you mean 'min_scale'"},
      {{"--resize", "squish:32", "--aug", "max_rotate"}, "KEY=VALUE"},
      {{"--resize", "squish:32", "--aug", "min_zoom=2,max_zoom=1"}, "min_zoom"},
      {{"--resize", "squish:32", "--aug", "do_flip=maybe"}, "true or false"},
      {{"--resize", "ratio_resize:32", "--aug", "max_rotate=3"}, "different sizes"}};
  for (const auto& [options, message] : wrong) {
    std::vector<std::string> arguments{photo("sq160"), "--out", path("x.png")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Answer answer = run(arguments);
    EXPECT_EQ(answer.status, 2) << message;
    EXPECT_THAT(answer.err, AllOf(HasSubstr(message), HasSubstr("preview --help"))) << options.back();
  }
  EXPECT_FALSE(std::filesystem::exists(path("x.png")));
  const Answer jpeg = run({photo("sq160"), "--resize", "squish:32", "--out", path("x.jpg")});
  EXPECT_EQ(jpeg.status, 2);
  EXPECT_THAT(jpeg.err, HasSubstr(".png"));
  EXPECT_THAT(run({photo("sq160"), "--resize", "squish:32"}).err, HasSubstr("--out"));
}

TEST_F(CliPreview, SummaryNamesEveryStepAndWhatItLeaves) {
  const Answer text =
      run({photo("land640x480"), "--resize", "squish:96", "--aug", "size=64,48", "--summary"});
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("480 x 640"), HasSubstr("96 x 96"), HasSubstr("64 x 48"),
                              HasSubstr("squish"), HasSubstr("Normalise")));
  const Json json =
      run({photo("land640x480"), "--resize", "squish:96", "--aug", "", "--summary", "--valid", "--json"})
          .json();
  const Json& steps = json["summary"]["steps"];
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0]["size"], Json({480, 640}));
  EXPECT_EQ(steps[3]["size"], Json({96, 96}));
  EXPECT_TRUE(json["out"].is_null());

  const std::string damaged = damagedPhoto();
  const Answer failed = run({damaged, "--resize", "squish:96", "--summary"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.err, HasSubstr(damaged + ": Decode failed: "));
}

}  // namespace
}  // namespace panicle
