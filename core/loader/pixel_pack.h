// Decoded photos of one kind in one file that is mapped into memory. Internal to the loader.
//
// NAME.pixels holds a page with the pack's random id, then records, each from the start of a page: uint8 HWC
// as in Image. It only ever grows, so that what is there once stays where it is for everyone who has it
// mapped. NAME.index says which photo is where. It is written as a whole (core/base/file.h), and only after
// the pixels that it speaks of were forced to the disk: so whatever an index names is complete, a crash loses
// no more than what was stored since the last one, and records need no checksums of their own. The index has
// one, and the pack's id, for the case that files were cut, mixed up or made by other programs; a pack that
// does not fit together is made anew.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/loader/file_identity.h"
#include "core/loader/pack_folder.h"
#include "core/loader/pipeline.h"

namespace panicle {

inline constexpr std::uint64_t kPackPage = 4096;

// What a record of `bytes` takes.
constexpr std::uint64_t wholePages(std::uint64_t bytes) {
  return (bytes + kPackPage - 1) / kPackPage * kPackPage;
}

// After so much the index is written in the middle of a pass.
inline constexpr std::uint64_t kSyncBytes = std::uint64_t{512} << 20;

// What the pixels of a pack are, and so what it is called.
struct PackKey {
  std::string options;  // everything that determines the pixels, as JSON
  std::string what;     // the same in words for the user

  std::string name() const;
};

// Thread-safe. Errors of the disk never come out of it: it stores no more, and takeNotices() says why.
class PixelPack {
 public:
  PixelPack(PackBudget& budget, const PackKey& key);
  ~PixelPack();  // as sync()
  PixelPack(const PixelPack&) = delete;
  PixelPack& operator=(const PixelPack&) = delete;

  // False when this very file is not in the pack.
  bool read(const FileIdentity& file, SourceImage& out);
  void write(const FileIdentity& file, const SourceImage& photo);

  void sync();
  std::vector<std::string> takeNotices();
  std::uint64_t bytes() const;

  // The name is the hash of the path.
  struct Record {
    FileIdentity file;
    std::uint64_t offset = 0;
    std::int32_t height = 0;
    std::int32_t width = 0;
    std::int32_t source_height = 0;
    std::int32_t source_width = 0;
    std::int32_t reduction = 1;
    std::int32_t reserved = 0;

    std::size_t bytes() const {
      return 3 * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }
  };

 private:
  using Id = std::array<std::uint64_t, 2>;

  void open();
  bool openKept();
  void make();
  void map();
  void writeIndex(const std::vector<Record>& records) const;
  void stopStoring(const std::string& why);
  void forgetAll();
  std::optional<std::uint64_t> reserve(const Record& record);

  PackBudget& budget_;
  const PackKey key_;
  const std::string name_;
  std::optional<PackLock> lock_;
  Id id_{};
  int descriptor_ = -1;
  const std::byte* pixels_ = nullptr;  // mapped
  std::uint64_t mapped_ = 0;           // bytes of address space; the file is shorter
  std::atomic<bool> storing_ = true;

  mutable std::mutex mutex_;  // of what follows
  std::unordered_map<std::uint64_t, Record> records_;
  std::uint64_t end_ = 0;       // where the next record goes
  std::uint64_t unsynced_ = 0;  // bytes
  bool dirty_ = false;          // there are records that the index does not have
  std::vector<std::string> notices_;

  std::mutex syncing_;  // one at a time
};

// What an index says without its records, or nullopt when it is none.
struct PackSummary {
  std::string what;
  std::uint64_t photos = 0;
};
std::optional<PackSummary> readPackSummary(const std::filesystem::path& index);

}  // namespace panicle
