#include "core/memory/processes.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

namespace panicle {
namespace {

std::optional<std::int64_t> pidOf(const std::string& name) {
  std::int64_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

std::string procFile(std::int64_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

// The second figure of /proc/<pid>/statm, in pages; 0 for a process that is gone, and for the kernel's.
std::uint64_t residentPages(std::int64_t pid) {
  std::ifstream in(procFile(pid, "statm"));
  std::uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return in ? resident : 0;
}

}  // namespace

std::string processName(std::int64_t pid) {
  std::ifstream in(procFile(pid, "comm"));
  std::string name;
  std::getline(in, name);
  return name;
}

void keepLargest(std::vector<ProcessMemory>& processes, std::size_t most) {
  std::sort(processes.begin(), processes.end(), [](const ProcessMemory& a, const ProcessMemory& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.pid < b.pid;
  });
  if (processes.size() <= most) return;
  const auto kept = processes.begin() + static_cast<std::ptrdiff_t>(most);
  const auto own =
      std::find_if(kept, processes.end(), [](const ProcessMemory& process) { return process.own; });
  if (own != processes.end() && most > 0) *(kept - 1) = *own;
  processes.erase(kept, processes.end());
}

std::vector<ProcessMemory> machineProcesses(std::size_t most) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::int64_t self = ::getpid();
  std::vector<ProcessMemory> processes;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator it("/proc", unreadable), end; !unreadable && it != end;
       it.increment(unreadable)) {
    const auto pid = pidOf(it->path().filename().string());
    if (!pid) continue;
    const std::uint64_t pages = residentPages(*pid);
    if (pages > 0) processes.push_back({*pid, {}, pages * page, *pid == self});
  }
  keepLargest(processes, most);
  for (ProcessMemory& process : processes) process.name = processName(process.pid);
  return processes;
}

}  // namespace panicle
