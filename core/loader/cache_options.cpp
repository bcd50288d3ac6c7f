#include "core/loader/cache_options.h"

namespace panicle {

std::span<const Field<CacheOptions>> fieldTable(const CacheOptions*) {
  static constexpr std::array table{
      field<&CacheOptions::mode>(
          {.name = "mode",
           .label = "Presize cache",
           .help = "Keeps the resized photos on disk, so that from the second epoch on they are read instead "
                   "of decoded. Never changes a result. auto does so when a run has several epochs and the "
                   "photos fit the budget, the disk and the memory; on always does; off never."}),
      field<&CacheOptions::budget_gib>(
          {.name = "budget_gib",
           .label = "Cache budget",
           .help =
               "The disk space that the resized photos of all runs of a workspace may take together. When "
               "it is used up, those that were not used for longest go first.",
           .unit = "GiB",
           .min = 1,
           .max = 1'000'000}),
  };
  return table;
}

}  // namespace panicle
