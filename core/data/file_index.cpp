#include "core/data/file_index.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/data/folder_scan.h"

namespace panicle {
namespace {

std::string_view nameOf(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// "a/b.jpg" is "a/b" and an extension.
bool isStemOf(std::string_view stem, std::string_view file) {
  return file.size() > stem.size() && file.starts_with(stem) && file[stem.size()] == '.' &&
         file.substr(stem.size() + 1).find_first_of("./") == std::string_view::npos;
}

void refuseSecond(const std::string& value, const std::string& first, const std::string& second) {
  throw Error("'" + value + "' can be " + first + " or " + second +
              "; write the folder and the extension too");
}

}  // namespace

FileIndex::FileIndex(const std::vector<std::string>& files, std::string folder)
    : files_(files), folder_(std::move(folder)), byName_(files.size()) {
  std::iota(byName_.begin(), byName_.end(), 0u);
  std::sort(byName_.begin(), byName_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const int order = nameOf(files_[a]).compare(nameOf(files_[b]));
    return order != 0 ? order < 0 : a < b;
  });
}

std::optional<std::uint32_t> FileIndex::find(const std::string& value, const std::string& label) const {
  if (const auto found = findSlashed(value, label)) return found;
  if (value.find('\\') == std::string::npos) return std::nullopt;
  std::string slashed = value;  // a table made on Windows
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  return findSlashed(slashed, label);
}

std::optional<std::uint32_t> FileIndex::findSlashed(const std::string& value,
                                                    const std::string& label) const {
  const std::string path = value.starts_with("./") ? value.substr(2) : value;
  if (const auto found = byPath(path)) return found;
  if (const auto found = byPath(label + "/" + path)) return found;
  if (path.find('/') == std::string::npos) return byName(path);
  if (!folder_.empty() && path.starts_with(folder_ + "/")) return byPath(path.substr(folder_.size() + 1));
  if (path.front() != '/') return std::nullopt;
  // An absolute path of another machine: what matters is how it ends.
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (const auto found = byPath(path.substr(slash + 1))) return found;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> FileIndex::byPath(const std::string& path) const {
  // All paths that begin alike are neighbours, so those with any extension follow the place of the bare path
  // and a dot.
  const auto before = [](const std::string& a, const std::string& b) { return pathLess(a, b); };
  const auto exact = std::lower_bound(files_.begin(), files_.end(), path, before);
  if (exact != files_.end() && *exact == path) return static_cast<std::uint32_t>(exact - files_.begin());
  const std::string dotted = path + ".";
  std::optional<std::uint32_t> found;
  for (auto file = std::lower_bound(files_.begin(), files_.end(), dotted, before);
       file != files_.end() && file->starts_with(dotted); ++file) {
    if (!isStemOf(path, *file)) continue;
    if (found) refuseSecond(path, files_[*found], *file);
    found = static_cast<std::uint32_t>(file - files_.begin());
  }
  return found;
}

std::optional<std::uint32_t> FileIndex::byName(const std::string& name) const {
  const auto before = [&](std::uint32_t file, std::string_view key) { return nameOf(files_[file]) < key; };
  std::optional<std::uint32_t> found;
  const auto take = [&](std::uint32_t file) {
    if (found) refuseSecond(name, files_[*found], files_[file]);
    found = file;
  };
  auto place = std::lower_bound(byName_.begin(), byName_.end(), std::string_view(name), before);
  for (; place != byName_.end() && nameOf(files_[*place]) == name; ++place) take(*place);
  if (found) return found;
  const std::string dotted = name + ".";
  place = std::lower_bound(byName_.begin(), byName_.end(), std::string_view(dotted), before);
  for (; place != byName_.end() && nameOf(files_[*place]).starts_with(dotted); ++place) {
    if (isStemOf(name, nameOf(files_[*place]))) take(*place);
  }
  return found;
}

}  // namespace panicle
