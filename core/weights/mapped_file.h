// A whole file mapped into memory for reading. Internal to core/weights.
#pragma once

#include <filesystem>

#include "core/weights/weight_contents.h"

namespace panicle {

class MappedFile {
 public:
  // Throws Error: not there, not permitted, a folder or a device, empty.
  explicit MappedFile(std::filesystem::path path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  Bytes bytes() const { return bytes_; }
  // Gives back the memory of the pages that hold `part`; they are read from the file again when somebody
  // looks.
  void release(Bytes part) const;

 private:
  std::filesystem::path path_;
  Bytes bytes_;
};

}  // namespace panicle
