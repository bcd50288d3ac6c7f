// Pixels in memory.
#pragma once

#include <cstdint>
#include <vector>

namespace panicle {

// RGB, 8 bits a channel, rows top to bottom, no padding: pixel (y, x) at 3 * (y * width + x).
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

}  // namespace panicle
