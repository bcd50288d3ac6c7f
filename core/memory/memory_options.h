// What a run may take of the memory, and what it does when that is not enough: the `memory` section of a RunSpec.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/fields.h"

namespace panicle {

enum class OnOutOfMemory { Stop, Split };

template <>
struct EnumNames<OnOutOfMemory> {
  static constexpr std::array names{"stop", "split"};
};

struct MemoryOptions {
  OnOutOfMemory on_oom = OnOutOfMemory::Stop;
  std::optional<int> budget_mib;  // that tensors may take; null: all that the device has
  int loader_mib = 1024;          // that batches on their way to the network may take

  std::uint64_t budgetBytes() const { return budget_mib ? static_cast<std::uint64_t>(*budget_mib) << 20 : 0; }
  std::uint64_t loaderBytes() const { return static_cast<std::uint64_t>(loader_mib) << 20; }
};

std::span<const Field<MemoryOptions>> fieldTable(const MemoryOptions*);

}  // namespace panicle
