// Pictures for the tests of core/transforms: read from reference PNGs, or noise.
#pragma once

#include <cstring>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <vector>

#include "core/base/file.h"
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

// The floats of a .npy file of version 1: a magic of 8 bytes, the header's length in 2, the header, the
// values.
inline std::vector<float> readNpy(const std::filesystem::path& path) {
  const auto bytes = readBytes(path);
  const std::size_t start =
      10 + std::to_integer<std::size_t>(bytes[8]) + 256 * std::to_integer<std::size_t>(bytes[9]);
  std::vector<float> values((bytes.size() - start) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + start, values.size() * sizeof(float));
  return values;
}

}  // namespace panicle::testing
