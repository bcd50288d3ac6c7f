// The JSON header of a safetensors file. Internal to core/weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/weights/tensor_entry.h"

namespace panicle {

struct SafetensorsRow {
  TensorEntry entry;        // without its bytes
  std::uint64_t begin = 0;  // of its bytes in the data, agreeing with dtype and shape
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsRow> rows;  // in the header's order
  std::map<std::string, std::string> metadata;
};

// Throws Error for anything that the format does not have. Reads as it goes, with no tree of JSON values and
// no recursion, so that neither a million tensors nor a million brackets are a matter.
SafetensorsHeader parseSafetensorsHeader(std::string_view text, const std::filesystem::path& path);

}  // namespace panicle
