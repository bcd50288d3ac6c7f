#include "core/weights/tensor_entry.h"

#include <algorithm>
#include <bit>
#include <map>

namespace panicle {
namespace {

static_assert(std::endian::native == std::endian::little,
              "weights are kept little endian, as every platform we run on");

constexpr std::size_t kMaxSides = 64;

}  // namespace

std::size_t dtypeSize(const std::string& dtype) {
  static const std::map<std::string, std::size_t> sizes{
      {"BOOL", 1}, {"U8", 1},   {"I8", 1},  {"U16", 2},     {"I16", 2},     {"U32", 4},
      {"I32", 4},  {"U64", 8},  {"I64", 8}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1},
      {"F16", 2},  {"BF16", 2}, {"F32", 4}, {"F64", 8},     {"C64", 8}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

std::optional<std::uint64_t> tensorBytes(const std::string& dtype, const std::vector<std::int64_t>& shape) {
  std::int64_t bytes = static_cast<std::int64_t>(dtypeSize(dtype));
  if (bytes == 0 || shape.size() > kMaxSides) return std::nullopt;
  bool empty = false;
  for (const std::int64_t side : shape) {
    empty = empty || side == 0;
    if (side < 0 || __builtin_mul_overflow(bytes, std::max<std::int64_t>(side, 1), &bytes))
      return std::nullopt;
  }
  return empty ? 0 : static_cast<std::uint64_t>(bytes);
}

}  // namespace panicle
