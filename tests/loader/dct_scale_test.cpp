// What ResizeOptions::dct_scale costs: the figures of docs/transforms.md, measured on real photos.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/data/dataset.h"
#include "core/loader/pipeline.h"
#include "tests/testing.h"

namespace panicle {
namespace {

struct Difference {
  double mean = 0;  // in 8-bit levels
  int largest = 0;
};

// Between the exact path and the reduced one, over all values of all photos.
Difference differenceOn(const std::vector<std::filesystem::path>& photos, Size size) {
  Pipeline exact;
  exact.resize = {.method = ResizeMethod::Squish, .size = size};
  Pipeline reduced = exact;
  reduced.resize.dct_scale = true;
  Difference difference;
  double sum = 0;
  std::size_t count = 0;
  Image expected;
  Image image;
  for (const auto& photo : photos) {
    loadItem(exact, photo, {}, 0, expected);
    loadItem(reduced, photo, {}, 0, image);
    EXPECT_EQ(image.pixels.size(), expected.pixels.size());
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      const int levels = std::abs(image.pixels[i] - expected.pixels[i]);
      difference.largest = std::max(difference.largest, levels);
      sum += levels;
    }
    count += image.pixels.size();
  }
  difference.mean = sum / static_cast<double>(count);
  return difference;
}

// Photos of 480 x 640 and 640 x 480.
std::vector<std::filesystem::path> paddyPhotos() {
  std::vector<std::filesystem::path> photos;
  const auto folder = testing::sharedData("paddy_doctor_sample/train_images");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && isImagePath(entry.path())) photos.push_back(entry.path());
  }
  std::sort(photos.begin(), photos.end());
  return photos;
}

TEST(DctScale, DiffersFromTheExactPathAsTheManualSays) {
  PANICLE_NEEDS_SHARED_DATA("paddy_doctor_sample/train_images");
  const auto photos = paddyPhotos();
  for (const int side : {224, 128, 96}) {
    const Difference difference = differenceOn(photos, {side, side});
    std::printf("dct_scale, %zu photos, squish to %d: mean difference %.2f levels, largest %d\n",
                photos.size(), side, difference.mean, difference.largest);
    EXPECT_LT(difference.mean, 3.0);
    EXPECT_GT(difference.mean, 0.0) << "nothing was reduced";
  }
  const Difference none = differenceOn(photos, {320, 320});
  EXPECT_EQ(none.largest, 0) << "320 is more than half of 480, so that nothing may be reduced";
}

}  // namespace
}  // namespace panicle
