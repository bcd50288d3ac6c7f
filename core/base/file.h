// Whole files in and out. Writes are atomic: a reader sees the old file or the new one, never a part of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace panicle {

// The bytes of a file. Throws Error naming the path when it cannot be read.
std::vector<std::byte> readBytes(const std::filesystem::path& path);
std::string readText(const std::filesystem::path& path);

// Writes a temporary file in the same folder, syncs it to disk and renames it over `path`.
// Throws Error (with the system's reason: permission ...), DiskFull where the disk is, and leaves `path` as it was.
void writeAtomically(const std::filesystem::path& path, std::string_view content);

// As above for content made in pieces.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // without commit() the temporary file is removed

  void write(const void* data, std::size_t size);
  void commit();  // may be called by another thread than wrote

 private:
  [[noreturn]] void fail(const char* what);

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

// Makes what was renamed, made or removed in `folder` outlast a crash of the machine. Throws Error.
void syncFolder(const std::filesystem::path& folder);

}  // namespace panicle
