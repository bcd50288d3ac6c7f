// Plans for CUDA on a machine without it: beside the memory that runs of the "Road to the Top" notebooks took
// on a card, and what autocast does to tensors that are planned for.
#include <ATen/Context.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/version.h>

#include <cstdio>

#include "core/memory/planner.h"
#include "core/memory/storageless.h"
#include "core/models/autocast.h"

namespace panicle {
namespace {

constexpr double kMiB = 1 << 20;

// A run of part 3 of the notebooks: one epoch of fit_one_cycle, unfrozen, to_fp16, batches of 64 / accum,
// Resize(480, squish) and aug_transforms(size, min_scale=.75); Kaggle's P100 of 16,280 MiB, fastai 2.7 and
// timm 0.6 on torch 1.11. `mib`: of the process as the driver reported it when the epoch was over.
struct NotebookRun {
  const char* arch;
  Size image;
  int accum;
  double mib;
};

// Those runs were of a torch without fused attention: while one lives, ours does without it too.
class PlainAttention {
 public:
  PlainAttention() { use(false); }
  ~PlainAttention() { use(true); }
  PlainAttention(const PlainAttention&) = delete;
  PlainAttention& operator=(const PlainAttention&) = delete;

 private:
  static void use([[maybe_unused]] bool fused) {
#if TORCH_VERSION_MAJOR >= 2
    at::globalContext().setSDPUseFlash(fused);
#endif
  }
};

constexpr NotebookRun kRuns[]{
    {"convnext_small_in22k", {128, 128}, 1, 4846},         {"convnext_small_in22k", {128, 128}, 2, 3764},
    {"convnext_small_in22k", {128, 128}, 4, 3248},         {"convnext_large_in22k", {224, 224}, 2, 11656},
    {"convnext_large_in22k", {320, 240}, 2, 15004},        {"vit_large_patch16_224", {224, 224}, 2, 15946},
    {"swinv2_large_window12_192_22k", {192, 192}, 2, 14098}, {"swin_large_patch4_window7_224", {224, 224}, 2, 12486},
};

PlanRequest requestOf(const NotebookRun& run) {
  PlanRequest request;
  request.kind = ComputeKind::Cuda;
  request.model.arch = run.arch;
  request.image = run.image;
  request.item = Size{480, 480};
  request.augment = AugOptions{.size = run.image, .min_scale = 0.75};
  request.batch = {.size = 64 / run.accum, .accum = run.accum};
  request.precision = Precision::Fp16;
  request.fidelity = Fidelity::Fastai;  // whose gradients stay, filled with zeros
  return request;
}

// Modelled of such a process: weights, gradients, Adam's averages, autocast's copies of weights, all that is
// kept for the way back, the photos at 480 x 480 in floats on the card until they are small, the caching
// allocator's rounding and gaps. It is Panicle's networks that are rehearsed, not timm's; SwinV2 has the lowest
// ratio below, for a reason that is not known.
// Not modelled, and so in the one constant: the CUDA context with the kernels of torch (1.11 loads all of
// them), cuDNN and cuBLAS, the room that their algorithms take, and what fastai's Python holds on to.
TEST(CudaPlan, TheNotebooksRunsWithinFifteenPercent) {
  const PlainAttention plain;
  std::printf("%-30s %-9s %5s %9s %9s %9s %6s\n", "architecture", "size", "accum", "measured", "tensors",
              "predicted", "ratio");
  for (const NotebookRun& run : kRuns) {
    MemoryParts parts = planStep(requestOf(run));
    parts.overhead = kCudaOverhead;
    const double predicted = static_cast<double>(parts.total()) / kMiB;
    const double ratio = predicted / run.mib;
    std::printf("%-30s %-9s %5d %9.0f %9.0f %9.0f %6.3f\n", run.arch, toString(run.image).c_str(), run.accum,
                run.mib, static_cast<double>(parts.tensors()) / kMiB, predicted, ratio);
    EXPECT_GT(ratio, 0.85) << run.arch << " " << toString(run.image) << " accum " << run.accum;
    EXPECT_LT(ratio, 1.15) << run.arch << " " << toString(run.image) << " accum " << run.accum;
  }
}

// The constant cancels out: what 48 images more take, as the notebook found it.
TEST(CudaPlan, WhatAnImageTakesAgreesWithTheNotebook) {
  const auto mib = [](const NotebookRun& run) {
    return static_cast<double>(planStep(requestOf(run)).total()) / kMiB;
  };
  const double ratio = (mib(kRuns[0]) - mib(kRuns[2])) / (kRuns[0].mib - kRuns[2].mib);
  std::printf("an image: %.3f of what was measured\n", ratio);
  EXPECT_NEAR(ratio, 1, 0.15);
}

PlanRequest small(Precision precision) {
  PlanRequest request;
  request.kind = ComputeKind::Cuda;
  request.model.arch = "convnext_tiny_in22k";
  request.image = {64, 64};
  request.batch.size = 64;
  request.precision = precision;
  return request;
}

TEST(CudaPlan, SixteenBitsTakeLessAndBothKindsTheSame) {
  const MemoryParts full = planStep(small(Precision::Fp32));
  const MemoryParts half = planStep(small(Precision::Fp16));
  const MemoryParts brain = planStep(small(Precision::Bf16));
  EXPECT_EQ(full.weights, half.weights);
  EXPECT_LT(half.activations, full.activations);
  EXPECT_GT(half.activations, full.activations / 2);
  EXPECT_NEAR(static_cast<double>(brain.total()), static_cast<double>(half.total()),
              0.02 * static_cast<double>(half.total()));
}

TEST(CudaPlan, WeightsAreThoseOfThePlanForTheProcessor) {
  PlanRequest request = small(Precision::Fp16);
  const MemoryParts card = planStep(request);
  EXPECT_EQ(card.overhead, 0u);
  request.kind = ComputeKind::Cpu;
  request.precision = Precision::Bf16;
  const auto weights = static_cast<double>(planStep(request).weights);
  EXPECT_NEAR(static_cast<double>(card.weights), weights, 0.03 * weights);  // blocks are rounded
}

// What the card augments comes on top where the network is small.
TEST(CudaPlan, LargePhotosOnTheCardShow) {
  PlanRequest request = small(Precision::Fp16);
  const std::uint64_t without = planStep(request).total();
  request.item = Size{480, 480};
  request.augment = AugOptions{.size = request.image, .min_scale = 0.75};
  const std::uint64_t photos = std::uint64_t{64} * 480 * 480 * 3 * sizeof(float);
  EXPECT_GT(planStep(request).total(), without + photos);
}

class PlannedAutocast : public ::testing::Test {
 protected:
  static std::uint64_t allocated(const StoragelessTensors& tensors, std::size_t from) {
    std::uint64_t sum = 0;
    for (std::size_t i = from; i < tensors.log().size(); ++i) {
      if (!tensors.log()[i].freed) sum += tensors.log()[i].bytes;
    }
    return sum;
  }
};

TEST_F(PlannedAutocast, CastsAsTorchsListsForCudaSay) {
  const StoragelessTensors tensors(ComputeKind::Cuda);
  const torch::Tensor x = torch::empty({8, 16}), weight = torch::empty({32, 16});
  EXPECT_EQ(at::linear(x, weight).scalar_type(), at::kFloat);
  const Autocast autocast(c10::kCPU, Precision::Fp16);
  EXPECT_EQ(Autocast::current(c10::kCPU), Precision::Fp16);
  const torch::Tensor y = at::linear(x, weight);
  EXPECT_EQ(y.scalar_type(), at::kHalf);
  EXPECT_EQ(at::matmul(x, weight.t()).scalar_type(), at::kHalf);
  EXPECT_EQ(at::conv2d(torch::empty({2, 3, 8, 8}), torch::empty({4, 3, 3, 3})).scalar_type(), at::kHalf);
  EXPECT_EQ(at::gelu(y).scalar_type(), at::kHalf);
  EXPECT_EQ(y.softmax(-1).scalar_type(), at::kFloat);
  EXPECT_EQ(y.exp().scalar_type(), at::kFloat);
  EXPECT_EQ(y.sum().scalar_type(), at::kFloat);
  EXPECT_EQ(at::layer_norm(y, {32}).scalar_type(), at::kFloat);
  EXPECT_EQ((y + x.narrow(1, 0, 1)).scalar_type(), at::kFloat);  // on no list: torch's own promotion
  EXPECT_EQ(at::addcmul(y, y, torch::empty({32})).scalar_type(), at::kFloat);
  EXPECT_EQ(at::linear(x.to(at::kDouble), weight.to(at::kDouble)).scalar_type(), at::kDouble);
}

TEST_F(PlannedAutocast, EndsWithItsScopeAndNests) {
  const StoragelessTensors tensors(ComputeKind::Cuda);
  const torch::Tensor x = torch::empty({8, 16}), weight = torch::empty({32, 16});
  {
    const Autocast outer(c10::kCPU, Precision::Bf16);
    {
      const Autocast inner(c10::kCPU, Precision::Fp16);
      EXPECT_EQ(at::linear(x, weight).scalar_type(), at::kHalf);
    }
    EXPECT_EQ(at::linear(x, weight).scalar_type(), at::kBFloat16);
  }
  EXPECT_EQ(at::linear(x, weight).scalar_type(), at::kFloat);
  EXPECT_EQ(Autocast::current(c10::kCPU), Precision::Fp32);
}

TEST_F(PlannedAutocast, CopiesAWeightOnceWhileItLives) {
  StoragelessTensors tensors(ComputeKind::Cuda);
  const torch::Tensor x = torch::empty({8, 16}, at::kHalf);
  const torch::Tensor weight = torch::empty({32, 16}).requires_grad_();
  const std::uint64_t result = 8 * 32 * 2, copy = 32 * 16 * 2;
  for (int i = 0; i < 2; ++i) {
    const Autocast autocast(c10::kCPU, Precision::Fp16);
    std::size_t from = tensors.log().size();
    at::linear(x, weight);
    EXPECT_EQ(allocated(tensors, from), result + copy);
    from = tensors.log().size();
    at::linear(x, weight);
    EXPECT_EQ(allocated(tensors, from), result);
  }
}

TEST_F(PlannedAutocast, SoftmaxOfFp16TakesNoCopyOnCuda) {
  StoragelessTensors tensors(ComputeKind::Cuda);
  const torch::Tensor x = torch::empty({8, 16}, at::kHalf).requires_grad_();
  torch::Tensor y;
  const std::size_t from = tensors.log().size();
  {
    const Autocast autocast(c10::kCPU, Precision::Fp16);
    y = x.softmax(-1);
  }
  EXPECT_EQ(allocated(tensors, from), 8u * 16 * 4);
  y.backward(torch::empty({8, 16}));
  EXPECT_EQ(x.grad().scalar_type(), at::kHalf);
}

// Outside a plan it is torch's own.
TEST_F(PlannedAutocast, LeavesOrdinaryTensorsAlone) {
  { const StoragelessTensors tensors(ComputeKind::Cuda); }
  const Autocast autocast(c10::kCPU, Precision::Bf16);
  const torch::Tensor y = at::linear(torch::ones({2, 4}), torch::ones({3, 4}));
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_EQ(y[0][0].item<float>(), 4);
}

}  // namespace
}  // namespace panicle
