#include "app/cli/option_text.h"

#include <algorithm>
#include <cctype>

namespace panicle::cli {
namespace {

// How many characters at the start of `piece` are a key, followed by "="; 0 when none are.
std::size_t keyLength(std::string_view piece) {
  const auto end = std::find_if(piece.begin(), piece.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '.';
  });
  return end != piece.end() && *end == '=' ? static_cast<std::size_t>(end - piece.begin()) : 0;
}

Json parseValue(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Json(text) : value;
}

// Makes the objects on the way; false where a dotted path leads through a plain value or is no path.
bool set(Json& object, const std::string& key, Json value) {
  std::size_t begin = 0;
  Json* node = &object;
  for (;;) {
    const std::size_t dot = key.find('.', begin);
    const std::string part = key.substr(begin, dot - begin);
    if (part.empty() || !(node->is_object() || node->is_null())) return false;
    node = &(*node)[part];
    if (dot == std::string::npos) break;
    begin = dot + 1;
  }
  *node = std::move(value);
  return true;
}

}  // namespace

Json parseSettings(std::string_view text, std::vector<std::string>& problems) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view piece = text.substr(begin, end - begin);
    begin = end + 1;
    if (const std::size_t length = keyLength(piece)) {
      settings.emplace_back(piece.substr(0, length), piece.substr(length + 1));
    } else if (!settings.empty()) {
      settings.back().second += "," + std::string(piece);
    } else {
      problems.push_back("write KEY=VALUE, not '" + std::string(piece) + "'");
    }
  }
  Json object = Json::object();
  for (const auto& [key, value] : settings) {
    if (!set(object, key, parseValue(value))) problems.push_back("'" + key + "' is no option's name");
  }
  return object;
}

std::string problemLines(const std::vector<std::string>& problems) {
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "\n  ") + problem;
  return text;
}

std::string readResize(const std::string& text, ResizeOptions& options) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return "write METHOD:SIZE, such as squish:480 or crop:640,480, not '" + text + "'";
  return problemLines(readSettings("method=" + text.substr(0, colon) + ",size=" + text.substr(colon + 1), options));
}

std::string readAugment(const std::string& text, AugOptions& options) {
  return problemLines(readSettings(text, options));
}

}  // namespace panicle::cli
