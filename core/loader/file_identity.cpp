#include "core/loader/file_identity.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "core/base/random.h"

namespace panicle {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

std::optional<FileIdentity> FileIdentity::of(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return std::nullopt;
  const std::string path = std::filesystem::absolute(file).string();
  return FileIdentity{.path = hashBytes(path.data(), path.size()),
                      .device = info.st_dev,
                      .inode = info.st_ino,
                      .size = static_cast<std::uint64_t>(info.st_size),
                      .modified = nanoseconds(info.st_mtim),
                      .changed = nanoseconds(info.st_ctim)};
}

bool FileIdentity::settled() const {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const bool wholeSeconds = changed % kSecond == 0;  // of a file system that keeps no more
  const std::int64_t tick = wholeSeconds ? 2 * kSecond : kSecond / 20;
  return now.count() - std::max(changed, modified) > tick;
}

std::uint64_t hashBytes(const void* data, std::size_t size) {
  std::uint64_t hash = mix64(size);
  const auto* next = static_cast<const char*>(data);
  while (size > 0) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(size, sizeof word);
    std::memcpy(&word, next, count);
    hash = mix64(hash ^ word);
    next += count;
    size -= count;
  }
  return hash;
}

}  // namespace panicle
