// Writing pictures.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "core/base/image.h"

namespace panicle {

// Lossless, RGB, 8 bits. Written atomically; throws Error naming the file when it cannot be.
void writePng(const std::filesystem::path& path, const Image& image);

// In memory. `quality` 1 to 100. Throws Error for an image without pixels.
std::vector<std::byte> encodeJpeg(const Image& image, int quality);

}  // namespace panicle
