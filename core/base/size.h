// An image size as fastai writes it: (height, width), in pixels.
#pragma once

#include <string>
#include <string_view>

namespace panicle {

struct Size {
  int height = 0;
  int width = 0;

  friend bool operator==(const Size&, const Size&) = default;
};

// "480" means (480, 480), "640,480" means height 640, width 480. Throws Error for anything else or for a side below 1.
Size parseSize(std::string_view text);

// The shortest text that parseSize reads back: "480" or "640,480".
std::string toString(Size size);

}  // namespace panicle
