// What a checkpoint costs a training on the processor: the time for which it stands still while the bytes are copied, and what the steps lose while
// the disk is written and the checkpoint is read back beside them.
//
//   checkpoint_cost [ARCH ...]        default: resnet26d convnext_large_in22k
//
// Steps are as a run's at default settings, on noise: 128 pixels, batch 64 (convnext_large_in22k: 4). The share is that of the default settings: a
// checkpoint each 5 minutes, and one at the end of an epoch of Paddy's 8,326 training photos. Exit status 1 when resnet26d's is 2 % or more.
#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/models/device.h"
#include "core/runs/background_writer.h"
#include "core/runs/checkpoint.h"
#include "core/runs/checkpoint_options.h"
#include "core/train/trainer.h"
#include "tests/bench/bench_run.h"

namespace {

using namespace panicle;
using Clock = std::chrono::steady_clock;

constexpr double kLimit = 0.02;
constexpr int kTimedSteps = 7;
constexpr int kCheckpoints = 3;
constexpr std::int64_t kClasses = 10, kPhotos = 8326;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// A network in training.
class Training {
 public:
  Training(const std::string& arch, std::int64_t batch)
      : batch_(batch), model_(std::make_shared<Classifier>(ModelOptions{.arch = arch}, kClasses, Size{128, 128}, 1)) {
    model_->toChannelsLast();
    model_->train();
    optimizer_ = std::make_unique<Optimizer>(optimizedParameters(*model_), OptimizerOptions{});
    rates_.lr.assign(model_->parameterGroups().size(), 1e-4);
    images_ = torch::randn({batch, 3, 128, 128}).contiguous(at::MemoryFormat::ChannelsLast);
    targets_ = torch::randint(kClasses, {batch}, torch::kLong);
  }

  double step() {
    const auto begin = Clock::now();
    torch::nn::functional::cross_entropy(model_->forward(images_), targets_).backward();
    optimizer_->step(rates_);
    optimizer_->zeroGrad();
    return since(begin);
  }
  TrainerState state() const {
    TrainerState state;
    state.add("model.", model_->stateDict());
    optimizer_->save(state);
    return state;
  }
  std::int64_t batch() const { return batch_; }

 private:
  std::int64_t batch_;
  std::shared_ptr<Classifier> model_;
  std::unique_ptr<Optimizer> optimizer_;
  StepRates rates_;
  torch::Tensor images_, targets_;
};

struct Cost {
  double copy = 0;  // the training stands still
  double disk = 0;  // until it is whole and verified
  double lost = 0;  // by the steps meanwhile
};

Cost checkpoint(Training& training, BackgroundWriter& writer, const std::filesystem::path& folder, std::uint64_t number, double step) {
  Cost cost;
  const auto begin = Clock::now();
  const auto staged = std::make_shared<StagedCheckpoint>(folder, number, training.state(), CheckpointNote{});
  cost.copy = since(begin);
  writer.submit("checkpoint", [staged] { staged->commit(1); }, [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  while (!writer.idle()) cost.lost += training.step() - step;
  cost.disk = since(begin);
  writer.report();
  return cost;
}

// Whether it is within the limit.
bool measure(const std::string& arch, std::int64_t batch, const std::filesystem::path& folder) {
  Training training(arch, batch);
  for (int i = 0; i < 2; ++i) training.step();
  std::vector<double> steps;
  for (int i = 0; i < kTimedSteps; ++i) steps.push_back(training.step());
  const double step = median(steps);
  BackgroundWriter writer;
  std::vector<double> copies, disks, costs;
  for (std::uint64_t i = 1; i <= kCheckpoints; ++i) {
    const Cost cost = checkpoint(training, writer, folder / arch, i, step);
    copies.push_back(cost.copy);
    disks.push_back(cost.disk);
    costs.push_back(cost.copy + std::max(cost.lost, 0.0));
  }
  const double epoch = step * static_cast<double>(kPhotos / training.batch());
  const double between = std::min(epoch, 60 * CheckpointOptions{}.every_minutes);
  const double share = median(costs) / between;
  std::printf("%s: %.0f MiB, a step of %ld photos %.3f s\n", arch.c_str(), static_cast<double>(checkpointBytes(training.state())) / (1 << 20),
              static_cast<long>(training.batch()), step);
  std::printf("  the training stands still for %.3f s, the checkpoint is on disk after %.2f s, all in all it costs %.3f s\n", median(copies),
              median(disks), median(costs));
  std::printf("  an epoch trains for %.0f s: one checkpoint in %.0f s is %.2f %%\n", epoch, between, 100 * share);
  return share < kLimit;
}

int measureAll(const std::vector<std::string>& asked) {
  const bench::WorkFolder folder;
  setComputeThreads(0);
  std::printf("%s\n", describeLinearAlgebra().words().c_str());
  const std::vector<std::string> archs = asked.empty() ? std::vector<std::string>{"resnet26d", "convnext_large_in22k"} : asked;
  bool met = true;
  for (const std::string& arch : archs) {
    const bool small = measure(arch, arch == "convnext_large_in22k" ? 4 : 64, folder / "checkpoints");
    met = met && (small || arch != "resnet26d");
  }
  return met ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return panicle::bench::mainOf(argc, argv, measureAll);
}
