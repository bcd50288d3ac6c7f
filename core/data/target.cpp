#include "core/data/target.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/base/error.h"

namespace panicle {
namespace {

constexpr std::array<std::string_view, 5> kMissing{"", "nan", "na", "n/a", "null"};

bool isMissing(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(kMissing.begin(), kMissing.end(), text) != kMissing.end();
}

}  // namespace

std::string numberText(float value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end);
}

std::string Target::text(std::size_t item) const {
  const float value = values.at(item);
  if (std::isnan(value)) return "";
  return isNumber() ? numberText(value) : vocab.at(static_cast<std::size_t>(value));
}

float readNumber(const std::string& text) {
  if (isMissing(text)) return std::numeric_limits<float>::quiet_NaN();
  float value = 0;
  const char* first = text.data() + (text.front() == '+' ? 1 : 0);
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, value);
  if (error != std::errc() || end != last || !std::isfinite(value)) {
    throw Error("'" + text + "' is not a number");
  }
  return value;
}

}  // namespace panicle
