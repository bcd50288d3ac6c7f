// The folder in which the packs of the presize cache lie: their files, who uses them, how much they take
// together. Internal to the loader. A pack called NAME (16 hexadecimal digits) has three files:
//   NAME.lock    locked (flock) by the one process that may write; its time says when the pack was last used
//   NAME.index   which photo is where; replaced as a whole
//   NAME.pixels  grows at its end
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace panicle {

// The right to write a pack, given back with the object or the process.
class PackLock {
 public:
  // Not held when another has it. Throws Error when the file cannot be made.
  PackLock(const std::filesystem::path& folder, const std::string& name);
  ~PackLock();
  PackLock(const PackLock&) = delete;
  PackLock& operator=(const PackLock&) = delete;

  bool held() const { return held_; }
  void markUsed() const;

 private:
  int descriptor_ = -1;
  bool held_ = false;
};

struct PackFiles {
  std::string name;
  std::uint64_t bytes = 0;
  std::int64_t used = 0;  // seconds since 1970
};

// All packs, least recently used first. A folder that does not exist holds none.
std::vector<PackFiles> packsIn(const std::filesystem::path& folder);

// Removes the pack's files, or all but its lock; those that are gone already do not matter. Throws Error.
void removePack(const std::filesystem::path& folder, const std::string& name, bool keepLock = false);

std::filesystem::path indexFile(const std::filesystem::path& folder, const std::string& name);
std::filesystem::path pixelsFile(const std::filesystem::path& folder, const std::string& name);

// Holds all packs of a folder to one limit. Thread-safe.
class PackBudget {
 public:
  PackBudget(std::filesystem::path folder, std::uint64_t limit);

  const std::filesystem::path& folder() const { return folder_; }
  std::uint64_t limit() const { return limit_; }

  // Room for `bytes` more, for which packs that nobody writes are removed, least recently used first. Returns
  // what stands in the way, in words, or "".
  std::string reserve(std::uint64_t bytes);

  // What reserve() says when the limit is reached.
  std::string usedUp() const;

  // Counts what is there again: others may store and remove, too.
  void recount();

 private:
  bool makeRoom(std::uint64_t bytes);

  const std::filesystem::path folder_;
  const std::uint64_t limit_;
  std::mutex mutex_;
  std::uint64_t used_ = 0;
};

// "7.2 GiB", "350 MiB", "12 KiB"
std::string inWords(std::uint64_t bytes);

}  // namespace panicle
