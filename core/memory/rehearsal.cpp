#include "core/memory/rehearsal.h"

#include <torch/types.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/memory/card_batch.h"
#include "core/memory/meter.h"
#include "core/memory/storageless.h"
#include "core/models/autocast.h"
#include "core/models/device.h"
#include "core/train/fit_steps.h"
#include "core/train/model_copy.h"
#include "core/train/objective.h"
#include "core/train/trainer.h"
#include "core/transforms/mix_torch.h"

#ifdef PANICLE_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace panicle {
namespace {

constexpr std::uint64_t kSeed = 42;
constexpr int kSteps = 2;    // of the optimizer: the second has the state from the beginning
constexpr int kBatches = 2;  // of a step at most: the third finds gradients as the second does

// Told of what is allocated from now on; does nothing on ordinary tensors.
class Notes {
 public:
  explicit Notes(StoragelessTensors* tensors) : tensors_(tensors) {}
  void purpose(Purpose purpose) const {
    if (tensors_) tensors_->setPurpose(purpose);
  }
  // Of a first gradient: those after it are added to it and go.
  void watchGradientsOf(const std::vector<OptimizedParameter>& parameters) const {
    if (!tensors_) return;
    for (const OptimizedParameter& parameter : parameters) {
      if (!parameter.tensor.requires_grad()) continue;
      const auto* owner = parameter.tensor.unsafeGetTensorImpl();  // which the hook lives in
      parameter.tensor.register_hook([tensors = tensors_, owner](const at::Tensor& gradient) {
        if (!owner->grad().defined()) tensors->setPurposeOf(gradient, Purpose::Gradients);
      });
    }
  }
  void stepped() const {
    if (tensors_) tensors_->setPurposeOfRest(Purpose::Workspace, Purpose::Optimizer);
  }

 private:
  StoragelessTensors* tensors_;
};

std::shared_ptr<const std::vector<TargetColumn>> targetsOf(const PlanRequest& request) {
  TargetColumn target;
  target.kind.classes = request.outputs > 1 ? static_cast<std::size_t>(request.outputs) : 0;
  target.values.assign(static_cast<std::size_t>(request.batch.size), 0);
  return std::make_shared<const std::vector<TargetColumn>>(1, std::move(target));
}

MixDraw anyMix(std::size_t images) {
  MixDraw draw;
  draw.partner.assign(images, 0);
  draw.share.assign(images, 0.5F);
  return draw;
}

// As batchTensor() makes it of a loader's batch.
torch::Tensor imagesOf(const PlanRequest& request, c10::Device device) {
  if (request.kind == ComputeKind::Cuda && request.item) return augmentedBatch(request, device);
  return torch::empty({request.batch.size, 3, request.image.height, request.image.width},
                      torch::TensorOptions(device), torch::MemoryFormat::ChannelsLast);
}

class Rehearsal {
 public:
  // `loaded`: the batch as the loader has it in memory, for the CPU; undefined for others.
  Rehearsal(const PlanRequest& request, c10::Device device, torch::Tensor loaded, Notes notes,
            std::stop_token stop);
  void run();

 private:
  std::shared_ptr<Classifier> makeModel() const;
  std::vector<ModelCopy> makeCopies() const;
  torch::Tensor images() const;
  torch::Tensor logits(const torch::Tensor& images);
  torch::Tensor lossOf();
  void trainBatch();
  void validate();
  void begin(Purpose purpose) const;

