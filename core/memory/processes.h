// Who holds memory besides a run: the processes of the machine, or those on a card (core/memory/nvml.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace panicle {

struct ProcessMemory {
  std::int64_t pid = 0;
  std::string name;         // of its program, as the system shortens it; "" where it does not tell
  std::uint64_t bytes = 0;  // resident; on a card: as the driver counts them
  bool own = false;         // this process
};

// The processes that /proc shows with the most resident memory, largest first, and this one wherever it
// stands. Memory that several share counts for each. Empty where there is no /proc.
std::vector<ProcessMemory> machineProcesses(std::size_t most);

// The name of a process's program, "" for one that is gone.
std::string processName(std::int64_t pid);

// Sorts by memory and keeps the first `most`, and this process in the last place if it is further down.
void keepLargest(std::vector<ProcessMemory>& processes, std::size_t most);

}  // namespace panicle
