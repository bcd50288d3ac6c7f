// What training costs beside its arithmetic: the training epochs of a run, as execute() trains it from files
// to stored steps, beside the bare sum of forward, backward and optimizer steps on tensors that are in
// memory.
//
//   train_loop [DATA] [--arch resnet18] [--size 128] [--batch 32] [--epochs 6] [--threads N] [--per-class 64]
//              [--augment on|off]
//
// DATA are class folders or a CSV's folder; without it sample photos are made, --per-class of each of the ten
// classes. After each epoch of the run, and before the next, as many bare steps are timed, so that both meet
// the same machine. An epoch's time is from the end of the one before (checkpoint and bookkeeping included,
// validation not) to the end of its last batch. The first epoch decodes the photos, later ones find them in
// the presize cache. As other work only ever slows, the fastest epochs are compared. Exit status 1 when an
// epoch after the first takes more than 1.03 times the bare steps.
#include <sys/resource.h>
#include <torch/nn/functional/loss.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/sample_data.h"
#include "core/models/autocast.h"
#include "core/models/device.h"
#include "core/models/kernels.h"
#include "core/runs/execute.h"
#include "core/train/trainer.h"

namespace {

using namespace panicle;
using Clock = std::chrono::steady_clock;

constexpr double kLimit = 1.03;
constexpr std::size_t kTensorBatches = 16;  // that the bare steps go round

struct Arguments {
  std::string data;
  std::string arch = "resnet18";
  int size = 128;
  int batch = 32;
  int epochs = 6;
  int threads = 0;
  int per_class = 64;
  bool augment = true;
};

// A folder of its own, gone with the object.
class WorkFolder {
 public:
  WorkFolder()
      : path_(std::filesystem::temp_directory_path() / ("panicle-train-loop-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~WorkFolder() { std::filesystem::remove_all(path_); }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Of the clock on the wall, and of all cores' work for this process.
struct Cost {
  double wall = 0;
  double cpu = 0;
};

class Stopwatch {
 public:
  Cost cost() const {
    return {std::chrono::duration<double>(Clock::now() - start_).count(), processSeconds() - cpu_};
  }

 private:
  static double processSeconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  Clock::time_point start_ = Clock::now();
  double cpu_ = processSeconds();
};

double least(const std::vector<Cost>& costs, double Cost::*what, std::size_t from = 0) {
  double found = costs[from].*what;
  for (std::size_t i = from; i < costs.size(); ++i) found = std::min(found, costs[i].*what);
  return found;
}

// The same network and optimizer as the run's, on batches of noise.
class BareSteps {
 public:
  BareSteps(const RunSpec& spec, std::int64_t classes)
      : device_(chooseDevice(spec.device)),
        precision_(resolvePrecision(spec.precision, device_.str())),
        model_(std::make_shared<Classifier>(spec.model, classes,
                                            makePipeline(spec, spec.stages[0]).outputSize(), spec.seed)) {
    model_->toChannelsLast();
    model_->to(device_);
    model_->train();
    optimizer_ = std::make_unique<Optimizer>(optimizedParameters(*model_), spec.optimizer);
    rates_.lr.assign(model_->parameterGroups().size(), 1e-4);
    const Size size = makePipeline(spec, spec.stages[0]).outputSize();
    const auto options = torch::TensorOptions().dtype(torch::kLong).device(device_);
    for (std::size_t i = 0; i < kTensorBatches; ++i) {
      images_.push_back(torch::randn({spec.batch.size, 3, size.height, size.width})
                            .to(device_)
                            .contiguous(at::MemoryFormat::ChannelsLast));
      targets_.push_back(torch::randint(classes, {spec.batch.size}, options));
    }
  }

  Cost epoch(std::size_t batches) {
    const Stopwatch watch;
    for (std::size_t i = 0; i < batches; ++i) {
      model_->seedDropout(i);
      loss(i % kTensorBatches).backward();
      optimizer_->step(rates_);
      optimizer_->zeroGrad();
    }
    return watch.cost();
  }

 private:
  torch::Tensor loss(std::size_t batch) {
    const Autocast autocast(device_, precision_);
    return torch::nn::functional::cross_entropy(model_->forward(images_[batch]).to(torch::kFloat32),
                                                targets_[batch]);
  }

  c10::Device device_;
  Precision precision_;
  std::shared_ptr<Classifier> model_;
  std::unique_ptr<Optimizer> optimizer_;
  StepRates rates_;
  std::vector<torch::Tensor> images_, targets_;
};

// Listens to the run; takes its turn when an epoch is over.
class Watch {
 public:
  Watch(const RunSpec& spec, std::int64_t classes) : spec_(spec), classes_(classes) {}

  void operator()(const TrainEvent& event) {
    if (std::holds_alternative<RunStarted>(event)) {
      bare_ = std::make_unique<BareSteps>(spec_, classes_);
      bare_->epoch(3);  // pays for caches and memory
      watch_ = {};
    } else if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->batch == batch->batches) {
      batches_ = batch->batches;
      run_.push_back(watch_.cost());
    } else if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
      bareSteps_.push_back(bare_->epoch(batches_));
      const Cost run = run_.back(), bare = bareSteps_.back();
      std::printf("%5d  %8.3f s  %8.3f s  %7.3f  %8.3f s  %8.3f s  %7.3f%s\n", epoch->epoch, run.wall,
                  bare.wall, run.wall / bare.wall, run.cpu, bare.cpu, run.cpu / bare.cpu,
                  epoch->epoch == 0 ? "  photos decoded" : "");
      std::fflush(stdout);
      watch_ = {};
    }
  }

  // The fastest epoch over the fastest bare steps; the first, which decodes, apart.
  double ratio(double Cost::*what) const { return least(run_, what, 1) / least(bareSteps_, what); }
  double firstRatio(double Cost::*what) const { return run_.front().*what / least(bareSteps_, what); }

 private:
  const RunSpec& spec_;
  std::int64_t classes_;
  std::unique_ptr<BareSteps> bare_;
  Stopwatch watch_;
  std::size_t batches_ = 0;
  std::vector<Cost> run_, bareSteps_;  // by epoch
};

RunSpec makeSpec(const Arguments& arguments) {
  RunSpec spec;
  spec.data.root = arguments.data;
  spec.model.arch = arguments.arch;
  spec.model.weights = "none";
  spec.threads = arguments.threads;
  spec.batch.size = arguments.batch;
  spec.stages[0].resize.size = {arguments.size, arguments.size};
  spec.stages[0].schedule.epochs = arguments.epochs;
  if (!arguments.augment) spec.stages[0].augment = std::nullopt;
  return spec;
}

int bench(Arguments arguments) {
  const WorkFolder folder;
  if (arguments.data.empty()) {
    arguments.data = (folder.path() / "data").string();
    writeSampleData(arguments.data, {.per_class = arguments.per_class});
  }
  const RunSpec spec = makeSpec(arguments);
  setComputeThreads(spec.threads);
  const auto classes = static_cast<std::int64_t>(loadDataset(spec.data).vocab.size());
  const c10::Device device = chooseDevice(spec.device);
  std::printf("%s, %d px, batch %d, augment %s, %s, on %s\n", arguments.arch.c_str(), arguments.size,
              arguments.batch, arguments.augment ? "on" : "off",
              enumName(resolvePrecision(spec.precision, device.str())), describeDevice(device).c_str());
  if (device.is_cpu()) std::printf("%s\n", describeLinearAlgebra().words().c_str());
  std::printf("                        wall                           processor\n");
  std::printf("epoch         run  bare steps    ratio         run  bare steps    ratio\n");
  RunStore store(folder.path() / "workspace");
  TrainControl control;
  Watch watch(spec, classes);
  const RunOutcome outcome = execute(store, spec, control, std::ref(watch));
  if (outcome.status != RunStatus::Finished) throw Error(outcome.message);
  const bool met = watch.ratio(&Cost::wall) <= kLimit;
  std::printf(
      "fastest epoch over fastest bare steps: %.3f (processor %.3f; the first epoch, with decoding: %.3f and "
      "%.3f); at most %.2f: %s\n",
      watch.ratio(&Cost::wall), watch.ratio(&Cost::cpu), watch.firstRatio(&Cost::wall),
      watch.firstRatio(&Cost::cpu), kLimit, met ? "met" : "missed");
  return met ? 0 : 1;
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  std::size_t i = 0;
  if (!words.empty() && !words[0].starts_with("--")) arguments.data = words[i++];
  for (; i < words.size(); i += 2) {
    if (i + 1 == words.size()) throw Error("a value is missing after " + words[i]);
    const std::string& value = words[i + 1];
    if (words[i] == "--arch")
      arguments.arch = value;
    else if (words[i] == "--size")
      arguments.size = std::stoi(value);
    else if (words[i] == "--batch")
      arguments.batch = std::stoi(value);
    else if (words[i] == "--epochs")
      arguments.epochs = std::max(2, std::stoi(value));
    else if (words[i] == "--threads")
      arguments.threads = std::stoi(value);
    else if (words[i] == "--per-class")
      arguments.per_class = std::stoi(value);
    else if (words[i] == "--augment")
      arguments.augment = value == "on";
    else
      throw Error("unknown option " + words[i]);
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  panicle::useBestKernels(argv);
  try {
    return bench(parse({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
