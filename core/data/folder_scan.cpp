#include "core/data/folder_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/base/error.h"
#include "core/data/dataset.h"

namespace panicle {
namespace {

constexpr std::size_t kProgressEvery = 1024;

std::string lowerExtension(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return "";
  std::string extension(name.substr(dot));
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

bool isImageExtension(std::string_view extension) {
  constexpr std::array<std::string_view, 7> kExtensions{".jpg", ".jpeg", ".png", ".webp",
                                                        ".bmp", ".tif",  ".tiff"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

struct FolderId {
  dev_t device;
  ino_t inode;
  friend bool operator==(const FolderId&, const FolderId&) = default;
};

struct Entry {
  std::string name;
  bool folder;
};

// Plain readdir: its entries tell the type, so that a million files need no stat each.
class Scanner {
 public:
  Scanner(std::string excluded, std::stop_token stop, const Progress& progress)
      : excluded_(std::move(excluded)), stop_(std::move(stop)), progress_(progress) {}

  // `prefix` is the folder's path below the first one, "" or ending in '/'.
  void scan(const std::string& folder, const std::string& prefix) {
    std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(folder.c_str()), ::closedir);
    if (!stream) {
      const std::string reason = std::string("cannot be read: ") + std::strerror(errno);
      if (prefix.empty()) throw fileError(folder, reason);
      result_.warnings.push_back(folder + ": " + reason);
      return;
    }
    struct stat info {};
    ::fstat(::dirfd(stream.get()), &info);
    const FolderId id{info.st_dev, info.st_ino};
    if (std::find(ancestors_.begin(), ancestors_.end(), id) != ancestors_.end()) return;
    ancestors_.push_back(id);
    const std::vector<Entry> entries = sortedEntries(stream.get());
    stream.reset();  // deep trees must not run out of descriptors
    for (const Entry& entry : entries) {
      if (entry.folder) {
        const std::string below = prefix + entry.name;
        if (below != excluded_) scan(folder + "/" + entry.name, below + "/");
      } else {
        addFile(prefix, entry.name);
      }
    }
    ancestors_.pop_back();
  }

  FolderScan take() { return std::move(result_); }

 private:
  std::vector<Entry> sortedEntries(DIR* stream) {
    std::vector<Entry> entries;
    while (const dirent* entry = ::readdir(stream)) {
      if (stop_.stop_requested()) throw Cancelled();
      if (entry->d_name[0] == '.') continue;
      bool folder = entry->d_type == DT_DIR;
      bool file = entry->d_type == DT_REG;
      if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) {
        struct stat info {};
        const bool leadsNowhere = ::fstatat(::dirfd(stream), entry->d_name, &info, 0) != 0;
        folder = !leadsNowhere && S_ISDIR(info.st_mode);
        file = leadsNowhere || S_ISREG(info.st_mode);
      }
      if (folder || file) entries.push_back({entry->d_name, folder});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  void addFile(const std::string& prefix, const std::string& name) {
    const std::string extension = lowerExtension(name);
    if (!isImageExtension(extension)) {
      ++result_.others[extension];
      return;
    }
    result_.files.push_back(prefix + name);
    if (progress_ && result_.files.size() % kProgressEvery == 0) progress_(result_.files.size(), 0);
  }

  const std::string excluded_;
  const std::stop_token stop_;
  const Progress& progress_;
  std::vector<FolderId> ancestors_;
  FolderScan result_;
};

}  // namespace

FolderScan scanFolder(const std::filesystem::path& folder, const std::string& excluded, std::stop_token stop,
                      const Progress& progress) {
  Scanner scanner(excluded, std::move(stop), progress);
  scanner.scan(folder.string(), "");
  return scanner.take();
}

bool pathLess(std::string_view a, std::string_view b) {
  const auto rank = [](char c) { return c == '/' ? 0 : 1 + static_cast<unsigned char>(c); };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

bool isImagePath(const std::filesystem::path& path) {
  return isImageExtension(lowerExtension(path.filename().string()));
}

}  // namespace panicle
