// Random access to the bytes of an image file, so that one parser serves files in memory and on disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace panicle {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  std::uint64_t size() const { return size_; }

  // Fills `out` with the bytes from `offset` on; false when the source ends before.
  virtual bool read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;

 protected:
  bool holds(std::uint64_t offset, std::size_t count) const {
    return offset <= size_ && count <= size_ - offset;
  }

  std::uint64_t size_ = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes);
  bool read(std::uint64_t offset, std::span<std::uint8_t> out) override;

 private:
  const std::uint8_t* bytes_;
};

// Reads pages as they are asked for. Throws Error (that does not name the file) when the file cannot be
// opened or read.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& path);
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override;
  bool read(std::uint64_t offset, std::span<std::uint8_t> out) override;

 private:
  std::size_t readAt(std::uint64_t offset, std::span<std::uint8_t> out);

  int descriptor_ = -1;
  std::array<std::uint8_t, 4096> page_;
  std::uint64_t pageStart_ = 0;
  std::size_t pageSize_ = 0;
};

}  // namespace panicle
