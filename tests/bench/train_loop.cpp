// What training costs beside its arithmetic: the training epochs of a run, as execute() trains it from files
// to stored steps, beside the bare sum of forward, backward and optimizer steps on tensors that are in
// memory.
//
//   train_loop [KEY=VALUE ...]        of the run: model.arch=vit_tiny_patch16_224 stages.0.resize.size=224
//
// After every few batches of the run as many bare steps are timed, so that both meet the same machine. The run's time
// goes on from where the bare steps ended: checkpoint, bookkeeping and the wait for an epoch's first batch are in it,
// validation is not. While bare steps are timed the loader may make one batch ahead, of those few. The first epoch
// decodes the photos and is not counted, later ones find them in the presize cache. Exit status 1 when all counted
// batches together take more than 1.03 times the bare steps.
#include <sys/resource.h>
#include <torch/nn/functional/loss.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/models/autocast.h"
#include "core/models/device.h"
#include "core/models/kernels.h"
#include "core/runs/execute.h"
#include "core/train/trainer.h"
#include "tests/bench/bench_run.h"
#include "tests/bench/paired_ratios.h"

namespace {

using namespace panicle;
using Clock = std::chrono::steady_clock;

constexpr double kLimit = 1.03;
constexpr int kEpochs = 9;
constexpr std::size_t kTogether = 8;  // batches of a turn
constexpr std::size_t kTensorBatches = 16;  // that the bare steps go round

// Of the clock on the wall, and of all cores' work for this process.
struct Cost {
  double wall = 0;
  double cpu = 0;

  Cost& operator+=(const Cost& other) {
    wall += other.wall;
    cpu += other.cpu;
    return *this;
  }
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

// Listens to the run; takes its turn after every few batches.
class Watch {
 public:
  Watch(const RunSpec& spec, std::int64_t classes) : spec_(spec), classes_(classes) {}

  void operator()(const TrainEvent& event) {
    if (std::holds_alternative<RunStarted>(event)) {
      bare_ = std::make_unique<BareSteps>(spec_, classes_);
      bare_->epoch(3);  // pays for caches and memory
      watch_ = {};
    } else if (std::holds_alternative<CheckpointWritten>(event)) {
      ++written_;
    } else if (const auto* batch = std::get_if<BatchEnded>(&event)) {
      ++batches_;
      if (batch->batch < batch->batches && batches_ < kTogether) return;
      run_.push_back(watch_.cost());
      if (batch->batch < batch->batches) bareTurn();  // else after the validation
    } else if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
      bareTurn();
      endEpoch(epoch->epoch);
    }
  }

  // Of the epochs after the first.
  bench::SumRatio ratio(double Cost::*what) const {
    std::vector<double> run, bare;
    for (std::size_t i = counted_; i < run_.size(); ++i) {
      run.push_back(run_[i].*what);
      bare.push_back(bareSteps_[i].*what);
    }
    return bench::ratioOfSums(run, bare);
  }

 private:
  void bareTurn() {
    bareSteps_.push_back(bare_->epoch(std::exchange(batches_, 0)));
    watch_ = {};
  }

  void endEpoch(int epoch) {
    Cost run, bare;
    for (std::size_t i = begin_; i < run_.size(); ++i) {
      run += run_[i];
      bare += bareSteps_[i];
    }
    begin_ = run_.size();
    if (epoch == 0) counted_ = begin_;
    std::printf("%5d  %8.3f s  %8.3f s  %7.3f  %8.3f s  %8.3f s  %7.3f  %6d%s\n", epoch, run.wall, bare.wall, run.wall / bare.wall,
                run.cpu, bare.cpu, run.cpu / bare.cpu, std::exchange(written_, 0), epoch == 0 ? "  photos decoded" : "");
    std::fflush(stdout);
  }

  const RunSpec& spec_;
  std::int64_t classes_;
  std::unique_ptr<BareSteps> bare_;
  Stopwatch watch_;
  std::size_t batches_ = 0;            // since the last bare steps
  int written_ = 0;                    // models and checkpoints, since the last epoch
  std::vector<Cost> run_, bareSteps_;  // by turn
  std::size_t begin_ = 0, counted_ = 0;  // the first turn of this epoch, and of the second epoch
};

int measure(const std::vector<std::string>& settings) {
  const bench::WorkFolder folder;
  const RunSpec spec = bench::benchSpec(settings, kEpochs, folder);
  if (spec.stages[0].schedule.epochs < 2) throw Error("stages.0.schedule.epochs must be 2 or more: the first is not counted");
  setComputeThreads(spec.threads);
  const auto classes = static_cast<std::int64_t>(loadDataset(spec.data).vocab.size());
  const c10::Device device = chooseDevice(spec.device);
  std::printf("%s at %s, batch %d, augment %s, %s, on %s\n", spec.model.arch.c_str(),
              toString(makePipeline(spec, spec.stages[0]).outputSize()).c_str(), spec.batch.size,
              spec.stages[0].augment ? "on" : "off",
              enumName(resolvePrecision(spec.precision, device.str())), describeDevice(device).c_str());
  if (device.is_cpu()) std::printf("%s\n", describeLinearAlgebra().words().c_str());
  std::printf("                     wall                              processor\n");
  std::printf("epoch         run  bare steps    ratio         run  bare steps    ratio   saved\n");
  RunStore store(folder / "workspace");
  TrainControl control;
  Watch watch(spec, classes);
  const RunOutcome outcome = execute(store, spec, control, std::ref(watch));
  if (outcome.status != RunStatus::Finished) throw Error(outcome.message);
  const bench::SumRatio wall = watch.ratio(&Cost::wall);
  const bool met = wall.ratio <= kLimit;
  std::printf("epochs over their bare steps, and its 95 %% interval: %s, processor %s; at most %.2f: %s\n",
              bench::words(wall).c_str(), bench::words(watch.ratio(&Cost::cpu)).c_str(), kLimit,
              met ? "met" : "missed");
  return met ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return panicle::bench::mainOf(argc, argv, measure); }
