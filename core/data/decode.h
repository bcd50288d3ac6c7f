// Decoding image files to RGB, as fastai sees them: PIL.Image.open(path).convert("RGB").
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/image.h"
#include "core/data/data_options.h"

namespace panicle {

struct DecodeOptions {
  ExifPolicy exif = ExifPolicy::Ignore;          // fastai ignores the orientation tag
  std::int64_t max_pixels = 100'000'000;         // checked from the header before anything is decoded
};

// What the first bytes of a file say; nothing is decoded.
struct ImageHeader {
  std::string format;   // "JPEG", "PNG", "WebP", "BMP", "TIFF"
  int width = 0;        // as stored, before any EXIF rotation
  int height = 0;
  int orientation = 1;  // EXIF, 1..8; 1 when absent
};

// Throws Error that says why (empty file, not an image, header cut off ...); the message does not name the file.
ImageHeader parseImageHeader(std::span<const std::byte> bytes);

// Reads as little of the file as the header needs, and of a JPEG or PNG its end, to see that it is all there.
// Throws Error naming the file: unreadable, empty, not an image, truncated, or more pixels than `options` allow.
ImageHeader readImageHeader(const std::filesystem::path& path, const DecodeOptions& options = {});

// Grey is replicated, 16-bit is clipped at 255 as PIL does, alpha is dropped, palette and CMYK become RGB.
// Truncated or damaged data is an Error naming the file, never a half-grey picture.
Image decodeImage(const std::filesystem::path& path, const DecodeOptions& options = {});
Image decodeImage(std::span<const std::byte> bytes, const DecodeOptions& options = {});

// For display only: a JPEG is decoded at a half, quarter or eighth while its longer side stays at least `side`; then an area
// reduction so that the longer side is `side` (never an enlargement). Not used for training.
Image decodeThumbnail(const std::filesystem::path& path, int side, const DecodeOptions& options = {});

}  // namespace panicle
