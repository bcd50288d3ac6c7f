// Finds the image that a row of a label table names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace panicle {

// Over the files of an image folder: relative paths, sorted by pathLess; they must outlive the index.
class FileIndex {
 public:
  // `folder`: what tables may write before the paths, e.g. "train_images"; "" for nothing.
  FileIndex(const std::vector<std::string>& files, std::string folder);

  // The file called `value`: a path or a bare name, with or without its extension, in the folder itself, in
  // the folder of its label, or (bare names) in any. Throws Error when two files fit equally; the message
  // does not name the table.
  std::optional<std::uint32_t> find(const std::string& value, const std::string& label) const;

 private:
  std::optional<std::uint32_t> findSlashed(const std::string& value, const std::string& label) const;
  std::optional<std::uint32_t> byPath(const std::string& path) const;
  std::optional<std::uint32_t> byName(const std::string& name) const;

  const std::vector<std::string>& files_;
  const std::string folder_;
  std::vector<std::uint32_t> byName_;  // indices into files_, sorted by file name
};

}  // namespace panicle
