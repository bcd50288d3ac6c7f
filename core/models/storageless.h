// Whether the calling thread's tensors have shapes but no memory: while the memory of a step is planned
// (core/memory/storageless.h) the step runs on such tensors. Code of ours that reads or writes tensors'
// memory by itself asks here first and leaves it alone then; torch's own operators need not be asked.
#pragma once

namespace panicle {

// No: tensors are ordinary. Cpu, Cuda: what is planned for; the tensors say they are the CPU's in both cases.
enum class Storageless { No, Cpu, Cuda };

Storageless storageless();

// Of the calling thread. For core/memory/storageless.h alone.
void setStorageless(Storageless mode);

}  // namespace panicle
