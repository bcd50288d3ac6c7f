#include "core/data/sample_data.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/data/csv.h"
#include "core/data/leaf_disease.h"

namespace panicle {
namespace {

namespace fs = std::filesystem;

constexpr int kClasses = static_cast<int>(leaf::kLabels.size());
constexpr int kJpegQuality = 90;
// Says with which options a folder was filled, so that a second call can tell an unfinished sample from
// somebody's photos.
constexpr std::string_view kMarkerName = ".panicle-sample.json";
constexpr int kPainterVersion = 1;  // raised when the same seed gives other photos than before

// How often Paddy Doctor's train.csv has each label (in vocab order), variety and age.
constexpr std::array<int, kClasses> kLabelCounts{479, 380, 337, 1738, 965, 1442, 620, 1594, 1764, 1088};

template <typename T>
struct Weighted {
  T value;
  int count;
};
constexpr std::array<Weighted<std::string_view>, 10> kVarieties{{{"ADT45", 6992},
                                                                 {"KarnatakaPonni", 988},
                                                                 {"Ponni", 657},
                                                                 {"AtchayaPonni", 461},
                                                                 {"Zonal", 399},
                                                                 {"AndraPonni", 377},
                                                                 {"Onthanel", 351},
                                                                 {"IR20", 114},
                                                                 {"RR", 36},
                                                                 {"Surya", 32}}};
constexpr std::array<Weighted<int>, 18> kAges{{{45, 505},
                                               {47, 112},
                                               {50, 1066},
                                               {55, 563},
                                               {57, 213},
                                               {60, 1660},
                                               {62, 5},
                                               {65, 774},
                                               {66, 36},
                                               {67, 415},
                                               {68, 253},
                                               {70, 3077},
                                               {72, 552},
                                               {73, 38},
                                               {75, 866},
                                               {77, 42},
                                               {80, 225},
                                               {82, 5}}};

template <typename T, std::size_t N>
T drawWeighted(const std::array<Weighted<T>, N>& choices, RandomStream& random) {
  std::uint64_t total = 0;
  for (const auto& choice : choices) total += static_cast<std::uint64_t>(choice.count);
  auto left = static_cast<std::int64_t>(random.below(total));
  for (const auto& choice : choices) {
    left -= choice.count;
    if (left < 0) return choice.value;
  }
  return choices.back().value;
}

int sumOf(const std::vector<int>& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0);
}

// `total` photos over the classes as Paddy Doctor has them, by largest remainder; with ten photos or more no
// class is empty.
std::vector<int> proportionalCounts(int total) {
  const std::int64_t sum = std::accumulate(kLabelCounts.begin(), kLabelCounts.end(), std::int64_t{0});
  std::vector<int> counts(kClasses);
  std::vector<std::pair<std::int64_t, int>> remainders;
  for (int i = 0; i < kClasses; ++i) {
    const std::int64_t share = std::int64_t{total} * kLabelCounts[i];
    counts[i] = static_cast<int>(share / sum);
    remainders.emplace_back(-(share % sum), i);
  }
  std::sort(remainders.begin(), remainders.end());
  const int left = total - sumOf(counts);
  for (int i = 0; i < left; ++i) ++counts[remainders[i].second];
  if (total < kClasses) return counts;
  for (int& count : counts) {
    if (count > 0) continue;
    --*std::max_element(counts.begin(), counts.end());
    count = 1;
  }
  return counts;
}

struct Photo {
  std::string name;  // "100001.jpg"
  std::string path;  // relative to the folder
  int target = 0;
  std::uint64_t seed = 0;
};

// Shuffled before they are numbered: a name says nothing about its class.
std::vector<Photo> planPhotos(const std::vector<int>& counts, std::string_view part, int firstId,
                              std::uint64_t seed) {
  std::vector<int> targets;
  for (int i = 0; i < kClasses; ++i) targets.insert(targets.end(), static_cast<std::size_t>(counts[i]), i);
  const std::string stream = "sample." + std::string(part);
  const auto order = permutation(targets.size(), RandomStream(seed, stream));
  std::vector<Photo> photos(targets.size());
  for (std::size_t i = 0; i < photos.size(); ++i) {
    Photo& photo = photos[i];
    photo.name = std::to_string(firstId + static_cast<int>(i)) + ".jpg";
    photo.target = targets[order[i]];
    photo.seed = streamSeed(seed, stream + ".photo", 0, i);
  }
  return photos;
}

struct Plan {
  std::vector<Photo> train;
  std::vector<Photo> test;
  Json marker;
};

Plan planSample(const SampleDataOptions& options) {
  if (options.train_images < 1 || options.test_images < 0 || options.train_images > 800'000 ||
      options.test_images > 800'000) {
    throw Error("The sample data can have 1 to 800000 training photos and 0 to 800000 test photos; " +
                std::to_string(options.train_images) + " and " + std::to_string(options.test_images) +
                " were asked for.");
  }
  if (options.per_class && (*options.per_class < 1 || *options.per_class > 80'000)) {
    throw Error("The sample data can have 1 to 80000 photos per class; " +
                std::to_string(*options.per_class) + " were asked for.");
  }
  if (options.size.width < 16 || options.size.height < 16 || options.size.width > 8192 ||
      options.size.height > 8192) {
    throw Error("The sample photos can have sides of 16 to 8192 pixels; " + toString(options.size) +
                " was asked for.");
  }
  std::vector<int> trainCounts = proportionalCounts(options.train_images);
  std::vector<int> testCounts = proportionalCounts(options.test_images);
  if (options.per_class) {
    trainCounts.assign(kClasses, *options.per_class);
    testCounts.assign(kClasses, std::max(1, *options.per_class / 5));
  }
  // Six digits as Paddy Doctor has them, seven where they would not do: all names of a part have the same
  // length.
  const int scale = sumOf(trainCounts) > 99'999 || sumOf(testCounts) > 99'999 ? 10 : 1;
  Plan plan{planPhotos(trainCounts, "train", 100'000 * scale + 1, options.seed),
            planPhotos(testCounts, "test", 200'000 * scale + 1, options.seed),
            {}};
  for (Photo& photo : plan.train)
    photo.path = "train_images/" + std::string(leaf::kLabels[photo.target]) + "/" + photo.name;
  for (Photo& photo : plan.test) photo.path = "test_images/" + photo.name;
  plan.marker = {{"painter", kPainterVersion},
                 {"seed", options.seed},
                 {"train", plan.train.size()},
                 {"test", plan.test.size()},
                 {"per_class", options.per_class.has_value()},
                 {"size", {options.size.height, options.size.width}}};
  return plan;
}

std::string trainCsv(const Plan& plan, std::uint64_t seed) {
  RandomStream random(seed, "sample.columns");
  std::map<std::pair<int, std::string>, std::string> lines;  // Paddy Doctor's order: label, then name
  for (const Photo& photo : plan.train) {
    const std::string_view variety = drawWeighted(kVarieties, random);
    const int age = drawWeighted(kAges, random);
    lines[{photo.target, photo.name}] = csvLine(
        {photo.name, std::string(leaf::kLabels[photo.target]), std::string(variety), std::to_string(age)});
  }
  std::string text = csvLine({"image_id", "label", "variety", "age"});
  for (const auto& [key, line] : lines) text += line;
  return text;
}

std::string sampleSubmissionCsv(const Plan& plan) {
  std::string text = csvLine({"image_id", "label"});
  for (const Photo& photo : plan.test) text += csvLine({photo.name, ""});
  return text;
}

// True for what an interrupted AtomicFile leaves behind: a planned name, a dot and six letters.
bool isLeftover(const std::string& path, const std::set<std::string>& planned) {
  if (path.size() < 8 || path[path.size() - 7] != '.') return false;
  return planned.contains(path.substr(0, path.size() - 7));
}

// Throws unless the folder is absent, empty or holds (a part of) this very sample. Removes half-written
// files.
void checkFolder(const fs::path& folder, const Plan& plan) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder)) throw fileError(folder, "is a file; the sample data needs a folder");
  if (fs::is_empty(folder)) return;
  std::set<std::string> planned{"train.csv", "sample_submission.csv", std::string(kMarkerName)};
  for (const auto* part : {&plan.train, &plan.test}) {
    for (const Photo& photo : *part) planned.insert(photo.path);
  }
  const fs::path marker = folder / kMarkerName;
  const bool ours = fs::exists(marker);
  if (ours && readJson(marker) != plan.marker) {
    throw fileError(folder, "holds sample data written with other options (" + readJson(marker).dump() +
                                "); choose another folder or delete this one first");
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    const std::string path = entry.path().lexically_relative(folder).generic_string();
    if (isLeftover(path, planned)) {
      fs::remove(entry.path());
    } else if (!ours || (!planned.contains(path) && entry.path().filename().string().front() != '.')) {
      throw fileError(folder, "holds '" + path +
                                  "', which is not of the sample data; choose an empty folder or a new one");
    }
  }
}

void writePhoto(const fs::path& file, const Photo& photo, Size size) {
  Image image = drawLeafPhoto(photo.target, photo.seed, size);
  const cv::Mat rgb(image.height, image.width, CV_8UC3, image.pixels.data());
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<std::uint8_t> bytes;
  if (!cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, kJpegQuality})) {
    throw fileError(file, "could not be compressed as JPEG");
  }
  writeAtomically(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// Photos differ in cost, so the workers take them one by one. The first failure stops all.
void writePhotos(const fs::path& folder, const std::vector<const Photo*>& photos, Size size,
                 std::stop_token stop, const Progress& progress) {
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < photos.size() && !failed && !stop.stop_requested(); i = next++) {
        const fs::path file = folder / fs::path(photos[i]->path);
        if (!fs::exists(file)) writePhoto(file, *photos[i], size);
        const std::size_t count = ++done;
        if (progress) progress(count, photos.size());
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    const std::size_t count = std::max(1u, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < std::min(count, photos.size()); ++i) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  if (stop.stop_requested()) throw Cancelled();
}

void writeIfAbsent(const fs::path& file, const std::string& text) {
  if (!fs::exists(file)) writeAtomically(file, text);
}

}  // namespace

void writeSampleData(const fs::path& folder, const SampleDataOptions& options, std::stop_token stop,
                     const Progress& progress) {
  const Plan plan = planSample(options);
  try {
    checkFolder(folder, plan);
    fs::create_directories(folder / "test_images");
    for (const std::string_view label : leaf::kLabels)
      fs::create_directories(folder / "train_images" / label);
    writeIfAbsent(folder / kMarkerName, plan.marker.dump() + "\n");
    std::vector<const Photo*> photos;
    for (const auto* part : {&plan.train, &plan.test}) {
      for (const Photo& photo : *part) photos.push_back(&photo);
    }
    writePhotos(folder, photos, options.size, stop, progress);
    // Last, because they are what makes the folder a data set: an unfinished one is not taken for a whole
    // one.
    writeIfAbsent(folder / "train.csv", trainCsv(plan, options.seed));
    writeIfAbsent(folder / "sample_submission.csv", sampleSubmissionCsv(plan));
  } catch (const fs::filesystem_error& error) {
    throw fileError(error.path1().empty() ? folder : error.path1(),
                    "cannot be used: " + error.code().message());
  }
}

}  // namespace panicle
