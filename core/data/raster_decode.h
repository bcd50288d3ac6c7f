// PNG, WebP, BMP and TIFF pixels by OpenCV, converted to RGB by Pillow's rules.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/image.h"
#include "core/data/image_header.h"

namespace panicle {

// Alpha is dropped, palettes are looked up, one channel of more than 8 bits is clipped at 255 and several
// channels of 16 bits keep their high byte: Pillow's convert("RGB"). `out`'s memory is used again. Throws
// Error without the file's name.
void decodeRaster(std::span<const std::byte> bytes, const HeaderFacts& facts, Image& out);

}  // namespace panicle