  const PlanRequest& request_;
  const c10::Device device_;
  const torch::Tensor loaded_;
  const Notes notes_;
  const std::stop_token stop_;
  const std::shared_ptr<Classifier> model_;
  const std::vector<ModelCopy> copies_;
  const Objective objective_;
  FitSteps steps_;
  std::vector<std::uint32_t> items_;
};

Rehearsal::Rehearsal(const PlanRequest& request, c10::Device device, torch::Tensor loaded, Notes notes,
                     std::stop_token stop)
    : request_(request),
      device_(device),
      loaded_(std::move(loaded)),
      notes_(notes),
      stop_(std::move(stop)),
      model_(makeModel()),
      copies_(makeCopies()),
      objective_(targetsOf(request), request.loss, {}, device),
      steps_(optimizedParameters(*model_), request.optimizer,
             {.fidelity = request.fidelity,
              .clip = request.clip ? std::optional(1.0) : std::nullopt,
              .scaled = request.precision == Precision::Fp16}),
      items_(static_cast<std::size_t>(request.batch.size)) {
  std::iota(items_.begin(), items_.end(), 0U);
}

void Rehearsal::begin(Purpose purpose) const {
  if (stop_.stop_requested()) throw Cancelled();
  notes_.purpose(purpose);
}

std::shared_ptr<Classifier> Rehearsal::makeModel() const {
  begin(Purpose::Weights);
  auto model = std::make_shared<Classifier>(request_.model, request_.outputs, request_.image, kSeed);
  model->toChannelsLast();
  model->to(device_);
  model->setFrozen(request_.frozen);
  notes_.watchGradientsOf(optimizedParameters(*model));
  return model;
}

std::vector<ModelCopy> Rehearsal::makeCopies() const {
  begin(Purpose::Copies);
  std::vector<ModelCopy> copies;
  for (int i = 0; i < request_.model_copies; ++i) copies.emplace_back(*model_);
  return copies;
}

torch::Tensor Rehearsal::images() const {
  begin(Purpose::Batch);
  if (loaded_.defined()) return loaded_;
  return imagesOf(request_, device_);
}

torch::Tensor Rehearsal::logits(const torch::Tensor& images) {
  const Autocast autocast(device_, request_.precision);
  return model_->forward(images).to(torch::kFloat32);
}

torch::Tensor Rehearsal::lossOf() {
  torch::Tensor input = images();
  if (!request_.mix) {
    begin(Purpose::Activations);
    return objective_.loss(logits(input), items_);
  }
  const MixDraw mix = anyMix(items_.size());
  input = applyMix(input, mix);
  begin(Purpose::Activations);
  return objective_.loss(logits(input), items_, &mix);
}

void Rehearsal::trainBatch() {
  const torch::Tensor loss = lossOf();
  begin(Purpose::Workspace);
  if (steps_.take(loss, items_.size(), false).stepped) notes_.stepped();
}

void Rehearsal::validate() {
  const torch::NoGradGuard noGrad;
  model_->eval();
  const torch::Tensor input = images();
  begin(Purpose::Activations);
  objective_.loss(logits(input), items_).item<double>();
}

void Rehearsal::run() {
  FitPhase phase;
  phase.lr_max.assign(model_->parameterGroups().size(), 1e-3);
  BatchOptions batch = request_.batch;
  const int batches = std::min(kBatches, (batch.effectiveSize() + batch.size - 1) / batch.size);
  batch.effective.reset();
  batch.accum = batches;
  steps_.beginFit(phase, batch, static_cast<std::size_t>(kSteps * batches));
  steps_.beginEpoch(0);
  model_->train();
  for (int i = 0; i < kSteps * batches; ++i) trainBatch();
  validate();
}

// The highest use of memory since it was made.
class PeakOf {
 public:
  explicit PeakOf(c10::Device device) : device_(device) {
#ifdef PANICLE_CUDA
    if (device.is_cuda()) {
      c10::cuda::CUDACachingAllocator::emptyCache();
      c10::cuda::CUDACachingAllocator::resetPeakStats(device.index());
    }
#endif
    resetPeakTensorBytes();
    before_ = liveTensorBytes();
  }

  std::uint64_t bytes() const {
#ifdef PANICLE_CUDA
    if (device_.is_cuda()) {
      const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device_.index());
      constexpr std::size_t kAll = 0;  // of small and large blocks together
      return static_cast<std::uint64_t>(stats.reserved_bytes[kAll].peak);
    }
#endif
    return peakTensorBytes() - before_;
  }

 private:
  const TensorTracking tracking_;
  const c10::Device device_;
  std::uint64_t before_ = 0;
};

}  // namespace

AllocationLog rehearse(const PlanRequest& request, std::stop_token stop) {
  setComputeThreads(request.threads);
  const bool cuda = request.kind == ComputeKind::Cuda;
  // Made before: nothing touches its memory.
  const torch::Tensor loaded = cuda ? torch::Tensor() : imagesOf(request, c10::kCPU);
  StoragelessTensors tensors(request.kind);
  Rehearsal(request, c10::kCPU, loaded, Notes(&tensors), std::move(stop)).run();
  return tensors.log();
}

std::uint64_t performForReal(const PlanRequest& request, c10::Device device, std::stop_token stop) {
  setComputeThreads(request.threads);
  torch::Tensor loaded;
  if (device.is_cpu()) loaded = imagesOf(request, device).zero_();
  const PeakOf peak(device);
  Rehearsal(request, device, loaded, Notes(nullptr), std::move(stop)).run();
  return peak.bytes();
}

}  // namespace panicle
