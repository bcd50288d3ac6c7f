// Tensors that have shapes but no memory, for the calling thread: torch's own code runs on them, the way back
// included, while every allocation and release is noted. Internal to core (includes torch).
//
// How: a dispatch key that no backend here uses lies between autograd and the CPU's kernels. What arrives
// there
// - is a view: runs for real;
// - has a rule (core/memory/storageless_rules.h): the rule allocates as the kernel would, and computes
// nothing;
// - is in place or out=: gives its arguments back as they are;
// - has a kernel for torch's meta device: that one says the result's shape, which is allocated;
// - else runs for real, on memory that all share: what it reads means nothing, and all together take a gibibyte at most.
// A number read from a tensor (item()) is 1, or 0 where the tensor has whole numbers.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DispatchKey.h>

#include <cstdint>
#include <memory>

#include "core/memory/allocation_log.h"
#include "core/memory/device_profile.h"

namespace panicle {

// Keys of rules for either kind of device.
inline constexpr c10::DispatchKey kStoragelessCpuKey = c10::DispatchKey::FPGA;
inline constexpr c10::DispatchKey kStoragelessCudaKey = c10::DispatchKey::Metal;

// From now on torch's CPU allocator is asked through ours, which makes storageless tensors where one of these
// lives, and heeds a TensorTracking's limit (core/memory/meter.h).
void installCpuAllocator();

// While one lives, tensors that the calling thread makes on the CPU have no memory, and storageless()
// (core/models/storageless.h) tells so. Not to be nested. Tensors with memory may go in and come to no harm,
// for nothing is written; tensors made inside may outlive it, but must not be computed with then. Several
// threads may have one each.
class StoragelessTensors {
 public:
  explicit StoragelessTensors(ComputeKind kind);
  ~StoragelessTensors();
  StoragelessTensors(const StoragelessTensors&) = delete;
  StoragelessTensors& operator=(const StoragelessTensors&) = delete;

  // What is allocated from now on is there for; at first Purpose::Workspace.
  void setPurpose(Purpose purpose);
  // Of the block that a tensor made inside lives in, as if it had been allocated for that. Others are left
  // alone.
  void setPurposeOf(const at::Tensor& tensor, Purpose purpose);
  // Of all blocks that are there for `from` and have not been released.
  void setPurposeOfRest(Purpose from, Purpose to);

  // Everything since the beginning. A block that is never released inside has no second event.
  const AllocationLog& log() const;

  struct Session;

 private:
  std::shared_ptr<Session> session_;
};

}  // namespace panicle
