// One tensor of a weight file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace panicle {

struct TensorEntry {
  std::string name;
  std::string dtype;                 // as safetensors writes it: "F32", "F16", "BF16", "F64", "I64", ...
  std::vector<std::int64_t> shape;   // empty: a scalar
  std::span<const std::byte> bytes;  // little endian, row-major, without gaps
};

// Bytes of one element, 0 for a dtype that there is not.
std::size_t dtypeSize(const std::string& dtype);

}  // namespace panicle
