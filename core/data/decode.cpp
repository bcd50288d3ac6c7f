#include "core/data/decode.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/image_header.h"
#include "core/data/jpeg_decode.h"
#include "core/data/raster_decode.h"

namespace panicle {
namespace {

// Runs `work`; an Error that it throws is told with the file's name.
template <typename Work>
auto naming(const std::filesystem::path& path, Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(path.string() + ": no memory to decode it");
  } catch (const Error& error) {
    throw fileError(path, error.what());
  }
}

cv::Mat view(Image& image) {
  return {image.height, image.width, CV_8UC3, image.pixels.data()};
}

Image copyOf(const cv::Mat& pixels) {
  Image image{pixels.cols, pixels.rows, {}};
  image.pixels.assign(pixels.datastart, pixels.dataend);
  return image;
}

// As Pillow's ImageOps.exif_transpose.
void makeUpright(Image& image, int orientation) {
  constexpr int kVertically = 0, kHorizontally = 1, kBoth = -1;
  if (orientation == 1) return;
  cv::Mat pixels = view(image);
  cv::Mat turned;
  if (orientation >= 5) {
    cv::transpose(pixels, turned);
    pixels = turned;
  }
  switch (orientation) {
    case 2:
    case 6:
      cv::flip(pixels, turned, kHorizontally);
      break;
    case 3:
    case 7:
      cv::flip(pixels, turned, kBoth);
      break;
    case 4:
    case 8:
      cv::flip(pixels, turned, kVertically);
      break;
  }
  image = copyOf(turned);
}

Image shrink(Image image, int side) {
  const int longer = std::max(image.width, image.height);
  if (longer <= side) return image;
  const auto scaled = [&](int length) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(length) * side / longer)));
  };
  cv::Mat small;
  cv::resize(view(image), small, {scaled(image.width), scaled(image.height)}, 0, 0, cv::INTER_AREA);
  return copyOf(small);
}

HeaderFacts factsOf(std::span<const std::byte> bytes, const DecodeOptions& options) {
  MemorySource source(bytes);
  HeaderFacts facts = readHeader(source);
  checkPixelBudget(facts.header, options);
  return facts;
}

int orientationOf(const ImageHeader& header, const DecodeOptions& options) {
  return options.exif == ExifPolicy::Apply ? header.orientation : 1;
}

// Returns by how much the picture was reduced.
int decode(std::span<const std::byte> bytes, const DecodeOptions& options, int reduction, Image& out) {
  const HeaderFacts facts = factsOf(bytes, options);
  const bool jpeg = facts.header.format == "JPEG";
  if (jpeg) {
    decodeJpeg(bytes, reduction, out);
  } else {
    decodeRaster(bytes, facts, out);
  }
  makeUpright(out, orientationOf(facts.header, options));
  return jpeg ? reduction : 1;
}

Image decodeSmall(std::span<const std::byte> bytes, const DecodeOptions& options, int side) {
  const HeaderFacts facts = factsOf(bytes, options);
  Image image;
  if (facts.header.format == "JPEG") {
    image = decodeJpegSmall(bytes, side);
  } else {
    decodeRaster(bytes, facts, image);
  }
  image = shrink(std::move(image), side);
  makeUpright(image, orientationOf(facts.header, options));
  return image;
}

// The header is looked at first, so that a huge file or one that is no image is not read at all.
std::vector<std::byte> readImageBytes(const std::filesystem::path& path, const DecodeOptions& options) {
  naming(path, [&] {
    FileSource source(path);
    checkPixelBudget(readHeader(source).header, options);
    return 0;
  });
  return readBytes(path);
}

}  // namespace

ImageHeader parseImageHeader(std::span<const std::byte> bytes) {
  MemorySource source(bytes);
  return readHeader(source).header;
}

ImageHeader readImageHeader(const std::filesystem::path& path, const DecodeOptions& options) {
  const auto [header, whole] = naming(path, [&] {
    FileSource source(path);
    HeaderFacts facts = readHeader(source);
    checkPixelBudget(facts.header, options);
    return std::pair(facts.header, hasEnd(source, facts));
  });
  // The end may be missing, or lie before bytes that do not belong to the image: only the pixels tell.
  if (!whole) decodeImage(path, options);
  return header;
}

void decodeImage(std::span<const std::byte> bytes, const DecodeOptions& options, Image& out) {
  decode(bytes, options, 1, out);
}

void decodeImage(const std::filesystem::path& path, const DecodeOptions& options, Image& out) {
  EncodedImage(path, options).decode(1, out);
}

Image decodeImage(std::span<const std::byte> bytes, const DecodeOptions& options) {
  Image image;
  decodeImage(bytes, options, image);
  return image;
}

Image decodeImage(const std::filesystem::path& path, const DecodeOptions& options) {
  Image image;
  decodeImage(path, options, image);
  return image;
}

EncodedImage::EncodedImage(const std::filesystem::path& path, const DecodeOptions& options)
    : path_(path), options_(options), bytes_(readImageBytes(path, options)) {
  header_ = naming(path, [&] { return factsOf(bytes_, options).header; });
}

Size EncodedImage::size() const {
  const bool turned = orientationOf(header_, options_) >= 5;
  return turned ? Size{header_.width, header_.height} : Size{header_.height, header_.width};
}

int EncodedImage::decode(int reduction, Image& out) const {
  return naming(path_, [&] { return panicle::decode(bytes_, options_, reduction, out); });
}

Image decodeThumbnail(const std::filesystem::path& path, int side, const DecodeOptions& options) {
  if (side < 1) throw Error("a thumbnail must be at least 1 pixel wide");
  const std::vector<std::byte> bytes = readImageBytes(path, options);
  return naming(path, [&] { return decodeSmall(bytes, options, side); });
}

}  // namespace panicle
