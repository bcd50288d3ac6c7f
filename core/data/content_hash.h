// Tells equal bytes from different ones.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace panicle {

// 128 bits, from splitmix64's finaliser over two lanes. Not cryptographic: it tells accidents, not forgeries.
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  std::string text() const;  // 32 hexadecimal digits

  friend auto operator<=>(const ContentHash&, const ContentHash&) = default;
};

ContentHash hashOf(std::span<const std::byte> bytes);
// Throws Error naming the file when it cannot be read.
ContentHash hashOfFile(const std::filesystem::path& path);

}  // namespace panicle
