// The presize cache: from the second epoch on, photos are read from one large file that is mapped into
// memory, instead of decoded. Never changes a result: a pass with the cache gives byte for byte what one
// without gives.
//
// Kept is the finished item where the item transform has nothing random in it (squish always, every method in
// validation), and the decoded photo where it has (the other methods in training), from which the item is
// resampled in every epoch. Keeping one resized but uncropped photo instead would be smaller, but not exact:
// Pillow's filter is rounded to 8 bits and cut off at the box's edges, so a window of the resized photo
// differs from the resized window. Photos with more than kLargestSource times the item's pixels are decoded
// each time.
//
// On disk, in a folder of a workspace: for every set of options that determine pixels (never the seed) a pack
// of two files, described in pixel_pack.h. A photo's record is used only while the file's path, size, times
// (to the nanosecond), inode and device are those that it had when it was decoded, which is looked up at
// every read.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/image.h"
#include "core/loader/cache_options.h"
#include "core/loader/loader.h"
#include "core/loader/pipeline.h"

namespace panicle {

class PackBudget;
class PixelPack;

// Thread-safe. Errors of the disk never come out of it: it goes on without, and takeNotices() says why.
class PresizeCache {
 public:
  // Packs are opened, or made, in `folder`; those of other options are removed, least recently used first,
  // when all of them together would exceed `budget` bytes.
  PresizeCache(std::filesystem::path folder, const Pipeline& pipeline, std::uint64_t budget);
  ~PresizeCache();  // as sync()
  PresizeCache(const PresizeCache&) = delete;
  PresizeCache& operator=(const PresizeCache&) = delete;

  // As loadItem() of pipeline.h with the constructor's pipeline.
  void loadItem(const std::filesystem::path& file, const BatchContext& context, std::uint64_t item,
                Image& out);

  // Makes what was stored until now outlast a crash: takes as long as the disk does. Done by the loader at
  // the end of a pass, and by itself every kSyncBytes.
  void sync();

  // What ended or failed since the last call, in words for the user, each said once: the budget is used up,
  // the disk is full, another process writes to the pack ...
  std::vector<std::string> takeNotices();

  std::uint64_t hits() const { return hits_; }      // photos that were read from the cache
  std::uint64_t misses() const { return misses_; }  // that were decoded
  std::uint64_t bytes() const;                      // on disk, of this pipeline

 private:
  const Pipeline pipeline_;
  std::unique_ptr<PackBudget> budget_;
  std::unique_ptr<PixelPack> items_;
  std::unique_ptr<PixelPack> sources_;  // null when no mode asks for it
  std::atomic<std::uint64_t> hits_ = 0;
  std::atomic<std::uint64_t> misses_ = 0;
};

inline constexpr std::int64_t kLargestSource = 4;

// Whether a run should use the cache, and in words why.
struct CachePlan {
  bool use = false;
  std::uint64_t bytes = 0;  // that all photos will take, estimated from the headers of some
  std::string words;        // for the user; empty for CacheMode::Off
};

// CacheMode::Auto uses it when `epochs` is above 1 (or the photos are there from an earlier run), and the
// bytes, of which there are some, fit the budget, the disk (of which a tenth stays free) and half of the
// machine's memory, out of which the system serves the file; from a slow disk it would hardly be faster than
// decoding. Throws Cancelled.
CachePlan planCache(const std::filesystem::path& folder, const Pipeline& pipeline,
                    const CacheOptions& options, int epochs, const std::vector<Sample>& samples,
                    std::span<const std::uint32_t> train, std::span<const std::uint32_t> valid,
                    std::stop_token stop = {});

// <workspace>/cache/presize
std::filesystem::path presizeFolder(const std::filesystem::path& workspace);

// What the cache folder holds, for the user who wonders where the disk went.
struct CachedPack {
  std::string what;         // "squish to 480": the options, in words
  std::uint64_t bytes = 0;  // on disk
  std::uint64_t photos = 0;
  std::int64_t used = 0;  // when a run last used it, seconds since 1970
};

// Most recently used first. A folder that does not exist holds nothing.
std::vector<CachedPack> listCache(const std::filesystem::path& folder);
std::uint64_t cacheBytes(const std::filesystem::path& folder);

// Removes all packs and returns the bytes set free. Harmless while a run uses them: it decodes again. Throws
// Error when a file cannot be removed.
std::uint64_t clearCache(const std::filesystem::path& folder);

}  // namespace panicle
