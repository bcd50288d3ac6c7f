#include "core/data/census.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <iterator>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "core/data/folder_scan.h"

namespace panicle {
namespace {

constexpr std::size_t kChunk = 64;  // files that a thread takes at a time

// What one thread found; sums and sorted lists, so that the threads' shares can be joined in any order.
struct Share {
  std::map<std::pair<int, int>, std::size_t> sizes;
  std::map<int, std::size_t> orientations;
  std::vector<BadFile> bad;
};

class Counter {
 public:
  Counter(const Dataset& dataset, const DecodeOptions& options, std::stop_token stop,
          const Progress& progress)
      : dataset_(dataset),
        options_(options),
        stop_(std::move(stop)),
        progress_(progress),
        total_(dataset.items.size() + dataset.test.size()) {}

  void run(std::size_t threads) {
    {
      std::vector<std::jthread> pool;
      for (std::size_t i = 1; i < threads; ++i) pool.emplace_back([this] { work(); });
      work();
    }
    if (failure_) std::rethrow_exception(failure_);
    if (stop_.stop_requested()) throw Cancelled();
  }

  Share take() { return std::move(joined_); }

 private:
  void work() {
    Share share;
    try {
      for (;;) {
        const std::size_t begin = next_.fetch_add(kChunk);
        if (begin >= total_ || stop_.stop_requested()) break;
        const std::size_t end = std::min(begin + kChunk, total_);
        for (std::size_t i = begin; i < end; ++i) look(item(i), share);
        const std::size_t done = done_.fetch_add(end - begin) + (end - begin);
        if (progress_) progress_(done, total_);
      }
    } catch (...) {
      next_ = total_;
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    join(share);
  }

  const Item& item(std::size_t index) const {
    const std::size_t labelled = dataset_.items.size();
    return index < labelled ? dataset_.items[index] : dataset_.test[index - labelled];
  }

  void look(const Item& item, Share& share) {
    const auto path = dataset_.file(item);
    try {
      const ImageHeader header = readImageHeader(path, options_);
      ++share.sizes[{header.height, header.width}];
      ++share.orientations[header.orientation];
    } catch (const Error& error) {
      std::string reason = error.what();
      const std::string prefix = path.string() + ": ";
      if (reason.starts_with(prefix)) reason.erase(0, prefix.size());
      share.bad.push_back({item.path, std::move(reason)});
    }
  }

  void join(Share& share) {
    const std::lock_guard lock(mutex_);
    for (const auto& [size, count] : share.sizes) joined_.sizes[size] += count;
    for (const auto& [orientation, count] : share.orientations) joined_.orientations[orientation] += count;
    std::move(share.bad.begin(), share.bad.end(), std::back_inserter(joined_.bad));
  }

  const Dataset& dataset_;
  const DecodeOptions& options_;
  const std::stop_token stop_;
  const Progress& progress_;
  const std::size_t total_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> done_ = 0;
  std::mutex mutex_;  // of the members below
  Share joined_;
  std::exception_ptr failure_;
};

}  // namespace

Census takeCensus(const Dataset& dataset, const DecodeOptions& options, int threads, std::stop_token stop,
                  const Progress& progress) {
  Counter counter(dataset, options, std::move(stop), progress);
  const auto wanted = threads > 0 ? static_cast<unsigned>(threads) : std::thread::hardware_concurrency();
  counter.run(std::max(wanted, 1u));
  Share found = counter.take();
  std::sort(found.bad.begin(), found.bad.end(),
            [](const BadFile& a, const BadFile& b) { return pathLess(a.path, b.path); });
  Census census;
  census.images = dataset.items.size();
  census.test_images = dataset.test.size();
  census.class_counts = classCounts(dataset);
  census.sizes = std::move(found.sizes);
  census.orientations = std::move(found.orientations);
  census.bad = std::move(found.bad);
  return census;
}

}  // namespace panicle
