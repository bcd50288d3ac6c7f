// What operators allocate, where torch's meta kernels do not say it: results, what is kept for the way back,
// and room for the time being. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/library.h>

namespace panicle {

// A tensor as a kernel makes its result; allocated and noted, never filled.
at::Tensor unset(at::IntArrayRef sizes, at::ScalarType type,
                 at::MemoryFormat format = at::MemoryFormat::Contiguous);
// Of `like`'s sizes, and of its strides where it is dense (torch's empty_like).
at::Tensor unsetLike(const at::Tensor& like);
at::Tensor unsetLike(const at::Tensor& like, at::ScalarType type);
// Room that an operator takes and gives back before it returns: hold the result for as long.
at::Tensor room(std::int64_t numbers, at::ScalarType type);

// Rules for any device, for the CPU and for CUDA, as kernels of aten's operators: rules.impl("name.overload",
// function). Called once, before the first StoragelessTensors; what is given to a later function of the same
// device takes the place of a shared rule, so name an operator in one of them alone.
void addSharedRules(torch::Library& rules);  // for both keys
void addCpuRules(torch::Library& rules);     // for kStoragelessCpuKey
void addLayerRules(torch::Library& rules);   // norms, pooling, selection, attention: called by both that follow the device
void addCudaRules(torch::Library& rules);    // for kStoragelessCudaKey: core/memory/cuda_rules.cpp

// Makes all rules known to torch, and the fallback for operators without one.
void installStoragelessRules();

}  // namespace panicle
