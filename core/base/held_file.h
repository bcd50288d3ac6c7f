// A large file that is written while something more important goes on.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <utility>

namespace panicle {

// Memory for one file at a time. What it has, it keeps: on a virtual machine a page that is new has to be asked of the host first, which takes
// many times as long as a copy into it.
class HeldMemory {
 public:
  HeldMemory() = default;
  ~HeldMemory();
  HeldMemory(const HeldMemory&) = delete;
  HeldMemory& operator=(const HeldMemory&) = delete;

  // At least `size` bytes, whose content is anything; pointers from before are void. Throws OutOfMemory.
  std::byte* reserve(std::size_t size);

 private:
  std::byte* memory_ = nullptr;
  std::size_t size_ = 0;
};

// `last` for the next file, or new memory in its place while an earlier file still has it.
std::shared_ptr<HeldMemory> memoryForNext(std::shared_ptr<HeldMemory>& last);

// Takes the content into memory as fast as it can be copied; commit() brings it to the disk, at best from another thread. It goes past the
// system's cache where the file system knows how (O_DIRECT), so that neither the processor's time nor the cache's content is spent on it.
class HeldFile {
 public:
  // Of `size` bytes. Reserves them on the disk, where the file system can, and in memory. Throws DiskFull, OutOfMemory and Error.
  // `memory` is this file's alone until it goes.
  HeldFile(std::filesystem::path path, std::size_t size, std::shared_ptr<HeldMemory> memory = std::make_shared<HeldMemory>());
  ~HeldFile();  // without commit() nothing is left of it
  HeldFile(const HeldFile&) = delete;
  HeldFile& operator=(const HeldFile&) = delete;

  void write(const void* data, std::size_t size);  // `size` in all, in order
  // Writes, syncs, reads back and compares, renames. (Where the file system knows no O_DIRECT, what is read back may be the system's cache.)
  // Throws DiskFull and Error; what was at `path` is then as it was.
  void commit();
  std::span<const std::byte> bytes() const { return {bytes_, filled_}; }

 private:
  struct NotYet {};
  HeldFile(std::filesystem::path path, std::size_t size, NotYet) : path_(std::move(path)), size_(size) {}
  void reserveOnDisk();
  void writeOut();
  void compare();

  std::filesystem::path path_, temporary_;
  std::size_t size_, filled_ = 0;
  int descriptor_ = -1;
  std::shared_ptr<HeldMemory> memory_;
  std::byte* bytes_ = nullptr;
};

}  // namespace panicle
