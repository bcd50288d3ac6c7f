// Weight files for the window's tests: timm's names and shapes, all zeros, half precision.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/json.h"

namespace panicle::testing {

// A safetensors file as timm would save `arch`, by the list in tests/reference/timm.
inline void writeZeroWeights(const std::string& arch, const std::filesystem::path& file) {
  const Json reference = readJson(std::filesystem::path(PANICLE_REFERENCE_DIR) / "timm" / (arch + ".json"));
  Json header = Json::object();
  std::uint64_t at = 0;
  for (const Json& tensor : reference.at("state_dict")) {
    const bool whole = tensor.at("dtype") == "int64";
    std::uint64_t bytes = whole ? 8 : 2;
    for (const Json& side : tensor.at("shape")) bytes *= side.get<std::uint64_t>();
    header[tensor.at("name").get<std::string>()] = {
        {"dtype", whole ? "I64" : "F16"}, {"shape", tensor.at("shape")}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  for (std::uint64_t length = text.size(), i = 0; i < 8; ++i)
    out.put(static_cast<char>(length >> (8 * i) & 0xff));
  out << text;
  out.close();
  std::filesystem::resize_file(file, 8 + text.size() + at);
}

}  // namespace panicle::testing
