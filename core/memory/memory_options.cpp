#include "core/memory/memory_options.h"

namespace panicle {

std::span<const Field<MemoryOptions>> fieldTable(const MemoryOptions*) {
  using O = MemoryOptions;
  static constexpr std::array table{
      field<&O::on_oom>(
          {.name = "on_oom",
           .label = "Out of memory",
           .help = "What a run does when a batch does not fit into memory: stop keeps what was learnt and says what would "
                   "fit; split sends the same batch through in halves, quarters ... from the last good step on, with the "
                   "gradients added up, and says so. A step stays the same then, but for batch norm, which sees fewer "
                   "photos at a time."}),
      field<&O::budget_mib>(
          {.name = "budget_mib",
           .label = "Memory budget",
           .help = "The most that the run's tensors may take, to leave the rest to other programs; above it the run is out "
                   "of memory. Off: all that the device has.",
           .unit = "MiB",
           .min = 64,
           .max = 1 << 24}),
      field<&O::loader_mib>(
          {.name = "loader_mib",
           .label = "Loader's memory",
           .help = "What the batches that wait for the network, or are being made, may take together. Fewer wait when they "
                   "are large; one is always made ahead.",
           .unit = "MiB",
           .min = 16,
           .max = 1 << 24}),
  };
  return table;
}

}  // namespace panicle
