// Writing pictures.
#pragma once

#include <filesystem>

#include "core/base/image.h"

namespace panicle {

// Lossless, RGB, 8 bits. Written atomically; throws Error naming the file when it cannot be.
void writePng(const std::filesystem::path& path, const Image& image);

}  // namespace panicle
