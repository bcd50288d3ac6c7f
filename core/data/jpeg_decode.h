// JPEG pixels by libjpeg-turbo.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/image.h"

namespace panicle {

// The pixels as Pillow's Image.open(...).convert("RGB") gives them, bit for bit: accurate integer DCT, smooth
// ("fancy") chroma upsampling, four channels taken for inverted CMYK. Throws Error (without the file's name)
// for truncated or damaged data; stray bytes between segments are accepted, as Pillow does.
// With a `reduction` of 2, 4 or 8 each side is that many times shorter, rounded up: the same accuracy with a
// smaller DCT. `out`'s memory is used again.
void decodeJpeg(std::span<const std::byte> bytes, int reduction, Image& out);

// Faster and less exact: halved up to three times while the longer side stays at least `side`.
Image decodeJpegSmall(std::span<const std::byte> bytes, int side);

}  // namespace panicle
