#include "ui/data/photo_facts.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/base/error.h"
#include "core/data/decode.h"

namespace panicle::ui {
namespace {

constexpr std::size_t kChunk = 64;  // photos a thread takes at a time

FileFacts factsOf(const std::filesystem::path& file) {
  try {
    const ImageHeader header = readImageHeader(file);
    return {header.width, header.height, header.orientation};
  } catch (const std::exception&) {
    return {};  // the census says why
  }
}

}  // namespace

std::vector<FileFacts> readFacts(const Dataset& dataset, int threads, std::stop_token stop,
                                 const Progress& progress) {
  const std::size_t labelled = dataset.items.size();
  const std::size_t all = labelled + dataset.test.size();
  std::vector<FileFacts> facts(all);
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto work = [&] {
    for (std::size_t first = next.fetch_add(kChunk); first < all && !stop.stop_requested();
         first = next.fetch_add(kChunk)) {
      const std::size_t last = std::min(first + kChunk, all);
      for (std::size_t i = first; i < last; ++i) {
        facts[i] = factsOf(dataset.file(i < labelled ? dataset.items[i] : dataset.test[i - labelled]));
      }
      if (progress) progress(done += last - first, all);
    }
  };
  {
    const int wanted =
        threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    std::vector<std::jthread> helpers;
    for (int i = 1; i < wanted; ++i) helpers.emplace_back(work);
    work();
  }
  if (stop.stop_requested()) throw Cancelled();
  return facts;
}

}  // namespace panicle::ui
