// The memory that a training step will take, found without taking it: the real network, the real way back and
// the real optimizer run once on tensors that have shapes but no storage (core/memory/storageless.h), while
// every allocation and release is noted. No table of layers, no extrapolation: what changes the step (batch,
// size, precision, frozen layers, accumulation, gradient checkpointing, optimizer) changes the prediction
// because it changes the code that runs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>

#include "core/base/size.h"
#include "core/loader/loader.h"
#include "core/memory/device_profile.h"
#include "core/models/model_options.h"
#include "core/models/precision.h"
#include "core/train/fidelity.h"
#include "core/train/loss_options.h"
#include "core/train/optimizer_options.h"
#include "core/transforms/aug_options.h"

namespace panicle {

struct PlanRequest {
  ComputeKind kind = ComputeKind::Cpu;
  ModelOptions model;         // weights are not looked at
  std::int64_t outputs = 10;  // of the head: the classes of all targets together
  Size image{224, 224};       // that the network gets
  // With CUDA: the photos as the loader hands them over, and what the card makes of them (BatchStage::Device;
  // null: values alone). Null item: the loader does all of it. On the CPU neither is looked at.
  std::optional<Size> item;
  std::optional<AugOptions> augment;
  BatchOptions batch;
  Precision precision = Precision::Fp32;  // never Auto
  OptimizerOptions optimizer;
  LossOptions loss;
  bool mix = false;      // MixUp or CutMix
  bool frozen = false;   // the body, but for its norms
  bool clip = false;     // gradients are clipped
  int model_copies = 0;  // beside the model: a moving average, the best so far
  Fidelity fidelity = Fidelity::Default;
  int threads = 0;  // that the network computes with, as RunSpec::threads: kernels and their room depend on it
};

// What is held at the moment of the peak, bytes. The parts add up to the peak.
struct MemoryParts {
  std::uint64_t weights = 0;  // and buffers
  std::uint64_t gradients = 0;
  std::uint64_t optimizer = 0;  // momentum, squares
  std::uint64_t copies = 0;     // of the model
  std::uint64_t activations =
      0;  // made on the way forward, alive at the peak; autocast's copies of weights included
  std::uint64_t workspace = 0;  // what an operation needs while it runs
  std::uint64_t batch = 0;      // the network's input and the targets
  std::uint64_t cached = 0;     // CUDA: held by the allocator beyond what tensors have
  std::uint64_t loader = 0;     // CPU: the loader's batches on their way
  std::uint64_t overhead = 0;   // as DeviceProfile::overhead

  std::uint64_t tensors() const {
    return weights + gradients + optimizer + copies + activations + workspace + batch;
  }
  // What a measurement of tensors sees of it (on a card with what the allocator keeps): all but loader and overhead.
  std::uint64_t held() const { return tensors() + cached; }
  std::uint64_t total() const { return held() + loader + overhead; }
};

// The parts by name, in order of the struct: for JSON, tables and the store.
struct MemoryPart {
  const char* name;  // "weights"
  std::uint64_t MemoryParts::*bytes;
  const char* meaning;
};
std::span<const MemoryPart> memoryParts();

// The highest of two optimizer steps (the second has the optimizer's state from the beginning) and a batch of
// validation. On the CPU tensors() is what c10's memory reporting hook sees; with CUDA the blocks of the
// caching allocator (core/memory/caching_allocator.h) are added up. `loader` and `overhead` are left 0. Throws Cancelled,
// and Error for an unknown architecture or a size that it does not take.
// Leaves the calling thread's compute threads at `threads`.
MemoryParts planStep(const PlanRequest& request, std::stop_token stop = {});

// The peak of the same steps taken for real on this machine's processor or card: what planStep()'s total()
// foretells. On the CPU the calling thread's tensors are counted. Throws as planStep(), and OutOfMemory.
std::uint64_t measurePlan(const PlanRequest& request, std::stop_token stop = {});

}  // namespace panicle
