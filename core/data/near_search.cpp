#include "core/data/near_search.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "core/base/error.h"
#include "core/data/union_find.h"

namespace panicle {
namespace {

constexpr std::uint32_t kBlock = 1024;   // photos that are compared before what was found decides what need not be compared
constexpr std::uint32_t kChunk = 16;     // of those, what a thread takes at a time
constexpr int kEnoughTwins = 4;          // in one group of earlier blocks

class Searcher {
 public:
  Searcher(std::span<const PhotoSketch> sketches, const NearOptions& options, std::stop_token stop, const Progress& progress)
      : sketches_(sketches),
        options_(options),
        stop_(std::move(stop)),
        progress_(progress),
        index_(hashesOf(sketches), options.hash_distance),
        groups_(sketches.size()) {}

  std::vector<NearPair> run(std::size_t threads) {
    const auto count = static_cast<std::uint32_t>(sketches_.size());
    for (std::uint32_t begin = 0; begin < count; begin += std::min(kBlock, count - begin)) {
      blockBegin_ = begin;
      blockEnd_ = begin + std::min(kBlock, count - begin);
      next_ = begin;
      {
        std::vector<std::jthread> pool;
        for (std::size_t i = 1; i < threads; ++i) pool.emplace_back([this] { work(); });
        work();
      }
      if (failure_) std::rethrow_exception(failure_);
      if (stop_.stop_requested()) throw Cancelled();
      takeBlock();
    }
    std::sort(pairs_.begin(), pairs_.end(),
              [](const NearPair& a, const NearPair& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
    return std::move(pairs_);
  }

 private:
  static std::vector<std::uint64_t> hashesOf(std::span<const PhotoSketch> sketches) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(sketches.size());
    for (const PhotoSketch& sketch : sketches) hashes.push_back(sketch.hashes[0]);
    return hashes;
  }

  void work() {
    std::vector<NearPair> found;
    try {
      for (;;) {
        const std::uint32_t begin = next_.fetch_add(kChunk);
        if (begin >= blockEnd_ || stop_.stop_requested()) break;
        const std::uint32_t end = std::min(begin + kChunk, blockEnd_);
        for (std::uint32_t photo = begin; photo < end; ++photo) compare(photo, found);
        if (progress_) progress_(end, sketches_.size());
      }
    } catch (...) {
      next_ = blockEnd_;
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    block_.insert(block_.end(), found.begin(), found.end());
  }

  // With all photos of lower numbers.
  void compare(std::uint32_t photo, std::vector<NearPair>& found) const {
    const PhotoSketch& sketch = sketches_[photo];
    if (sketch.flat) return;
    std::unordered_map<std::uint32_t, NearPair> best;
    for (std::uint8_t o = 0; o < kOrientations; ++o) {
      index_.find(sketch.hashes[o], photo, [&](std::uint32_t other) {
        const float similarity = similarityOf(sketches_[other], sketch, o);
        if (similarity < static_cast<float>(options_.similarity)) return;
        NearPair& pair = best.try_emplace(other, NearPair{other, photo, similarity, o}).first->second;
        if (similarity > pair.similarity) pair = {other, photo, similarity, o};
      });
    }
    std::vector<NearPair> pairs;
    pairs.reserve(best.size());
    for (const auto& [other, pair] : best) pairs.push_back(pair);
    std::sort(pairs.begin(), pairs.end(), [](const NearPair& a, const NearPair& b) { return a.first < b.first; });
    if (pairs.size() <= kBlock) {
      found.insert(found.end(), pairs.begin(), pairs.end());
      return;
    }
    // What hangs together already needs no more than a few of so many.
    std::unordered_map<std::uint32_t, int> twins;
    for (const NearPair& pair : pairs) {
      if (pair.first >= blockBegin_ || twins[groups_.root(pair.first)]++ < kEnoughTwins) found.push_back(pair);
    }
  }

  void takeBlock() {
    for (const NearPair& pair : block_) groups_.join(pair.first, pair.second);
    pairs_.insert(pairs_.end(), block_.begin(), block_.end());
    block_.clear();
  }

  const std::span<const PhotoSketch> sketches_;
  const NearOptions& options_;
  const std::stop_token stop_;
  const Progress& progress_;
  const HashIndex index_;
  UnionFind groups_;  // by what was found in earlier blocks
  std::vector<NearPair> pairs_;
  std::uint32_t blockBegin_ = 0, blockEnd_ = 0;
  std::atomic<std::uint32_t> next_ = 0;
  std::mutex mutex_;  // of the members below
  std::vector<NearPair> block_;
  std::exception_ptr failure_;
};

}  // namespace

HashIndex::HashIndex(std::vector<std::uint64_t> hashes, int distance) : hashes_(std::move(hashes)), distance_(distance), tables_(kParts) {
  for (std::uint32_t change = 0; change <= UINT16_MAX; ++change) {
    if (std::popcount(change) <= distance / kParts) changes_.push_back(static_cast<std::uint16_t>(change));
  }
  for (int part = 0; part < kParts; ++part) {
    const auto valueOf = [&](std::size_t i) { return static_cast<std::uint16_t>(hashes_[i] >> (part * kPartBits)); };
    Table& table = tables_[static_cast<std::size_t>(part)];
    table.begins.assign((std::size_t{1} << kPartBits) + 1, 0);
    for (std::size_t i = 0; i < hashes_.size(); ++i) ++table.begins[valueOf(i) + std::size_t{1}];
    for (std::size_t value = 1; value < table.begins.size(); ++value) table.begins[value] += table.begins[value - 1];
    table.numbers.resize(hashes_.size());
    std::vector<std::uint32_t> place(table.begins.begin(), table.begins.end() - 1);
    for (std::uint32_t i = 0; i < hashes_.size(); ++i) table.numbers[place[valueOf(i)]++] = i;
  }
}

void HashIndex::find(std::uint64_t hash, std::uint32_t end, const std::function<void(std::uint32_t)>& found) const {
  const auto partDistance = [](std::uint64_t difference, int part) { return std::popcount(static_cast<std::uint16_t>(difference >> (part * kPartBits))); };
  for (int part = 0; part < kParts; ++part) {
    const Table& table = tables_[static_cast<std::size_t>(part)];
    const auto value = static_cast<std::uint16_t>(hash >> (part * kPartBits));
    for (const std::uint16_t change : changes_) {
      const std::size_t bucket = value ^ change;
      for (std::uint32_t i = table.begins[bucket]; i < table.begins[bucket + 1]; ++i) {
        const std::uint32_t number = table.numbers[i];
        if (number >= end) break;
        const std::uint64_t difference = hashes_[number] ^ hash;
        if (std::popcount(difference) > distance_) continue;
        // An earlier part that is as near has found it already.
        bool before = false;
        for (int earlier = 0; earlier < part; ++earlier) before = before || partDistance(difference, earlier) <= distance_ / kParts;
        if (!before) found(number);
      }
    }
  }
}

std::vector<NearPair> nearPairs(std::span<const PhotoSketch> sketches, const NearOptions& options, int threads, std::stop_token stop,
                                const Progress& progress) {
  if (options.hash_distance < 0 || options.hash_distance > 63) throw Error("hash_distance must lie between 0 and 63 bits");
  if (!(options.similarity > 0.5 && options.similarity <= 1)) throw Error("the similarity of near duplicates must be above 0.5 and at most 1");
  Searcher searcher(sketches, options, std::move(stop), progress);
  const auto wanted = threads > 0 ? static_cast<unsigned>(threads) : std::thread::hardware_concurrency();
  return searcher.run(std::max(wanted, 1u));
}

}  // namespace panicle
