#include "core/data/tiff_directory.h"

#include <array>

namespace panicle {
namespace {

constexpr std::uint32_t kWidthTag = 256;
constexpr std::uint32_t kHeightTag = 257;
constexpr std::uint32_t kOrientationTag = 274;
constexpr std::uint32_t kShort = 3;
constexpr std::uint32_t kLong = 4;
constexpr std::uint64_t kEntrySize = 12;

class Reader {
 public:
  Reader(ByteSource& source, bool bigEndian) : source_(source), bigEndian_(bigEndian) {}

  std::optional<std::uint32_t> number(std::uint64_t position, std::size_t size) {
    std::array<std::uint8_t, 4> bytes{};
    if (!source_.read(position, std::span(bytes).first(size))) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[bigEndian_ ? i : size - 1 - i];
    return value;
  }

  // Of a directory entry that holds one short or long number.
  std::optional<std::uint32_t> entryValue(std::uint64_t entry) {
    const auto type = number(entry + 2, 2);
    if (type == kShort) return number(entry + 8, 2);
    if (type == kLong) return number(entry + 8, 4);
    return std::nullopt;
  }

 private:
  ByteSource& source_;
  const bool bigEndian_;
};

}  // namespace

std::optional<TiffDirectory> readTiffDirectory(ByteSource& source, std::uint64_t start) {
  std::array<std::uint8_t, 2> order{};
  if (!source.read(start, order) || order[0] != order[1] || (order[0] != 'I' && order[0] != 'M'))
    return std::nullopt;
  TiffDirectory directory;
  directory.big_endian = order[0] == 'M';
  Reader reader(source, directory.big_endian);
  if (reader.number(start + 2, 2) != 42u) return std::nullopt;
  const auto offset = reader.number(start + 4, 4);
  if (!offset) return std::nullopt;
  const auto count = reader.number(start + *offset, 2);
  if (!count) return std::nullopt;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const std::uint64_t entry = start + *offset + 2 + kEntrySize * i;
    const auto tag = reader.number(entry, 2);
    if (!tag) return std::nullopt;
    if (tag == kWidthTag) directory.width = reader.entryValue(entry);
    if (tag == kHeightTag) directory.height = reader.entryValue(entry);
    if (tag == kOrientationTag && reader.number(entry + 2, 2) == kShort) {
      const auto value = reader.entryValue(entry);
      if (!value) return std::nullopt;
      if (*value >= 1 && *value <= 8) directory.orientation = static_cast<int>(*value);
      directory.orientation_position = entry + 8;
    }
  }
  return directory;
}

}  // namespace panicle
