#include "core/weights/weight_contents.h"

#include <algorithm>
#include <unordered_set>

#include "core/base/error.h"

namespace panicle {
namespace {

constexpr std::size_t kQuotedBytes = 80;

// Bytes of the UTF-8 character at the start of `text`, 0 when there is none (RFC 3629: no overlong forms, no
// surrogates).
std::size_t characterBytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool second = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::span<std::byte> OwnedMemory::allocate(std::uint64_t size) {
  if (size > left_) {
    throw fileError(path_,
                    "unpacks to far more than a file of its size should, so it is damaged or made to harm: "
                    "it is not read");
  }
  left_ -= size;
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  return {blocks_.back().get(), size};
}

Bytes ByteReader::take(std::uint64_t count) {
  if (count > left()) {
    throw fileError(path_, "is cut off or damaged: at byte " + std::to_string(position_) + " it promises " +
                               std::to_string(count) + " more and has " + std::to_string(left()) +
                               ". Download or copy it again");
  }
  const Bytes taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

std::string_view ByteReader::takeLine() {
  const std::string_view rest = asText(bytes_.subspan(position_));
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) take(left() + 1);
  position_ += end + 1;
  return rest.substr(0, end);
}

std::string inQuotes(std::string_view text) {
  std::string shown(text.substr(0, kQuotedBytes));
  for (char& c : shown) c = c >= ' ' && c <= '~' ? c : '?';
  return "'" + shown + (text.size() > kQuotedBytes ? "...'" : "'");
}

bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = characterBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

void checkNames(const std::vector<TensorEntry>& tensors, const std::filesystem::path& path) {
  std::unordered_set<std::string_view> names;
  names.reserve(tensors.size());
  for (const TensorEntry& tensor : tensors) {
    if (!isUtf8(tensor.name))
      throw fileError(path, "has a tensor whose name is not UTF-8 text: " + inQuotes(tensor.name));
    if (!names.insert(tensor.name).second)
      throw fileError(path, "has the tensor " + inQuotes(tensor.name) + " twice");
  }
}

}  // namespace panicle
