// Decoding image files to RGB, as fastai sees them: PIL.Image.open(path).convert("RGB").
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/image.h"
#include "core/base/size.h"
#include "core/data/data_options.h"

namespace panicle {

struct DecodeOptions {
  ExifPolicy exif = ExifPolicy::Ignore;   // fastai ignores the orientation tag
  std::int64_t max_pixels = 100'000'000;  // checked from the header before anything is decoded
};

// What the first bytes of a file say; nothing is decoded.
struct ImageHeader {
  std::string format;  // "JPEG", "PNG", "WebP", "BMP", "TIFF"
  int width = 0;       // as stored, before any EXIF rotation
  int height = 0;
  int orientation = 1;  // EXIF, 1..8; 1 when absent
};

// Throws Error that says why (empty file, not an image, header cut off ...); the message does not name the
// file.
ImageHeader parseImageHeader(std::span<const std::byte> bytes);

// Reads as little of the file as the header needs, and of a JPEG or PNG its end, to see that it is all there.
// Throws Error naming the file: unreadable, empty, not an image, truncated, or more pixels than `options`
// allow.
ImageHeader readImageHeader(const std::filesystem::path& path, const DecodeOptions& options = {});

// Grey is replicated, 16-bit is clipped at 255 as PIL does, alpha is dropped, palette and CMYK become RGB.
// Truncated or damaged data is an Error naming the file, never a half-grey picture.
Image decodeImage(const std::filesystem::path& path, const DecodeOptions& options = {});
Image decodeImage(std::span<const std::byte> bytes, const DecodeOptions& options = {});
// As above into `out`, whose memory is used again.
void decodeImage(const std::filesystem::path& path, const DecodeOptions& options, Image& out);
void decodeImage(std::span<const std::byte> bytes, const DecodeOptions& options, Image& out);

// An image file in memory of which only the header has been looked at: for those who must know the size
// before they can say how it is to be decoded.
class EncodedImage {
 public:
  // Throws Error as readImageHeader() does, but does not look at the end of the file.
  explicit EncodedImage(const std::filesystem::path& path, const DecodeOptions& options = {});

  Size size() const;  // of the whole picture, after any EXIF rotation that the options ask for
  std::span<const std::byte> bytes() const { return bytes_; }  // of the file

  // As decodeImage(). A JPEG is reduced by `reduction` (1, 2, 4 or 8) while it is decoded, which is faster
  // and not quite what averaging the whole picture gives; its sides are then those of size() divided by it
  // and rounded up. Returns by how much the picture was reduced: 1 in every other format.
  int decode(int reduction, Image& out) const;

 private:
  std::filesystem::path path_;
  DecodeOptions options_;
  std::vector<std::byte> bytes_;
  ImageHeader header_;
};

// For display only: a JPEG is decoded at a half, quarter or eighth while its longer side stays at least
// `side`; then an area reduction so that the longer side is `side` (never an enlargement). Not used for
// training.
Image decodeThumbnail(const std::filesystem::path& path, int side, const DecodeOptions& options = {});

}  // namespace panicle
