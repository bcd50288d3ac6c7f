#include "core/base/size.h"

#include <charconv>

#include "core/base/error.h"

namespace panicle {
namespace {

int parseSide(std::string_view side, std::string_view whole) {
  while (!side.empty() && side.front() == ' ') side.remove_prefix(1);
  while (!side.empty() && side.back() == ' ') side.remove_suffix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(side.data(), side.data() + side.size(), value);
  if (error != std::errc() || end != side.data() + side.size() || value < 1) {
    throw Error("'" + std::string(whole) + "' is not a size; write 480, or 640,480 for height 640 and width 480");
  }
  return value;
}

}  // namespace

Size parseSize(std::string_view text) {
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) {
    const int side = parseSide(text, text);
    return {side, side};
  }
  return {parseSide(text.substr(0, comma), text), parseSide(text.substr(comma + 1), text)};
}

std::string toString(Size size) {
  const auto height = std::to_string(size.height);
  return size.height == size.width ? height : height + "," + std::to_string(size.width);
}

}  // namespace panicle
