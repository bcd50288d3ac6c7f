// What the readers of the weight formats share. Internal to core/weights.
//
// Readers look at the file through a span that they are given, never at the file itself: so a test can give
// them memory that ends where the file ends, and a sanitizer sees any step over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/weights/tensor_entry.h"
#include "core/weights/weight_file.h"

namespace panicle {

using Bytes = std::span<const std::byte>;

inline std::string_view asText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Memory for what a file does not hold as it is needed: inflated entries, copies of strided tensors. What a
// file may ask for is limited by its own size, so that a small one cannot fill the machine.
class OwnedMemory {
 public:
  OwnedMemory(std::filesystem::path path, std::uint64_t fileBytes)
      : path_(std::move(path)), left_(kFree + kTimesFile * fileBytes) {}

  std::span<std::byte> allocate(std::uint64_t size);

 private:
  static constexpr std::uint64_t kFree = 256u << 20;
  static constexpr std::uint64_t kTimesFile = 8;

  std::filesystem::path path_;
  std::uint64_t left_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

struct WeightContents {
  WeightContents(const std::filesystem::path& path, std::uint64_t fileBytes) : memory(path, fileBytes) {}

  WeightFormat format = WeightFormat::Safetensors;
  std::vector<TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
  OwnedMemory memory;
};

// Reads a file of any format; the tensors point into `file` and into the contents' memory. `path` is for
// messages alone.
WeightContents readWeights(Bytes file, const std::filesystem::path& path);

// Goes through bytes in order. Whoever asks for more than there is gets "is cut off".
class ByteReader {
 public:
  ByteReader(Bytes bytes, const std::filesystem::path& path) : bytes_(bytes), path_(path) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }
  Bytes take(std::uint64_t count);
  std::string_view takeLine();  // up to a newline, which is taken too
  template <typename T>
  T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  Bytes bytes_;
  const std::filesystem::path& path_;
  std::size_t position_ = 0;
};

// A text from a file, fit for a message: in quotes, at most 80 bytes of it, what is not printable ASCII as
// '?'.
std::string inQuotes(std::string_view text);

bool isUtf8(std::string_view text);

// Throws Error when a name is there twice or is not UTF-8: names go into JSON, lists and messages.
void checkNames(const std::vector<TensorEntry>& tensors, const std::filesystem::path& path);

}  // namespace panicle
