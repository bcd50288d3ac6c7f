#include "ui/preview/size_advice.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ui/shared/architecture_words.h"

namespace panicle::ui {
namespace {

constexpr double kAlike = 0.01;
constexpr double kNear = 0.04;  // sizes in steps of 32 seldom come nearer to an odd shape
constexpr int kStep = 32;       // the stride of the usual networks
constexpr int kSmallest = 96;   // short side of the sizes made for the data's shape
constexpr int kLargest = 640;   // long side
constexpr std::size_t kFewSides = 4;  // up to kLargest, of a network that is particular
constexpr std::array kUsualSizes{Size{128, 128}, Size{160, 160}, Size{192, 192}, Size{224, 224},
                                 Size{256, 256}, Size{288, 224}, Size{320, 224}, Size{320, 240},
                                 Size{384, 384}, Size{448, 448}, Size{480, 480}, Size{640, 480}};

// To a share of `tolerance`.
bool alike(double a, double b, double tolerance = kAlike) {
  return std::abs(std::log(a / b)) < std::log1p(tolerance);
}

double aspectOf(Size size) {
  return static_cast<double>(size.width) / size.height;
}

// Every pair of the sides that a particular network takes, the longer one as the photos have it.
void addTaken(const Architecture& network, bool wide, std::vector<Size>& sizes) {
  const std::vector<int> sides = takenSides(network, kLargest);
  if (sides.size() > kFewSides) return;
  for (const int shorter : sides) {
    for (const int longer : sides) {
      if (longer >= shorter) sizes.push_back(wide ? Size{shorter, longer} : Size{longer, shorter});
    }
  }
}

std::vector<Size> candidates(const DataShape& data, Size current, std::span<const Size> extra,
                             std::span<const Architecture> architectures, const Architecture* network) {
  std::vector<Size> sizes(extra.begin(), extra.end());
  sizes.push_back(current);
  for (const Architecture& architecture : architectures) sizes.push_back(architecture.input_size);
  for (const Size usual : kUsualSizes)
    sizes.push_back(data.aspect > 1 ? Size{usual.width, usual.height} : usual);
  for (int longer = kStep; data.files > 0 && longer <= kLargest; longer += kStep) {
    const double ratio = std::min(data.aspect, 1 / data.aspect);
    const int shorter = static_cast<int>(std::lround(longer * ratio / kStep)) * kStep;
    if (shorter < kSmallest) continue;
    const Size size = data.aspect > 1 ? Size{shorter, longer} : Size{longer, shorter};
    if (alike(aspectOf(size), data.aspect, kNear)) sizes.push_back(size);
  }
  if (network) addTaken(*network, data.aspect > 1, sizes);
  const auto order = [](Size a, Size b) {
    const std::int64_t left = std::int64_t{a.height} * a.width, right = std::int64_t{b.height} * b.width;
    return left != right ? left < right : a.height < b.height;
  };
  std::sort(sizes.begin(), sizes.end(), order);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

}  // namespace

DataShape dataShape(const SizeCounts& sizes) {
  DataShape shape;
  std::vector<std::pair<double, std::size_t>> aspects;
  for (const auto& [size, files] : sizes) {
    if (size.first < 1 || size.second < 1) continue;
    const Size pixels{size.first, size.second};
    aspects.emplace_back(aspectOf(pixels), files);
    shape.files += files;
    if (files > shape.usual_files) {
      shape.usual_files = files;
      shape.usual = pixels;
    }
  }
  std::sort(aspects.begin(), aspects.end());
  std::size_t before = 0;
  for (const auto& [aspect, files] : aspects) {
    before += files;
    shape.aspect = aspect;
    if (2 * before >= shape.files) break;
  }
  for (const auto& [aspect, files] : aspects) {
    if (alike(aspect, shape.aspect)) shape.alike += files;
  }
  return shape;
}

bool accepts(const Architecture& architecture, Size size) {
  return architecture.takes_side(size.height) && architecture.takes_side(size.width);
}

std::vector<SizeAdvice> adviseSizes(const DataShape& data, Size current, std::span<const Size> extra,
                                    std::span<const Architecture> architectures, const Architecture* network) {
  std::vector<SizeAdvice> advice;
  const double now = static_cast<double>(current.height) * current.width;
  for (const Size size : candidates(data, current, extra, architectures, network)) {
    SizeAdvice one;
    one.size = size;
    one.current = size == current;
    one.aspect = aspectOf(size);
    const double stretch = one.aspect / data.aspect;
    one.bend = std::max(stretch, 1 / stretch);
    one.lost = 1 - 1 / one.bend;
    one.like_data = data.files > 0 && alike(one.aspect, data.aspect);
    one.multiple_of_32 = size.height % kStep == 0 && size.width % kStep == 0;
    one.pixels = std::int64_t{size.height} * size.width;
    one.cost = static_cast<double>(one.pixels) / now;
    one.enlarges = data.files > 0 && one.pixels > std::int64_t{data.usual.height} * data.usual.width;
    for (const Architecture& architecture : architectures) {
      (accepts(architecture, size) ? one.accepted : one.refused).push_back(architecture.name);
    }
    if (network) one.problem = sizeProblem(*network, size);
    advice.push_back(std::move(one));
  }
  return advice;
}

}  // namespace panicle::ui
