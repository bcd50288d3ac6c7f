// JSON as Panicle reads and writes it: keys keep their order.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace panicle {

using Json = nlohmann::ordered_json;

// Throws Error with line, column and what was expected; `source` names where the text came from.
Json parseJson(std::string_view text, std::string_view source);
Json readJson(const std::filesystem::path& path);

}  // namespace panicle
