#include "core/data/duplicates.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>

#include "core/base/error.h"
#include "core/data/content_hash.h"
#include "core/data/folder_scan.h"
#include "core/data/union_find.h"

namespace panicle {
namespace {

// Pixels that a decoded photo keeps at least, if it has them: a dozen for each place of a gradient. With fewer, gradients turn that are not those of
// the photo, and shots of one scene come out as the same as often as not.
constexpr int kSketchedSide = 200;
constexpr float kAlmostSame = 0.99f;  // gradients of two decodings of the same pixels
constexpr int kAlmostSameMean = 1;

// What one photo is to the search. A photo that could not be read has none.
struct Look {
  ContentHash file;
  Size size;
  PhotoSketch sketch;
};

// Calls `work(i)` for 0..count-1 on several threads.
template <typename Work>
void onAllThreads(std::size_t count, int threads, const std::stop_token& stop, const Work& work) {
  constexpr std::size_t kChunk = 16;
  const auto wanted = threads > 0 ? static_cast<unsigned>(threads) : std::thread::hardware_concurrency();
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&] {
    try {
      for (;;) {
        const std::size_t begin = next.fetch_add(kChunk);
        if (begin >= count || stop.stop_requested()) return;
        for (std::size_t i = begin; i < std::min(begin + kChunk, count); ++i) work(i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned i = 1; i < wanted; ++i) pool.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
  if (stop.stop_requested()) throw Cancelled();
}

// The most that a JPEG can be reduced by while it is decoded without losing what a sketch needs.
int reductionFor(Size size) {
  for (const int reduction : {8, 4, 2}) {
    if (std::min(size.height, size.width) / reduction >= kSketchedSide) return reduction;
  }
  return 1;
}

Look lookAt(const std::filesystem::path& path, const DecodeOptions& options) {
  const EncodedImage encoded(path, options);
  Image photo;
  encoded.decode(reductionFor(encoded.size()), photo);
  return {.file = hashOf(encoded.bytes()), .size = encoded.size(), .sketch = sketchOf(photo)};
}

ContentHash pixelHash(const std::filesystem::path& path, const DecodeOptions& options) {
  const Image photo = decodeImage(path, options);
  return hashOf(std::as_bytes(std::span(photo.pixels)));
}

class Finder {
 public:
  Finder(const Dataset& dataset, const DuplicateOptions& options, int threads, std::stop_token stop, const Progress& progress)
      : dataset_(dataset), options_(options), threads_(threads), stop_(std::move(stop)), progress_(progress) {
    found_.photos = dataset.items.size() + dataset.test.size();
  }

  Duplicates run() {
    look();
    joinSameFiles();
    joinNear();
    joinSamePixels();
    std::sort(found_.twins.begin(), found_.twins.end(),
              [](const Twins& a, const Twins& b) { return std::tie(a.first, a.second) < std::tie(b.first, b.second); });
    std::vector<Twins> same = found_.twins;
    std::erase_if(same, [](const Twins& twins) { return twins.likeness == Likeness::Near; });
    found_.exact = connected(found_.photos, same);
    found_.groups = connected(found_.photos, found_.twins);
    return std::move(found_);
  }

 private:
  std::filesystem::path file(std::uint32_t photo) const { return dataset_.file(photoAt(dataset_, photo)); }

  void look() {
    looks_.resize(found_.photos);
    std::atomic<std::uint64_t> done = 0;
    std::mutex mutex;
    onAllThreads(found_.photos, threads_, stop_, [&](std::size_t i) {
      const auto photo = static_cast<std::uint32_t>(i);
      try {
        looks_[i] = lookAt(file(photo), options_.decode);
      } catch (const OutOfMemory&) {
        throw;
      } catch (const Error& error) {
        std::string reason = error.what();
        if (const std::string prefix = file(photo).string() + ": "; reason.starts_with(prefix)) reason.erase(0, prefix.size());
        const std::lock_guard lock(mutex);
        found_.bad.push_back({photoAt(dataset_, photo).path, std::move(reason)});
      }
      if (progress_) progress_(++done, found_.photos);
    });
    std::sort(found_.bad.begin(), found_.bad.end(), [](const BadFile& a, const BadFile& b) { return pathLess(a.path, b.path); });
  }

  // Of copies only the first goes on.
  void joinSameFiles() {
    std::map<ContentHash, std::uint32_t> first;
    for (std::uint32_t photo = 0; photo < found_.photos; ++photo) {
      if (!looks_[photo]) continue;
      const auto [place, isNew] = first.emplace(looks_[photo]->file, photo);
      if (isNew) {
        distinct_.push_back(photo);
      } else {
        found_.twins.push_back({place->second, photo, Likeness::SameFile});
      }
    }
  }

  void joinNear() {
    std::vector<PhotoSketch> sketches;
    sketches.reserve(distinct_.size());
    for (const std::uint32_t photo : distinct_) sketches.push_back(looks_[photo]->sketch);
    for (const NearPair& pair : nearPairs(sketches, options_.near, threads_, stop_)) {
      found_.twins.push_back({distinct_[pair.first], distinct_[pair.second], Likeness::Near, pair.similarity, pair.orientation});
    }
  }

  // The same pixels in different files are near in any case, unless they are flat; only such photos are decoded whole.
  void joinSamePixels() {
    std::vector<bool> wanted(found_.photos);
    for (const Twins& twins : found_.twins) {
      const bool same = twins.likeness == Likeness::Near && twins.orientation == 0 && twins.similarity >= kAlmostSame;
      if (same && looks_[twins.first]->size == looks_[twins.second]->size && sameMean(twins)) wanted[twins.first] = wanted[twins.second] = true;
    }
    std::map<std::tuple<int, int>, std::vector<std::uint32_t>> flat;
    for (const std::uint32_t photo : distinct_) {
      if (looks_[photo]->sketch.flat) flat[{looks_[photo]->size.height, looks_[photo]->size.width}].push_back(photo);
    }
    for (const auto& [size, photos] : flat) {
      for (const std::uint32_t photo : photos) wanted[photo] = photos.size() > 1;
    }
    std::vector<std::uint32_t> photos;
    for (const std::uint32_t photo : distinct_) {
      if (wanted[photo]) photos.push_back(photo);
    }
    std::vector<std::optional<ContentHash>> hashes(photos.size());
    onAllThreads(photos.size(), threads_, stop_, [&](std::size_t i) {
      try {
        hashes[i] = pixelHash(file(photos[i]), options_.decode);
      } catch (const OutOfMemory&) {
        throw;
      } catch (const Error&) {
        // It could be read a moment ago; without its pixels it stays what it is.
      }
    });
    joinEqual(photos, hashes);
  }

  bool sameMean(const Twins& twins) const {
    return std::abs(looks_[twins.first]->sketch.mean - looks_[twins.second]->sketch.mean) <= kAlmostSameMean;
  }

  void joinEqual(const std::vector<std::uint32_t>& photos, const std::vector<std::optional<ContentHash>>& hashes) {
    using Key = std::tuple<int, int, ContentHash>;
    std::map<Key, std::uint32_t> first;
    std::map<std::uint32_t, std::uint32_t> original;  // of those whose pixels another has
    for (std::size_t i = 0; i < photos.size(); ++i) {
      if (!hashes[i]) continue;
      const Size size = looks_[photos[i]]->size;
      const auto [place, isNew] = first.emplace(Key{size.height, size.width, *hashes[i]}, photos[i]);
      original.emplace(photos[i], place->second);
    }
    const auto isCopy = [&](const Twins& twins) {
      const auto a = original.find(twins.first), b = original.find(twins.second);
      return twins.likeness == Likeness::Near && a != original.end() && b != original.end() && a->second == b->second;
    };
    std::erase_if(found_.twins, isCopy);
    for (const auto& [photo, of] : original) {
      if (photo != of) found_.twins.push_back({of, photo, Likeness::SamePixels});
    }
  }

  const Dataset& dataset_;
  const DuplicateOptions& options_;
  const int threads_;
  const std::stop_token stop_;
  const Progress& progress_;
  std::vector<std::optional<Look>> looks_;
  std::vector<std::uint32_t> distinct_;  // ascending
  Duplicates found_;
};

// The cosine of the angle between two rows; 1 where one is all zeros.
double cosineOf(std::span<const float> a, std::span<const float> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa == 0 || bb == 0 ? 1 : ab / std::sqrt(aa * bb);
}

}  // namespace

Duplicates findDuplicates(const Dataset& dataset, const DuplicateOptions& options, int threads, std::stop_token stop, const Progress& progress) {
  return Finder(dataset, options, threads, std::move(stop), progress).run();
}

std::vector<PhotoGroup> connected(std::size_t photos, std::span<const Twins> twins) {
  UnionFind sets(photos);
  for (const Twins& each : twins) sets.join(each.first, each.second);
  std::map<std::uint32_t, PhotoGroup> byRoot;  // the root is the first photo, so the order is theirs
  for (const Twins& each : twins) {
    for (const std::uint32_t photo : {each.first, each.second}) byRoot[sets.root(photo)].push_back(photo);
  }
  std::vector<PhotoGroup> groups;
  groups.reserve(byRoot.size());
  for (auto& [root, group] : byRoot) {
    std::sort(group.begin(), group.end());
    group.erase(std::unique(group.begin(), group.end()), group.end());
    groups.push_back(std::move(group));
  }
  return groups;
}

Duplicates refineByFeatures(Duplicates duplicates, std::span<const float> features, std::size_t width, double cosine) {
  if (width == 0 || features.size() != duplicates.photos * width) {
    throw Error("there are features of " + std::to_string(width == 0 ? 0 : features.size() / width) + " photos, but " +
                std::to_string(duplicates.photos) + " photos; take one row for each, the labelled photos first and then the test images");
  }
  const auto row = [&](std::uint32_t photo) { return features.subspan(photo * width, width); };
  std::erase_if(duplicates.twins, [&](const Twins& twins) {
    return twins.likeness == Likeness::Near && cosineOf(row(twins.first), row(twins.second)) < cosine;
  });
  duplicates.groups = connected(duplicates.photos, duplicates.twins);
  return duplicates;
}

}  // namespace panicle
