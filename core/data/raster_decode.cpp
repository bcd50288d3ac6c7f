#include "core/data/raster_decode.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace panicle {
namespace {

template <typename T>
void clipGrey(const cv::Mat& grey, std::vector<std::uint8_t>& rgb) {
  auto* out = rgb.data();
  for (int y = 0; y < grey.rows; ++y) {
    const T* row = grey.ptr<T>(y);
    for (int x = 0; x < grey.cols; ++x, out += 3) {
      // Not a number becomes 0.
      const auto value =
          row[x] > T(0) ? static_cast<std::uint8_t>(std::min<double>(row[x], 255.0)) : std::uint8_t{0};
      std::fill_n(out, 3, value);
    }
  }
}

template <typename T>
void takeColour(const cv::Mat& bgr, std::vector<std::uint8_t>& rgb) {
  constexpr int kShift = 8 * (static_cast<int>(sizeof(T)) - 1);
  auto* out = rgb.data();
  const int channels = bgr.channels();
  for (int y = 0; y < bgr.rows; ++y) {
    const T* in = bgr.ptr<T>(y);
    for (int x = 0; x < bgr.cols; ++x, in += channels, out += 3) {
      for (int c = 0; c < 3; ++c) out[c] = static_cast<std::uint8_t>(in[2 - c] >> kShift);
    }
  }
}

void toRgb(const cv::Mat& decoded, Image& image) {
  image.width = decoded.cols;
  image.height = decoded.rows;
  image.pixels.resize(3 * decoded.total());
  const int channels = decoded.channels();
  const bool colour = channels == 3 || channels == 4;
  if (decoded.depth() == CV_8U && colour) {
    takeColour<std::uint8_t>(decoded, image.pixels);
  } else if (decoded.depth() == CV_16U && colour) {
    takeColour<std::uint16_t>(decoded, image.pixels);
  } else if (channels == 1 && decoded.depth() == CV_8U) {
    clipGrey<std::uint8_t>(decoded, image.pixels);
  } else if (channels == 1 && decoded.depth() == CV_16U) {
    clipGrey<std::uint16_t>(decoded, image.pixels);
  } else if (channels == 1 && decoded.depth() == CV_16S) {
    clipGrey<std::int16_t>(decoded, image.pixels);
  } else if (channels == 1 && decoded.depth() == CV_32S) {
    clipGrey<std::int32_t>(decoded, image.pixels);
  } else if (channels == 1 && decoded.depth() == CV_32F) {
    clipGrey<float>(decoded, image.pixels);
  } else {
    throw Error("holds pixels of a kind that Panicle does not read (" + cv::typeToString(decoded.type()) +
                "); convert it to 8 bits a channel");
  }
}

cv::Mat decode(const std::byte* data, std::size_t size) {
  const cv::Mat bytes(1, static_cast<int>(size), CV_8U, const_cast<std::byte*>(data));
  try {
    return cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    throw Error("cannot be decoded: " + std::string(error.err));
  }
}

}  // namespace

void decodeRaster(std::span<const std::byte> bytes, const HeaderFacts& facts, Image& out) {
  // A damaged file is told by its Error; OpenCV would write a line to the terminal as well.
  [[maybe_unused]] static const auto silenced =
      cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  cv::Mat decoded;
  if (facts.orientation_position && facts.header.orientation != 1) {
    // OpenCV turns TIFF pictures upright whatever it is told; our own rule comes later, so the tag is made
    // neutral.
    std::vector<std::byte> neutral(bytes.begin(), bytes.end());
    const auto at = static_cast<std::size_t>(*facts.orientation_position);
    neutral[at] = std::byte{facts.big_endian ? std::uint8_t{0} : std::uint8_t{1}};
    neutral[at + 1] = std::byte{facts.big_endian ? std::uint8_t{1} : std::uint8_t{0}};
    decoded = decode(neutral.data(), neutral.size());
  } else {
    decoded = decode(bytes.data(), bytes.size());
  }
  if (decoded.empty())
    throw Error("is damaged or truncated: its " + facts.header.format + " data cannot be decoded");
  toRgb(decoded, out);
}

}  // namespace panicle
