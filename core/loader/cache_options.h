// Whether and how large the presize cache of a run may be: the `cache` section of a RunSpec.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/fields.h"

namespace panicle {

// Auto stores where it will pay: see planCache().
enum class CacheMode { Auto, On, Off };

template <>
struct EnumNames<CacheMode> {
  static constexpr std::array names{"auto", "on", "off"};
};

struct CacheOptions {
  CacheMode mode = CacheMode::Auto;
  int budget_gib = 20;  // of the whole cache folder, 1 GiB = 2^30 bytes

  std::uint64_t budgetBytes() const { return static_cast<std::uint64_t>(budget_gib) << 30; }
};

std::span<const Field<CacheOptions>> fieldTable(const CacheOptions*);

}  // namespace panicle
