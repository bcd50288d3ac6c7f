#include "tests/data/made_images.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

// jpeglib.h needs size_t and FILE declared before it.
// clang-format off
#include <jpeglib.h>
// clang-format on

namespace panicle::testing {
namespace {

Bytes encoded(const char* extension, const Image& image, const std::vector<int>& parameters = {}) {
  const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<std::uint8_t> out;
  cv::imencode(extension, bgr, out, parameters);
  const auto* data = reinterpret_cast<const std::byte*>(out.data());
  return {data, data + out.size()};
}

void append(Bytes& out, std::uint64_t value, int size, bool bigEndian) {
  for (int i = 0; i < size; ++i) {
    const int shift = 8 * (bigEndian ? size - 1 - i : i);
    out.push_back(static_cast<std::byte>(value >> shift & 0xFF));
  }
}

void append(Bytes& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
}

void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

std::uint32_t pngCheck(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int i = 0; i < 8; ++i) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

Bytes compressed(jpeg_compress_struct& info, const std::vector<std::uint8_t>& samples) {
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &out, &size);
  jpeg_start_compress(&info, TRUE);
  const std::size_t stride = std::size_t{info.image_width} * static_cast<std::size_t>(info.input_components);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPLE*>(samples.data() + stride * info.next_scanline);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto* data = reinterpret_cast<const std::byte*>(out);
  Bytes bytes(data, data + size);
  std::free(out);
  return bytes;
}

}  // namespace

Image colourful(int width, int height) {
  Image image{width, height, {}};
  image.pixels.reserve(std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.pixels.push_back(static_cast<std::uint8_t>(255 * x / width));
      image.pixels.push_back(static_cast<std::uint8_t>(255 * y / height));
      image.pixels.push_back(static_cast<std::uint8_t>(128 + 60 * ((x / 7 + y / 5) % 3 - 1)));
    }
  }
  return image;
}

Bytes jpegOf(const Image& image, const JpegKind& kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  if (kind.grey) jpeg_set_colorspace(&info, JCS_GRAYSCALE);
  jpeg_set_quality(&info, kind.quality, TRUE);
  if (kind.progressive) jpeg_simple_progression(&info);
  info.restart_in_rows = kind.restart_rows;
  return compressed(info, image.pixels);
}

Bytes cmykJpeg(int width, int height, const std::uint8_t (&samples)[4], bool ycck) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, ycck ? JCS_YCCK : JCS_CMYK);
  jpeg_set_quality(&info, 100, TRUE);
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < width * height; ++i)
    pixels.insert(pixels.end(), std::begin(samples), std::end(samples));
  return compressed(info, pixels);
}

Bytes pngOf(const Image& image) {
  return encoded(".png", image);
}

Bytes bmpOf(const Image& image) {
  return encoded(".bmp", image);
}

Bytes webpOf(const Image& image, bool lossless) {
  return encoded(".webp", image, {cv::IMWRITE_WEBP_QUALITY, lossless ? 101 : 90});
}

Bytes tiffOf(const Image& image, bool bigEndian, int orientation) {
  struct Entry {
    int tag;
    int type;  // 3: two bytes, 4: four bytes
    std::uint32_t value;
  };
  constexpr std::uint32_t kPixels = 8;
  const auto pixelBytes = static_cast<std::uint32_t>(image.pixels.size());
  const std::uint32_t directory = kPixels + pixelBytes + pixelBytes % 2;
  const std::vector<Entry> entries{{256, 4, static_cast<std::uint32_t>(image.width)},
                                   {257, 3, static_cast<std::uint32_t>(image.height)},
                                   {258, 3, 8},
                                   {259, 3, 1},
                                   {262, 3, 2},
                                   {273, 4, kPixels},
                                   {274, 3, static_cast<std::uint32_t>(orientation)},
                                   {277, 3, 3},
                                   {278, 4, static_cast<std::uint32_t>(image.height)},
                                   {279, 4, pixelBytes},
                                   {284, 3, 1}};
  Bytes out;
  append(out, bigEndian ? "MM" : "II");
  append(out, 42, 2, bigEndian);
  append(out, directory, 4, bigEndian);
  for (const auto sample : image.pixels) out.push_back(static_cast<std::byte>(sample));
  out.resize(directory);
  append(out, entries.size(), 2, bigEndian);
  for (const auto& entry : entries) {
    append(out, static_cast<std::uint64_t>(entry.tag), 2, bigEndian);
    append(out, static_cast<std::uint64_t>(entry.type), 2, bigEndian);
    append(out, 1, 4, bigEndian);
    const int size = entry.type == 3 ? 2 : 4;
    append(out, entry.value, size, bigEndian);
    append(out, 0, 4 - size, bigEndian);
  }
  append(out, 0, 4, bigEndian);  // no further directory
  // BitsPerSample of three channels lies outside its entry.
  const std::uint64_t bitsAt = out.size();
  for (int i = 0; i < 3; ++i) append(out, 8, 2, bigEndian);
  Bytes bits;
  append(bits, 3, 4, bigEndian);
  append(bits, bitsAt, 4, bigEndian);
  std::copy(bits.begin(), bits.end(), out.begin() + directory + 2 + 12 * 2 + 4);
  return out;
}

