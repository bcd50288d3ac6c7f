// Whether a file is still the one that was read. Internal to the loader.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace panicle {

// What the system says of a file without opening it. The change time moves with every write and cannot be set
// back by a program, so that even new content of the same length under restored times is seen.
struct FileIdentity {
  std::uint64_t path = 0;  // hash of the absolute path
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds since 1970
  std::int64_t changed = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;

  // nullopt when there is no such file. Links are followed.
  static std::optional<FileIdentity> of(const std::filesystem::path& file);

  // Times move in ticks: a file that has just been changed may be changed again without a trace. One that has
  // not is settled.
  bool settled() const;
};

// Not cryptographic; the same on every machine of one byte order.
std::uint64_t hashBytes(const void* data, std::size_t size);

}  // namespace panicle
