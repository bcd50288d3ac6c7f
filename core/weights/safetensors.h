// The safetensors format (https://github.com/huggingface/safetensors): an 8-byte little-endian header length, a JSON header
// {"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {text: text}}, then the tensors' bytes without gaps.
// Reading is strict, because weight files come from strangers: every violation is an Error naming the file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/weights/tensor_entry.h"

namespace panicle {

// A file mapped into memory; the entries' bytes live as long as it does.
class SafetensorsFile {
 public:
  // Refuses: a header over 100 MB or longer than the file, invalid JSON, duplicate names, unknown dtypes, byte ranges that
  // overlap, leave a gap, disagree with dtype and shape or do not end with the file.
  explicit SafetensorsFile(const std::filesystem::path& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const std::vector<TensorEntry>& entries() const { return entries_; }  // in file order
  const TensorEntry* find(const std::string& name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  void parse();

  std::filesystem::path path_;
  std::span<const std::byte> mapping_;
  std::vector<TensorEntry> entries_;
  std::map<std::string, std::size_t> byName_;
  std::map<std::string, std::string> metadata_;
};

// Writes atomically; the header is padded so that the data starts at a multiple of 8.
void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace panicle
