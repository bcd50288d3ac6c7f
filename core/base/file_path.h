// A file's path where a million of them are kept: its folder, which those beside it share, and its name.
// std::filesystem::path remembers all parts beside its text, which takes ten times as much.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace panicle {

class FilePath {
 public:
  FilePath() = default;
  FilePath(const std::filesystem::path& path)
      : FilePath(std::make_shared<const std::string>(path.parent_path().string()), path.filename().string()) {}
  FilePath(std::shared_ptr<const std::string> folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}

  std::filesystem::path path() const { return folder_ ? std::filesystem::path(*folder_) / name_ : std::filesystem::path(); }
  std::string string() const { return path().string(); }
  operator std::filesystem::path() const { return path(); }

 private:
  std::shared_ptr<const std::string> folder_;  // null: empty
  std::string name_;
};

// Makes paths whose folders are shared.
class FilePaths {
 public:
  FilePath operator()(const std::filesystem::path& path) {
    std::string folder = path.parent_path().string();
    auto& shared = folders_[folder];
    if (!shared) shared = std::make_shared<const std::string>(std::move(folder));
    return {shared, path.filename().string()};
  }

 private:
  std::unordered_map<std::string, std::shared_ptr<const std::string>> folders_;
};

}  // namespace panicle
