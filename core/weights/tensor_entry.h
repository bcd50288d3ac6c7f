// One tensor of a weight file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace panicle {

struct TensorEntry {
  std::string name;
  std::string dtype;                // as safetensors writes it: "F32", "F16", "BF16", "F64", "I64", ...
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::span<const std::byte>
      bytes;  // little endian, row-major, without gaps; need not be aligned to the elements
};

// Bytes of one element, 0 for a dtype that there is not.
std::size_t dtypeSize(const std::string& dtype);

// Bytes of a tensor without gaps. Null for an unknown dtype, a negative side, more than 64 sides (torch has
// no more) and a count that does not fit 63 bits; a side of 0 does not excuse the others.
std::optional<std::uint64_t> tensorBytes(const std::string& dtype, const std::vector<std::int64_t>& shape);

}  // namespace panicle
