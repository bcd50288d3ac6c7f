// Near duplicates, against their limits: how many of the pairs that a provenance table tells are found and how many are false, and how long it
// takes over a data set of full size.
//
//   duplicates_bench PROVENANCE_DIR [PHOTOS_DIR] [--images N]
//
// PROVENANCE_DIR holds photos and provenance.csv with image_id and near_dup_group. Of the photos of PHOTOS_DIR (without it the same) N different ones
// of 480 x 640 are made, each another crop and another file, so that every one of them must be read, hashed and compared.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <string>
#include <thread>

#include "core/base/random.h"
#include "core/data/csv.h"
#include "core/data/duplicates.h"

namespace {

using namespace panicle;

constexpr double kRecall = 0.95, kFalse = 0.01, kSeconds = 30;

double secondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Dataset load(const std::filesystem::path& root) {
  DataOptions options;
  options.root = root.string();
  return loadDataset(options);
}

using Pairs = std::set<std::pair<std::string, std::string>>;

void addPairs(const std::vector<std::string>& group, Pairs& pairs) {
  for (std::size_t a = 0; a < group.size(); ++a) {
    for (std::size_t b = a + 1; b < group.size(); ++b) pairs.insert(std::minmax(group[a], group[b]));
  }
}

bool measurePairs(const std::filesystem::path& root) {
  const Dataset dataset = load(root);
  Duplicates found;
  const double seconds = secondsOf([&] { found = findDuplicates(dataset); });
  Pairs have, want;
  for (const PhotoGroup& group : found.groups) {
    std::vector<std::string> names;
    for (const std::uint32_t photo : group) names.push_back(std::filesystem::path(photoAt(dataset, photo).path).filename().string());
    addPairs(names, have);
  }
  const CsvTable table = readCsv(root / "provenance.csv");
  const std::size_t id = table.requireColumn("image_id"), group = table.requireColumn("near_dup_group");
  std::map<std::string, std::vector<std::string>> known;
  for (const auto& row : table.rows) known[row[group]].push_back(row[id]);
  for (const auto& [name, members] : known) addPairs(members, want);
  const auto right = static_cast<double>(std::ranges::count_if(want, [&](const auto& pair) { return have.contains(pair); }));
  const double recall = right / static_cast<double>(want.size());
  const double wrong = 1 - right / static_cast<double>(std::max<std::size_t>(1, have.size()));
  const bool good = recall >= kRecall && wrong < kFalse;
  std::printf("%zu photos in %.2f s: %zu of %zu pairs known are found, %.2f %% (limit %.0f %%); of %zu pairs found %.2f %% are not known (limit %.0f %%): %s\n",
              dataset.items.size(), seconds, static_cast<std::size_t>(right), want.size(), 100 * recall, 100 * kRecall, have.size(), 100 * wrong,
              100 * kFalse, good ? "held" : "MISSED");
  return good;
}

void writeCrops(const std::filesystem::path& from, const std::filesystem::path& to, std::size_t count) {
  const Dataset photos = load(from);
  std::filesystem::create_directories(to / "photos");
  std::atomic<std::size_t> next = 0;
  const auto write = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      RandomStream stream(1, "crop", 0, i);
      const cv::Mat photo = cv::imread(photos.file(photos.items[i % photos.items.size()]).string());
      const double share = stream.uniform(0.6, 0.95);
      const cv::Size size(static_cast<int>(photo.cols * share), static_cast<int>(photo.rows * share));
      const cv::Point corner(static_cast<int>(stream.uniform() * (photo.cols - size.width)), static_cast<int>(stream.uniform() * (photo.rows - size.height)));
      cv::Mat crop;
      cv::resize(photo(cv::Rect(corner, size)), crop, {480, 640}, 0, 0, cv::INTER_CUBIC);
      cv::imwrite((to / "photos" / (std::to_string(i) + ".jpg")).string(), crop, {cv::IMWRITE_JPEG_QUALITY, 95});
    }
  };
  std::vector<std::jthread> pool;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) pool.emplace_back(write);
  write();
}

bool measureTime(const std::filesystem::path& photos, std::size_t count) {
  const auto folder = std::filesystem::temp_directory_path() / ("panicle-duplicates-bench-" + std::to_string(::getpid()));
  writeCrops(photos, folder, count);
  const Dataset dataset = load(folder);
  Duplicates found;
  const double seconds = secondsOf([&] { found = findDuplicates(dataset, {}, 2); });
  std::filesystem::remove_all(folder);
  std::vector<PhotoSketch> sketches(count);
  RandomStream stream(2);
  for (PhotoSketch& sketch : sketches) {
    for (auto& hash : sketch.hashes) hash = stream.next();
  }
  const double search = secondsOf([&] { nearPairs(sketches, {}, 2); });
  std::printf("%zu photos of 480 x 640, two threads: %.1f s from files to %zu groups (limit %.0f s), of which all pairs of as many random hashes take %.1f s: %s\n",
              count, seconds, found.groups.size(), kSeconds, search, seconds < kSeconds ? "held" : "MISSED");
  return seconds < kSeconds;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> folders;
  std::size_t images = 10'407;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--images" && i + 1 < argc) {
      images = std::stoul(argv[++i]);
    } else {
      folders.emplace_back(argv[i]);
    }
  }
  if (folders.empty() || folders.size() > 2) {
    std::fprintf(stderr, "usage: duplicates_bench PROVENANCE_DIR [PHOTOS_DIR] [--images N]\n");
    return 2;
  }
  try {
    const bool pairs = measurePairs(folders.front());
    const bool time = measureTime(folders.back(), images);
    return pairs && time ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
