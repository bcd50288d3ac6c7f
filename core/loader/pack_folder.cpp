#include "core/loader/pack_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string_view>

#include "core/base/error.h"

namespace panicle {
namespace {

constexpr std::size_t kNameLength = 16;
// The disk is never filled to the brim: a run must still be able to write its model.
constexpr std::uint64_t kKeepFree = std::uint64_t{1} << 30;

std::filesystem::path lockFile(const std::filesystem::path& folder, const std::string& name) {
  return folder / (name + ".lock");
}

// NAME of NAME.pixels, NAME.index, NAME.lock and of the temporary NAME.index.XXXXXX; "" for other files.
std::string packOf(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const std::string_view rest = std::string_view(name).substr(std::min(name.size(), kNameLength));
  const bool ours = rest == ".lock" || rest == ".pixels" || rest.starts_with(".index");
  const bool hexadecimal = name.find_first_not_of("0123456789abcdef") >= kNameLength;
  return ours && hexadecimal ? name.substr(0, kNameLength) : "";
}

std::vector<std::filesystem::path> filesOf(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    files.push_back(entry.path());
  return files;
}

bool freeSpaceLeft(const std::filesystem::path& folder, std::uint64_t bytes) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error) return true;  // then writing will tell
  return space.available >= bytes + std::min<std::uint64_t>(kKeepFree, space.capacity / 20);
}

}  // namespace

std::filesystem::path indexFile(const std::filesystem::path& folder, const std::string& name) {
  return folder / (name + ".index");
}

std::filesystem::path pixelsFile(const std::filesystem::path& folder, const std::string& name) {
  return folder / (name + ".pixels");
}

// A lock on a file that was removed in the meantime protects nothing: then it is made anew.
PackLock::PackLock(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path path = lockFile(folder, name);
  for (;;) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) throw fileError(path, std::string("cannot be made: ") + std::strerror(errno));
    held_ = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
    struct stat info {};
    if (!held_ || (::fstat(descriptor_, &info) == 0 && info.st_nlink > 0)) return;
    ::close(descriptor_);
  }
}

PackLock::~PackLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void PackLock::markUsed() const {
  ::futimens(descriptor_, nullptr);
}

std::vector<PackFiles> packsIn(const std::filesystem::path& folder) {
  std::map<std::string, PackFiles> packs;
  for (const auto& file : filesOf(folder)) {
    const std::string name = packOf(file);
    struct stat info {};
    if (name.empty() || ::stat(file.c_str(), &info) != 0) continue;
    PackFiles& pack = packs[name];
    pack.name = name;
    pack.bytes += static_cast<std::uint64_t>(info.st_size);
    if (file.extension() == ".lock" || pack.used == 0) pack.used = info.st_mtim.tv_sec;
  }
  std::vector<PackFiles> sorted;
  for (auto& [name, pack] : packs) sorted.push_back(std::move(pack));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const PackFiles& a, const PackFiles& b) { return a.used < b.used; });
  return sorted;
}

void removePack(const std::filesystem::path& folder, const std::string& name, bool keepLock) {
  for (const auto& file : filesOf(folder)) {
    if (packOf(file) != name || (keepLock && file.extension() == ".lock")) continue;
    if (::unlink(file.c_str()) != 0 && errno != ENOENT)
      throw fileError(file, std::string("cannot be removed: ") + std::strerror(errno));
  }
}

PackBudget::PackBudget(std::filesystem::path folder, std::uint64_t limit)
    : folder_(std::move(folder)), limit_(limit) {
  recount();
}

void PackBudget::recount() {
  std::uint64_t used = 0;
  for (const PackFiles& pack : packsIn(folder_)) used += pack.bytes;
  std::lock_guard lock(mutex_);
  used_ = used;
}

std::string PackBudget::reserve(std::uint64_t bytes) {
  if (!freeSpaceLeft(folder_, bytes)) return "the disk is nearly full";
  std::lock_guard lock(mutex_);
  if (used_ + bytes > limit_ && !makeRoom(bytes)) return usedUp();
  used_ += bytes;
  return "";
}

std::string PackBudget::usedUp() const {
  return "its " + inWords(limit_) + " are used up (cache.budget_gib)";
}

// Whoever writes to a pack holds its lock; readers keep what they have mapped.
bool PackBudget::makeRoom(std::uint64_t bytes) {
  for (const PackFiles& pack : packsIn(folder_)) {
    if (used_ + bytes <= limit_) break;
    const PackLock lock(folder_, pack.name);
    if (!lock.held()) continue;
    removePack(folder_, pack.name);
    used_ -= std::min(used_, pack.bytes);
  }
  return used_ + bytes <= limit_;
}

std::string inWords(std::uint64_t bytes) {
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text.data();
}

}  // namespace panicle
