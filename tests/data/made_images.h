// Image files made in code: whole ones of every kind, and the ways in which they get damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/image.h"
#include "core/base/size.h"

namespace panicle::testing {

using Bytes = std::vector<std::byte>;

// Colours that differ in every direction and channel, so that flips, swaps and shifts show.
Image colourful(int width, int height);

struct JpegKind {
  int quality = 95;
  bool progressive = false;
  bool grey = false;
  int restart_rows = 0;
};
Bytes jpegOf(const Image& image, const JpegKind& kind = {});
// Every pixel the same; `samples` are stored as they are, in Adobe's way (inverted CMYK), or as YCCK.
Bytes cmykJpeg(int width, int height, const std::uint8_t (&samples)[4], bool ycck);

Bytes pngOf(const Image& image);
Bytes bmpOf(const Image& image);
Bytes webpOf(const Image& image, bool lossless);
Bytes tiffOf(const Image& image, bool bigEndian, int orientation);  // uncompressed, written here by hand

// The EXIF block (a TIFF) that holds an orientation and nothing else.
Bytes exifBlock(int orientation, bool bigEndian);
Bytes withJpegExif(const Bytes& jpeg, const Bytes& exif);
Bytes withPngExif(const Bytes& png, const Bytes& exif);
Bytes withWebpExif(const Bytes& webp, Size size, const Bytes& exif, bool prefixed);

// A JPEG or PNG whose header tells another size.
Bytes withHeaderSize(Bytes image, Size size);

Bytes bytesOf(std::string_view text);
Bytes firstOf(const Bytes& bytes, std::size_t count);
void writeBytes(const std::filesystem::path& path, std::span<const std::byte> bytes);  // makes the folder

}  // namespace panicle::testing
