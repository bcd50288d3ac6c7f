// Pictures for the tests of core/transforms: read from reference PNGs, or noise.
#pragma once

#include <cstring>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "core/base/image.h"
#include "core/base/random.h"

namespace panicle::testing {

inline Image readPng(const std::filesystem::path& path) {
  cv::Mat pixels = cv::imread(path.string(), cv::IMREAD_COLOR);
  if (pixels.empty()) throw std::runtime_error("cannot read " + path.string());
  cv::cvtColor(pixels, pixels, cv::COLOR_BGR2RGB);
  Image image{pixels.cols, pixels.rows, {}};
  image.pixels.assign(pixels.datastart, pixels.dataend);
  return image;
}

inline Image noise(int width, int height, std::uint64_t seed = 1) {
  RandomStream stream(seed, "noise");
  Image image{width, height, {}};
  image.pixels.resize(3 * static_cast<std::size_t>(width) * height);
  for (auto& value : image.pixels) value = static_cast<std::uint8_t>(stream.next());
  return image;
}

}  // namespace panicle::testing
