#include "core/train/step_cost.h"

#include <torch/cuda.h>
#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/models/autocast.h"
#include "core/models/device.h"
#include "core/train/trainer.h"

namespace panicle {
namespace {

constexpr int kWarmUpSteps = 2;
constexpr std::uint64_t kSeed = 42;

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A network, its optimizer and one batch.
class Step {
 public:
  Step(const StepCostOptions& options, c10::Device device, Precision precision)
      : device_(device),
        precision_(precision),
        update_(options.update),
        model_(std::make_shared<Classifier>(options.model, options.classes, options.size, kSeed)) {
    if (options.channels_last) model_->toChannelsLast();
    model_->to(device);
    model_->train();
    model_->seedDropout(kSeed);
    const auto layout = options.channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    images_ = torch::randn({options.batch, 3, options.size.height, options.size.width},
                           makeGenerator(c10::kCPU, kSeed))
                  .to(device)
                  .contiguous(layout);
    targets_ = torch::arange(options.batch, torch::TensorOptions().dtype(torch::kLong).device(device))
                   .remainder(options.classes);
    optimizer_ = std::make_unique<Optimizer>(optimizedParameters(*model_), OptimizerOptions{});
    constexpr double kRate = 1e-4;  // any: only the work counts
    rates_.lr.assign(model_->parameterGroups().size(), kRate);
  }

  double multiplyAdds(Size size) const {
    return static_cast<double>(model_->architecture().multiply_adds(size));
  }

  // Seconds that it took.
  double run() {
    const auto start = std::chrono::steady_clock::now();
    forward().backward();
    if (update_) optimizer_->step(rates_);
    optimizer_->zeroGrad();
    if (device_.is_cuda()) torch::cuda::synchronize();
    return secondsSince(start);
  }

 private:
  torch::Tensor forward() {
    const Autocast autocast(device_, precision_);
    return torch::nn::functional::cross_entropy(model_->forward(images_).to(torch::kFloat32), targets_);
  }

  c10::Device device_;
  Precision precision_;
  bool update_;
  std::shared_ptr<Classifier> model_;
  std::unique_ptr<Optimizer> optimizer_;
  StepRates rates_;
  torch::Tensor images_, targets_;
};

StepCost measure(const StepCostOptions& options, std::stop_token stop, const Progress& progress) {
  const c10::Device device = chooseDevice(options.device);
  StepCost cost{.precision = resolvePrecision(options.precision, device.str()),
                .device = describeDevice(device)};
  const KeptMemory kept;
  Step step(options, device, cost.precision);
  std::vector<double> seconds;
  const auto total = static_cast<std::uint64_t>(kWarmUpSteps + options.steps);
  for (std::uint64_t done = 0; done < total; ++done) {
    if (stop.stop_requested()) throw Cancelled();
    const double taken = step.run();
    if (done >= kWarmUpSteps) seconds.push_back(taken);
    if (progress) progress(done + 1, total);
  }
  std::sort(seconds.begin(), seconds.end());
  cost.fastest = seconds.front();
  cost.seconds = seconds[seconds.size() / 2];
  cost.images_per_second = options.batch / cost.seconds;
  constexpr double kPasses = 3, kOperations = 2;
  cost.gflops = kPasses * kOperations * step.multiplyAdds(options.size) * cost.images_per_second / 1e9;
  return cost;
}

}  // namespace

StepCost measureStep(const StepCostOptions& options, std::stop_token stop, const Progress& progress) {
  if (options.steps < 1 || options.batch < 2)
    throw Error("a step is measured on two images or more, at least once");
  setComputeThreads(options.threads);
  try {
    return measure(options, stop, progress);
  } catch (const c10::Error& error) {
    if (!isOutOfMemory(error)) throw Error(error.what_without_backtrace());
    throw OutOfMemory("out of memory with " + options.model.arch + ", batch " +
                      std::to_string(options.batch) + ", size " + toString(options.size) +
                      "; take a smaller batch or smaller images");
  }
}

double measureMatrixProduct(Precision precision, int threads) {
  setComputeThreads(threads);
  const torch::NoGradGuard noGrad;
  constexpr std::int64_t kSide = 1536;
  constexpr int kTimes = 8;
  const auto type = precision == Precision::Bf16 ? at::kBFloat16 : precision == Precision::Fp16 ? at::kHalf : at::kFloat;
  const auto a = torch::ones({kSide, kSide}).mul_(1e-3).to(type), b = a.clone();
  torch::mm(a, b);
  double best = 1e9;
  for (int i = 0; i < kTimes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    torch::mm(a, b);
    best = std::min(best, secondsSince(start));
  }
  return 2.0 * kSide * kSide * kSide / best / 1e9;
}

}  // namespace panicle