Bytes exifBlock(int orientation, bool bigEndian) {
  Bytes out;
  append(out, bigEndian ? "MM" : "II");
  append(out, 42, 2, bigEndian);
  append(out, 8, 4, bigEndian);
  append(out, 1, 2, bigEndian);
  append(out, 0x0112, 2, bigEndian);
  append(out, 3, 2, bigEndian);
  append(out, 1, 4, bigEndian);
  append(out, static_cast<std::uint64_t>(orientation), 2, bigEndian);
  append(out, 0, 2 + 4, bigEndian);
  return out;
}

Bytes withJpegExif(const Bytes& jpeg, const Bytes& exif) {
  Bytes out = firstOf(jpeg, 2);
  append(out, 0xFFE1, 2, true);
  append(out, 2 + 6 + exif.size(), 2, true);
  append(out, std::string_view("Exif\0\0", 6));
  append(out, exif);
  out.insert(out.end(), jpeg.begin() + 2, jpeg.end());
  return out;
}

Bytes withPngExif(const Bytes& png, const Bytes& exif) {
  constexpr std::size_t kAfterHeader = 33;
  Bytes out = firstOf(png, kAfterHeader);
  append(out, exif.size(), 4, true);
  const std::size_t checked = out.size();
  append(out, "eXIf");
  append(out, exif);
  append(out, pngCheck(std::span(out).subspan(checked)), 4, true);
  out.insert(out.end(), png.begin() + kAfterHeader, png.end());
  return out;
}

Bytes withWebpExif(const Bytes& webp, Size size, const Bytes& exif, bool prefixed) {
  Bytes block;
  if (prefixed) append(block, std::string_view("Exif\0\0", 6));
  append(block, exif);
  Bytes chunks;
  append(chunks, "WEBPVP8X");
  append(chunks, 10, 4, false);
  append(chunks, 0x08, 4, false);
  append(chunks, static_cast<std::uint64_t>(size.width - 1), 3, false);
  append(chunks, static_cast<std::uint64_t>(size.height - 1), 3, false);
  chunks.insert(chunks.end(), webp.begin() + 12, webp.end());
  append(chunks, "NOTE");  // of odd size, so that its padding shows
  append(chunks, 3, 4, false);
  append(chunks, 0, 4, false);
  append(chunks, "EXIF");
  append(chunks, block.size(), 4, false);
  append(chunks, block);
  if (block.size() % 2) chunks.push_back(std::byte{0});
  Bytes out;
  append(out, "RIFF");
  append(out, chunks.size(), 4, false);
  append(out, chunks);
  return out;
}

Bytes withHeaderSize(Bytes image, Size size) {
  const auto put = [&](std::size_t at, int value, int count) {
    Bytes bytes;
    append(bytes, static_cast<std::uint64_t>(value), count, true);
    std::copy(bytes.begin(), bytes.end(), image.begin() + static_cast<std::ptrdiff_t>(at));
  };
  if (image.at(1) == std::byte{'P'}) {
    put(16, size.width, 4);
    put(20, size.height, 4);
    put(29, static_cast<int>(pngCheck(std::span(image).subspan(12, 17))), 4);
    return image;
  }
  for (std::size_t at = 2;;) {
    const int marker = static_cast<int>(image.at(at + 1));
    if (marker == 0xC0 || marker == 0xC2) {
      put(at + 5, size.height, 2);
      put(at + 7, size.width, 2);
      return image;
    }
    at += 2 + static_cast<std::size_t>(image.at(at + 2)) * 256 + static_cast<std::size_t>(image.at(at + 3));
  }
}

Bytes bytesOf(std::string_view text) {
  Bytes out;
  append(out, text);
  return out;
}

Bytes firstOf(const Bytes& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(count, bytes.size()))};
}

void writeBytes(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path,
                     std::ios::binary);  // not through core/base: syncing hundreds of files takes seconds
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace panicle::testing
