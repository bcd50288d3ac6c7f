#include "core/base/json.h"

#include "core/base/error.h"
#include "core/base/file.h"

namespace panicle {

Json parseJson(std::string_view text, std::string_view source) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    // what() starts with the library's own tag and position; the reason follows the last ": ".
    const std::string reason = error.what();
    const auto colon = reason.find(": ");
    throw Error(std::string(source) + ":" + std::to_string(line) + ": not valid JSON: " +
                (colon == std::string::npos ? reason : reason.substr(colon + 2)));
  }
}

Json readJson(const std::filesystem::path& path) { return parseJson(readText(path), path.string()); }

}  // namespace panicle
