// Tensors that have shapes but no memory.
#include "core/memory/storageless.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <thread>

#include "core/memory/meter.h"
#include "core/models/storageless.h"

namespace panicle {
namespace {

TEST(Storageless, TensorsTakeNoMemory) {
  const std::uint64_t before = MemoryMeter().read().used_by_process;
  const StoragelessTensors tensors(ComputeKind::Cpu);
  torch::Tensor x = torch::zeros({64, 1024, 1024, 16});  // 4 GiB
  for (int i = 0; i < 5; ++i) x = (x.relu() + 1).contiguous();
  EXPECT_EQ(x.sizes(), at::IntArrayRef({64, 1024, 1024, 16}));
  EXPECT_LT(MemoryMeter().read().used_by_process, before + (std::uint64_t{1} << 30));
}

TEST(Storageless, NotesWhatIsAllocatedAndReleased) {
  StoragelessTensors tensors(ComputeKind::Cpu);
  tensors.setPurpose(Purpose::Weights);
  const torch::Tensor kept = torch::empty({100});
  tensors.setPurpose(Purpose::Workspace);
  { const torch::Tensor view = kept.view({10, 10}), sum = kept + kept; }
  tensors.setPurposeOf(kept.narrow(0, 5, 5), Purpose::Batch);
  const AllocationLog& log = tensors.log();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[0].bytes, 400U);
  EXPECT_EQ(log[0].purpose, Purpose::Batch);
  EXPECT_FALSE(log[1].freed);
  EXPECT_EQ(log[1].purpose, Purpose::Workspace);
  EXPECT_TRUE(log[2].freed);
  EXPECT_EQ(log[2].block, log[1].block);
  EXPECT_NE(log[2].block, log[0].block);
}

TEST(Storageless, TheWayBackGivesGradientsOfTheRightShape) {
  const StoragelessTensors tensors(ComputeKind::Cpu);
  const torch::Tensor weight = torch::empty({8, 3, 3, 3}).requires_grad_();
  const torch::Tensor x = torch::empty({2, 3, 16, 16});
  const torch::Tensor loss = at::gelu(at::conv2d(x, weight, {}, {2, 2}, {1, 1})).mean();
  EXPECT_EQ(loss.dim(), 0);
  loss.backward();
  EXPECT_EQ(weight.grad().sizes(), weight.sizes());
  EXPECT_EQ(loss.item<float>(), 1);
}

TEST(Storageless, IsOfOneThreadAndEnds) {
  torch::Tensor outlives;
  {
    const StoragelessTensors tensors(ComputeKind::Cpu);
    outlives = torch::ones({1000});
    EXPECT_EQ(storageless(), Storageless::Cpu);
    std::thread([] {
      EXPECT_EQ(storageless(), Storageless::No);
      EXPECT_EQ(torch::ones({1000}).sum().item<float>(), 1000);
    }).join();
  }
  EXPECT_EQ(storageless(), Storageless::No);
  EXPECT_EQ(torch::ones({1000}).sum().item<float>(), 1000);
}

TEST(Storageless, IsNotNested) {
  const StoragelessTensors tensors(ComputeKind::Cpu);
  EXPECT_THROW(StoragelessTensors(ComputeKind::Cuda), std::logic_error);
}

}  // namespace
}  // namespace panicle
