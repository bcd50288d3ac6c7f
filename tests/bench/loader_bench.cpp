// Images per second from JPEG files to normalised batches, beside decoding alone on the same files in the
// same run, and the goals that were set.
//
//   loader_bench FOLDER [--images N] [--rounds N] [--fastai ONE,TWO]
//
// FOLDER is searched through for JPEG files, which are taken again and again up to N. --fastai takes what
// tests/bench/fastai_loader.py printed for the same folder, on the same machine in the same hour: its images a
// second on one thread, and its best on two.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

// jpeglib.h needs size_t and FILE declared before it.
#include <jpeglib.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/loader/loader.h"
#include "core/loader/presize_cache.h"

namespace {

using namespace panicle;

struct Arguments {
  std::filesystem::path folder;
  int images = 360;
  int rounds =
      5;  // they alternate between the measurements, and the best of each counts: other work only ever slows
  std::array<double, 2> fastai{};  // images a second on one thread and on two; 0: not measured
};

struct Cost {
  double wall = 1e9;  // seconds
  double cpu = 1e9;   // of all threads: what counts when other programs run beside this one
};

Cost costOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpuStart = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - cpuStart) / CLOCKS_PER_SEC};
}

std::vector<Sample> photosIn(const Arguments& arguments) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments.folder)) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".jpg" || extension == ".jpeg"))
      files.push_back(entry.path());
  }
  if (files.empty()) throw Error("no JPEG files in " + arguments.folder.string());
  std::sort(files.begin(), files.end());
  std::vector<Sample> samples;
  for (int i = 0; i < arguments.images; ++i) samples.push_back({files[i % files.size()], 0});
  return samples;
}

// The limit: libjpeg-turbo as its manual says, nothing else.
void decodeAlone(const std::filesystem::path& file, std::vector<std::uint8_t>& pixels) {
  const auto bytes = readBytes(file);
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  const std::size_t stride = 3 * static_cast<std::size_t>(info.output_width);
  pixels.resize(stride * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels.data() + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
}

// `work(item)` for all items on some threads.
void forAll(std::size_t items, int threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (std::size_t item = next++; item < items; item = next++) work(item);
    });
  }
}

class Bench {
 public:
  explicit Bench(const Arguments& arguments)
      : arguments_(arguments), samples_(std::make_shared<std::vector<Sample>>(photosIn(arguments))) {}

  void run() {
    for (const int threads : {1, 2}) measure(threads);
    print();
  }

 private:
  static Pipeline pipeline(AugEngine engine) {
    Pipeline pipeline{.resize = {.method = ResizeMethod::Squish, .size = {480, 480}}};
    pipeline.augment = AugOptions{.engine = engine, .size = Size{224, 224}, .min_scale = 0.75};
    return pipeline;
  }

  void measure(int threads);
  void measureSpeed(int threads, const std::shared_ptr<PresizeCache>& cache);
  void drain(Loader& loader);
  void measurePeak(const std::string& name, LoaderOptions options);
  void print() const;
  void printGoals(int threads) const;
  double speed(const std::string& name, int threads) const {
    return arguments_.images / best_.at({name, threads}).wall;
  }
  void goal(const char* what, double value, double wanted) const {
    std::printf("  %-64s %6.2f   goal %5.2f   %s\n", what, value, wanted, value >= wanted ? "met" : "MISSED");
  }

  const Arguments arguments_;
  const std::shared_ptr<const std::vector<Sample>> samples_;
  std::map<std::pair<std::string, int>, Cost> best_;    // by measurement and threads
  std::map<std::pair<std::string, int>, double> peak_;  // MiB
  std::uint64_t epoch_ = 0;
  Batch batch_;  // kept, as memory that is new costs as much as a few images
};

// One epoch.
void Bench::drain(Loader& loader) {
  std::vector<std::uint32_t> items(samples_->size());
  std::iota(items.begin(), items.end(), 0u);
  Pass pass = trainingPass(std::move(items), 42, epoch_++, 64);
  pass.drop_last = false;
  loader.begin(std::move(pass));
  while (loader.next(batch_)) {
  }
}

// The highest resident memory since the last call, in MiB.
double takePeak() {
  std::ifstream status("/proc/self/status");
  double peak = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) peak = std::stod(line.substr(6)) / 1024;
  }
  std::ofstream("/proc/self/clear_refs") << "5";
  return peak;
}

void Bench::measure(int threads) {
  const auto folder = std::filesystem::temp_directory_path() / ("loader_bench-" + std::to_string(::getpid()));
  {
    const auto cache =
        std::make_shared<PresizeCache>(folder, pipeline(AugEngine::Fastai), std::uint64_t{8} << 30);
    measureSpeed(threads, cache);
    for (const char* name : {"fastai", "fused"}) measurePeak(name, {.threads = threads});
    for (const char* name : {"fastai, cached", "fused, cached"})
      measurePeak(name, {.threads = threads, .cache = cache});
    for (const std::string& notice : cache->takeNotices()) std::printf("%s\n", notice.c_str());
  }
  std::filesystem::remove_all(folder);
}

