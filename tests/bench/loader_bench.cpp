// Images per second of the whole pipeline beside decoding alone, on the same files in the same run.
//
//   loader_bench FOLDER       (any folder with images; searched through)
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <numeric>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/loader/loader.h"

namespace {

using namespace panicle;

constexpr int kImages = 360;  // a measurement; files are taken again and again
constexpr int kRounds = 5;  // measurements alternate, and the best of each counts: other work only ever slows

struct Cost {
  double wall = 1e9;  // seconds
  double cpu = 1e9;   // of all threads: what counts when other programs run beside this one

  void keepBest(const Cost& other) {
    wall = std::min(wall, other.wall);
    cpu = std::min(cpu, other.cpu);
  }
};

Cost costOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpuStart = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - cpuStart) / CLOCKS_PER_SEC};
}

std::vector<std::filesystem::path> imagesBelow(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && isImagePath(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void decodeOnly(const std::vector<Sample>& samples, int threads) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (std::size_t item = next++; item < samples.size(); item = next++) decodeImage(samples[item].file);
    });
  }
}

void drain(Loader& loader, std::size_t items) {
  Pass pass{.items = std::vector<std::uint32_t>(items), .batch_size = 32, .mode = Mode::Train};
  std::iota(pass.items.begin(), pass.items.end(), 0u);
  loader.begin(std::move(pass));
  Batch batch;
  while (loader.next(batch)) {
  }
}

void measurePipeline(const std::shared_ptr<const std::vector<Sample>>& samples, ResizeMethod method,
                     Size size, int threads) {
  Pipeline pipeline;
  pipeline.resize = {.method = method, .size = size};
  pipeline.augment = AugOptions{};
  Loader loader(samples, pipeline, {.threads = threads});
  drain(loader, samples->size());  // buffers, caches
  Cost decode;
  Cost whole;
  for (int round = 0; round < kRounds; ++round) {
    decode.keepBest(costOf([&] { decodeOnly(*samples, threads); }));
    whole.keepBest(costOf([&] { drain(loader, samples->size()); }));
  }
  std::printf(
      "%d thread%s %-6s %-4s decode %5.0f img/s (CPU %.2f ms)  pipeline %5.0f img/s (CPU %.2f ms)  ratio "
      "%.2f (CPU %.2f)\n",
      threads, threads == 1 ? " " : "s", enumName(method), toString(size).c_str(), kImages / decode.wall,
      1e3 * decode.cpu / kImages, kImages / whole.wall, 1e3 * whole.cpu / kImages, decode.wall / whole.wall,
      decode.cpu / whole.cpu);
}

void measureSteps(const Image& image, ResizeMethod method, Size size) {
  const ResizeOptions options{.method = method, .size = size};
  std::vector<float> floats(3 * static_cast<std::size_t>(size.height) * size.width);
  Cost resizing;
  Cost normalizing;
  Image result;
  for (int round = 0; round < 100; ++round) {
    resizing.keepBest(costOf([&] { resize(image, options, {}, result); }));
    normalizing.keepBest(costOf([&] { augmentAndNormalize(result, {}, {}, floats); }));
  }
  std::printf("one core  %-6s %s -> %-8s resize %.3f ms   normalize %.3f ms\n", enumName(method),
              toString(Size{image.height, image.width}).c_str(), toString(size).c_str(), 1e3 * resizing.wall,
              1e3 * normalizing.wall);
}

int run(const std::filesystem::path& folder) {
  const auto files = imagesBelow(folder);
  if (files.empty()) throw Error("no images in " + folder.string());
  auto samples = std::make_shared<std::vector<Sample>>();
  for (int i = 0; i < kImages; ++i) samples->push_back({files[i % files.size()], 0});
  const Image first = decodeImage(files.front());
  for (const Size size : {Size{480, 480}, Size{128, 128}}) {
    for (const auto method : {ResizeMethod::Squish, ResizeMethod::Crop, ResizeMethod::Pad})
      measureSteps(first, method, size);
  }
  for (const Size size : {Size{480, 480}, Size{128, 128}}) {
    for (const int threads : {1, 2}) measurePipeline(samples, ResizeMethod::Squish, size, threads);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: loader_bench FOLDER\n");
    return 2;
  }
  try {
    return run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
