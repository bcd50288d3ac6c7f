#include "core/data/content_hash.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "core/base/file.h"
#include "core/base/random.h"

namespace panicle {

std::string ContentHash::text() const {
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(high), static_cast<unsigned long long>(low));
  return digits;
}

ContentHash hashOf(std::span<const std::byte> bytes) {
  ContentHash hash{.high = mix64(bytes.size() + 0x9E3779B97F4A7C15ull), .low = mix64(bytes.size() + 0xD1B54A32D192ED03ull)};
  std::uint64_t word = 0;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof word) {
    word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
    // The lanes take the word differently, so that what collides in one does not in the other.
    hash.high = mix64(hash.high ^ word);
    hash.low = mix64(hash.low + 0x9E3779B97F4A7C15ull * word + 1);
  }
  return hash;
}

ContentHash hashOfFile(const std::filesystem::path& path) {
  return hashOf(readBytes(path));
}

}  // namespace panicle