void Bench::measureSpeed(int threads, const std::shared_ptr<PresizeCache>& cache) {
  const std::size_t count = samples_->size();
  Loader fastai(samples_, pipeline(AugEngine::Fastai), {.threads = threads});
  Loader fused(samples_, pipeline(AugEngine::Fused), {.threads = threads});
  Loader fastaiCached(samples_, pipeline(AugEngine::Fastai), {.threads = threads, .cache = cache});
  Loader fusedCached(samples_, pipeline(AugEngine::Fused), {.threads = threads, .cache = cache});
  const auto decode = [&](std::size_t item) {
    thread_local std::vector<std::uint8_t> pixels;
    decodeAlone((*samples_)[item].file, pixels);
  };
  const auto presize = [&](std::size_t item) {
    thread_local Image image;
    loadItem(pipeline(AugEngine::Fastai), (*samples_)[item].file, {}, item, image);
  };
  const std::vector<std::pair<std::string, std::function<void()>>> measurements{
      {"decode", [&] { forAll(count, threads, decode); }},
      {"decode + resize", [&] { forAll(count, threads, presize); }},
      {"fastai", [&] { drain(fastai); }},
      {"fused", [&] { drain(fused); }},
      {"fastai, cached", [&] { drain(fastaiCached); }},
      {"fused, cached", [&] { drain(fusedCached); }},
  };
  for (const auto& [name, work] : measurements) work();  // fills buffers and both caches
  for (int round = 0; round < arguments_.rounds; ++round) {
    for (const auto& [name, work] : measurements) {
      const Cost cost = costOf(work);
      Cost& best = best_[{name, threads}];
      best.wall = std::min(best.wall, cost.wall);
      best.cpu = std::min(best.cpu, cost.cpu);
    }
  }
}

// With one loader at a time, as in a run: what the process holds at most, in MiB.
void Bench::measurePeak(const std::string& name, LoaderOptions options) {
  Loader loader(samples_, pipeline(name.starts_with("fastai") ? AugEngine::Fastai : AugEngine::Fused),
                options);
  takePeak();
  drain(loader);
  peak_[{name, options.threads}] = takePeak();
}

void Bench::print() const {
  std::printf("%d photos of %s, best of %d rounds\n", arguments_.images, arguments_.folder.c_str(),
              arguments_.rounds);
  std::printf("Resize(480, squish), aug_transforms(size=224, min_scale=0.75), Normalize; batches of 64\n\n");
  std::printf("%-18s %8s %12s %14s %10s %10s\n", "", "threads", "images/s", "CPU ms/image", "of decode",
              "peak MiB");
  for (const auto& [key, cost] : best_) {
    const auto& [name, threads] = key;
    const auto peak = peak_.find(key);
    std::printf("%-18s %8d %12.0f %14.2f %10.2f %10s\n", name.c_str(), threads, speed(name, threads),
                1e3 * cost.cpu / arguments_.images, speed(name, threads) / speed("decode", threads),
                peak == peak_.end() ? "" : std::to_string(static_cast<int>(peak->second)).c_str());
  }
  for (const int threads : {1, 2}) printGoals(threads);
  std::printf("2 threads beside 1\n");
  for (const char* name : {"fastai", "fused", "fastai, cached", "fused, cached"})
    goal(name, speed(name, 2) / speed(name, 1), 1.85);
}

void Bench::printGoals(int threads) const {
  const double limit = speed("decode", threads);
  std::printf("%d thread%s\n", threads, threads == 1 ? "" : "s");
  goal("decode + resize, of decode", speed("decode + resize", threads) / limit, 0.65);
  goal("engine fastai, of decode", speed("fastai", threads) / limit, 0.30);
  goal("engine fused, of decode", speed("fused", threads) / limit, 0.50);
  goal("engine fastai, from the second epoch on, of decode", speed("fastai, cached", threads) / limit, 1);
  goal("engine fused, from the second epoch on, of decode", speed("fused, cached", threads) / limit, 1);
  const double fastai = arguments_.fastai[threads - 1];
  if (fastai <= 0) return;
  goal("engine fastai, times fastai's own pipeline", speed("fastai", threads) / fastai, 15);
  goal("engine fused, times fastai's own pipeline", speed("fused", threads) / fastai, 15);
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (!name.starts_with("--")) {
      arguments.folder = name;
    } else if (++i == argc) {
      throw Error(name + " needs a value");
    } else if (name == "--images") {
      arguments.images = std::max(std::stoi(argv[i]), 1);
    } else if (name == "--rounds") {
      arguments.rounds = std::max(std::stoi(argv[i]), 1);
    } else if (name == "--fastai") {
      if (std::sscanf(argv[i], "%lf,%lf", &arguments.fastai[0], &arguments.fastai[1]) != 2)
        throw Error("--fastai takes two figures, such as 24.1,36.6");
    } else {
      throw Error("unknown option " + name);
    }
  }
  if (arguments.folder.empty())
    throw Error("usage: loader_bench FOLDER [--images N] [--rounds N] [--fastai ONE,TWO]");
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Bench(parse(argc, argv)).run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
