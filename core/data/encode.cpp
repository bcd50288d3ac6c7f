#include "core/data/encode.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"

namespace panicle {
namespace {

cv::Mat toBgr(const Image& image) {
  const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  return bgr;
}

}  // namespace

void writePng(const std::filesystem::path& path, const Image& image) {
  if (image.pixels.empty()) throw fileError(path, "an image without pixels cannot be written");
  std::vector<std::uint8_t> bytes;
  if (!cv::imencode(".png", toBgr(image), bytes)) throw fileError(path, "the picture cannot be encoded as PNG");
  writeAtomically(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::vector<std::byte> encodeJpeg(const Image& image, int quality) {
  std::vector<std::uint8_t> bytes;
  if (image.pixels.empty() || !cv::imencode(".jpg", toBgr(image), bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
    throw Error("an image without pixels cannot be encoded");
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return {first, first + bytes.size()};
}

}  // namespace panicle
