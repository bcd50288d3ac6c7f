// The entries of a ZIP archive, by libzip. Internal to core/weights.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "core/weights/weight_contents.h"

struct zip;

namespace panicle {

class ZipArchive {
 public:
  // Throws Error for a damaged directory, names twice, encrypted entries and methods other than stored and
  // deflated.
  ZipArchive(Bytes file, const std::filesystem::path& path, OwnedMemory& memory);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::vector<std::string>& names() const {
    return names_;
  }  // in the directory's order, without folders
  bool contains(const std::string& name) const { return index_.count(name) > 0; }
  // Of a stored entry its place in the file, so that it costs no memory and is not looked at here; its
  // checksum is therefore not checked. A deflated one is inflated into the memory given, and its checksum is.
  // Throws Error when there is none of that name.
  Bytes bytes(const std::string& name);

 private:
  struct Source;

  Error fail(const std::string& what) const;
  void list(std::uint64_t index);
  Bytes stored(std::uint64_t index, std::uint64_t size, const std::string& name);
  Bytes inflated(std::uint64_t index, std::uint64_t size, std::uint64_t packed, const std::string& name);

  const std::filesystem::path& path_;
  OwnedMemory& memory_;
  std::unique_ptr<Source> source_;
  struct zip* archive_ = nullptr;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint64_t> index_;
};

}  // namespace panicle
