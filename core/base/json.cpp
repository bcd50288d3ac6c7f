#include "core/base/json.h"

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/base/file.h"

namespace panicle {
namespace {

// what() starts with the library's own tag and, of a parse error, the position.
std::string reasonOf(const Json::exception& error) {
  const std::string text = error.what();
  const auto tag = text.find("] ");
  const auto colon = text.find(": ");
  const auto start = colon != std::string::npos ? colon : tag;
  return start == std::string::npos ? text : text.substr(start + 2);
}

}  // namespace

Json parseJson(std::string_view text, std::string_view source) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto lineStart = before.rfind('\n');
    const auto column = 1 + before.size() - (lineStart == std::string_view::npos ? 0 : lineStart + 1);
    throw Error(std::string(source) + ":" + std::to_string(line) + ":" + std::to_string(column) +
                ": not valid JSON: " + reasonOf(error));
  } catch (const Json::exception& error) {  // a number too large
    throw Error(std::string(source) + ": not valid JSON: " + reasonOf(error));
  }
}

Json readJson(const std::filesystem::path& path) { return parseJson(readText(path), path.string()); }

}  // namespace panicle
